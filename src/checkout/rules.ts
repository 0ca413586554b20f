import { amountRules, copyFor, feeSchedule, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import { AppError } from "../shared/errors.ts";
import { coverFees } from "../shared/fees.ts";
import { assertAmount, formatMoney } from "../shared/money.ts";
import type { CheckoutBody } from "./body.ts";

/** What a gift comes to, in minor units. */
export interface Terms {
  readonly chosen: number;
  /** What is charged: the chosen amount and, if the donor wants it, the fees. */
  readonly total: number;
}

/**
 * The newsroom's own limits, the same for the widget, the form and scripts.
 * @throws AppError with the contract's 422 codes; `country` is where the CDN sees the reader, if it says so
 */
export function assertAccepted(newsroom: NewsroomConfig, body: CheckoutBody, country: string | null): Terms {
  assertCountry(newsroom, body, country);
  const copy = copyFor(newsroom, body.locale);
  const rules = amountRules(newsroom, body.currency, body.frequency);
  const fees = feeSchedule(newsroom, body.currency);
  if (rules === null || fees === null) {
    throw refusal("currency_not_supported", "currency", copy.errors.currency_not_supported);
  }
  const money = (amount: number) =>
    formatMoney(amount, body.currency, pickLocale(newsroom, body.locale), { short: true });
  if (body.amount < rules.minimum) {
    throw refusal(
      "amount_below_minimum",
      "amount",
      fill(copy.errors.amount_below_minimum, { minimum: money(rules.minimum) }),
    );
  }
  if (body.amount > rules.maximum) {
    throw refusal(
      "amount_above_maximum",
      "amount",
      fill(copy.errors.amount_above_maximum, { maximum: money(rules.maximum) }),
    );
  }
  assertAmount(body.amount, body.currency);
  const total = body.cover_fees ? coverFees(body.amount, fees, body.currency) : body.amount;
  assertAmount(total, body.currency);
  return { chosen: body.amount, total };
}

/** Neither the reader's word nor the CDN's is enough to be let through where the law is against the reader. */
function assertCountry(newsroom: NewsroomConfig, body: CheckoutBody, seen: string | null): void {
  const copy = copyFor(newsroom, body.locale);
  const countries = [body.country, seen].filter((code) => code !== undefined && code !== null);
  if (countries.some((code) => newsroom.countries.blocked.includes(code))) {
    throw refusal("country_not_accepted", "country", copy.errors.country_not_accepted);
  }
  if (!body.country_acknowledged && countries.some((code) => newsroom.countries.acknowledge.includes(code))) {
    throw refusal("country_not_acknowledged", "country_acknowledged", copy.errors.country_not_acknowledged);
  }
}

function refusal(code: string, path: string, message: string): AppError {
  return new AppError("unprocessable", code, message, { errors: [{ path, message }] });
}
