import { assertNotBlocked, assertOffered, refusal } from "../donations/accept.ts";
import { copyFor, feeSchedule, type NewsroomConfig } from "../newsroom.ts";
import { coverFees } from "../shared/fees.ts";
import { assertAmount } from "../shared/money.ts";
import type { CheckoutBody } from "./body.ts";

/** What a gift comes to, in minor units. */
export interface Terms {
  readonly chosen: number;
  /** What is charged: the chosen amount and, if the donor wants it, the fees. */
  readonly total: number;
}

/**
 * Whether a gift can be taken, and what it comes to.
 * @throws AppError with the contract's 422 codes; `country` is where the CDN sees the reader, if it says so
 */
export function assertAccepted(newsroom: NewsroomConfig, body: CheckoutBody, country: string | null): Terms {
  assertCountry(newsroom, body, country);
  assertOffered(newsroom, body.locale, body);
  const fees = feeSchedule(newsroom, body.currency);
  const total = body.cover_fees && fees !== null ? coverFees(body.amount, fees, body.currency) : body.amount;
  assertAmount(total, body.currency);
  return { chosen: body.amount, total };
}

/** Neither the reader's word nor the CDN's is enough to be let through where the law is against the reader. */
function assertCountry(newsroom: NewsroomConfig, body: CheckoutBody, seen: string | null): void {
  const countries = [body.country, seen].filter((code) => code !== undefined && code !== null);
  assertNotBlocked(newsroom, body.locale, countries);
  if (!body.country_acknowledged && countries.some((code) => newsroom.countries.acknowledge.includes(code))) {
    const message = copyFor(newsroom, body.locale).errors.country_not_acknowledged;
    throw refusal("country_not_acknowledged", "country_acknowledged", message);
  }
}
