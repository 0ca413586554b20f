import { amountRules, copyFor, type Frequency, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import { AppError } from "../shared/errors.ts";
import { assertAmount, formatMoney } from "../shared/money.ts";

export interface WantedGift {
  readonly frequency: Frequency;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
}

/**
 * The newsroom's own limits, the same wherever an amount is named.
 * @throws AppError with the contract's 422 codes, in the reader's language
 */
export function assertOffered(newsroom: NewsroomConfig, locale: string | undefined, gift: WantedGift): void {
  const { errors } = copyFor(newsroom, locale);
  const rules = amountRules(newsroom, gift.currency, gift.frequency);
  if (rules === null) throw refusal("currency_not_supported", "currency", errors.currency_not_supported);
  const money = (amount: number) => formatMoney(amount, gift.currency, pickLocale(newsroom, locale), { short: true });
  if (gift.amount < rules.minimum) {
    const message = fill(errors.amount_below_minimum, { minimum: money(rules.minimum) });
    throw refusal("amount_below_minimum", "amount", message);
  }
  if (gift.amount > rules.maximum) {
    const message = fill(errors.amount_above_maximum, { maximum: money(rules.maximum) });
    throw refusal("amount_above_maximum", "amount", message);
  }
  assertAmount(gift.amount, gift.currency);
}

/**
 * No gift is taken from a blocked country, and none is asked for there. `countries` is every word on where the reader is.
 * @throws AppError `country_not_accepted`
 */
export function assertNotBlocked(
  newsroom: NewsroomConfig,
  locale: string | undefined,
  countries: readonly string[],
): void {
  if (!countries.some((code) => newsroom.countries.blocked.includes(code))) return;
  throw refusal("country_not_accepted", "country", copyFor(newsroom, locale).errors.country_not_accepted);
}

export function refusal(code: string, path: string, message: string): AppError {
  return new AppError("unprocessable", code, message, { errors: [{ path, message }] });
}
