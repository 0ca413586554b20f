import { AppError } from "./errors.ts";

/*
 * An amount is an integer of Stripe's minor units together with its currency. Which unit that is, Stripe decides
 * (https://docs.stripe.com/currencies); Intl disagrees with it for a dozen currencies and is used for symbols only.
 * Currencies are upper-case in our configuration, API and database; Stripe writes them in lower case.
 */

const ZERO_DECIMAL = new Set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "));
const THREE_DECIMAL = new Set("BHD JOD KWD OMR TND".split(" "));
/** Sent to Stripe with two decimals, which must both be zero. */
const WHOLE_ONLY = new Set(["ISK", "UGX"]);

/** Stripe takes eight digits in nearly every currency. */
const LARGEST_CHARGE = 99_999_999;
const LARGEST_CHARGE_IDR = 999_999_999_999;

/** Upper-case form of a currency code as a caller spelt it, or null when it has not the form of one. */
export function canonicalCurrency(code: string): string | null {
  return /^[A-Za-z]{3}$/.test(code) ? code.toUpperCase() : null;
}

/** `USD` → `usd`, as Stripe's API wants it. */
export function toStripeCurrency(currency: string): string {
  return known(currency).toLowerCase();
}

/** `usd` → `USD`, our own spelling. Throws on what is not three letters. */
export function fromStripeCurrency(currency: string): string {
  return known(currency);
}

/** How many decimals Stripe's minor unit of this currency has: 100 minor units are 1.00 when it is 2. */
export function exponent(currency: string): 0 | 2 | 3 {
  const code = known(currency);
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/** The smallest difference between two amounts that Stripe charges, in minor units: 100 for ISK, 10 for KWD. */
export function chargeStep(currency: string): 1 | 10 | 100 {
  const code = known(currency);
  if (WHOLE_ONLY.has(code)) return 100;
  return THREE_DECIMAL.has(code) ? 10 : 1;
}

/** The most that Stripe takes in one charge, in minor units. */
export function largestCharge(currency: string): number {
  return known(currency) === "IDR" ? LARGEST_CHARGE_IDR : LARGEST_CHARGE;
}

/** Whether Stripe could charge this number of minor units. The newsroom's own limits are narrower. */
export function isChargeable(amount: number, currency: string): boolean {
  if (canonicalCurrency(currency) === null) return false;
  return (
    Number.isSafeInteger(amount) &&
    amount > 0 &&
    amount % chargeStep(currency) === 0 &&
    amount <= largestCharge(currency)
  );
}

/** Throws `invalid_request` with the path `amount` unless Stripe could charge it. */
export function assertAmount(amount: number, currency: string): void {
  if (isChargeable(amount, currency)) return;
  const step = canonicalCurrency(currency) === null ? 1 : chargeStep(currency);
  const expected = step === 1 ? "a whole number of minor units" : `a whole number of minor units divisible by ${step}`;
  throw new AppError("invalid", "invalid_request", "The amount can't be charged. Send another one.", {
    errors: [{ path: "amount", message: `Expected ${expected}, above zero and no more than Stripe takes.` }],
  });
}

/** A sum of minor units as a number; throws when a number can't hold it exactly, rather than be wrong by a cent. */
export function assertSafe(sum: number | bigint): number {
  const number = Number(sum);
  if (!Number.isSafeInteger(number)) throw new RangeError("A sum of money left the range of exact integers.");
  return number;
}

/** `1999, "USD"` → `"19.99"`, `500, "JPY"` → `"500"`, `1230, "KWD"` → `"1.230"`; negative amounts keep their sign. */
export function formatDecimal(amount: number, currency: string): `${number}` {
  const digits = exponent(currency);
  const safe = assertSafe(amount);
  const sign = safe < 0 ? "-" : "";
  const units = String(Math.abs(safe)).padStart(digits + 1, "0");
  const whole = units.slice(0, units.length - digits);
  const text = digits === 0 ? whole : `${whole}.${units.slice(-digits)}`;
  return `${sign}${text}` as `${number}`;
}

interface FormatOptions {
  /** Leave the decimals out when they are all zero: `$20` for 2000. */
  readonly short?: boolean;
}

/** An amount for people, in the manner of their language: `1999, "EUR", "de"` → `19,99 €`. */
export function formatMoney(amount: number, currency: string, locale: string, options: FormatOptions = {}): string {
  const whole = isWhole(amount, currency);
  const hidden = whole && (options.short === true || WHOLE_ONLY.has(known(currency)));
  const text = formatter(locale, known(currency), hidden ? 0 : exponent(currency)).format(
    formatDecimal(amount, currency),
  );
  return fromRightToLeft(text);
}

/**
 * Intl marks Arabic amounts with a right-to-left mark, which lets `US$` break up into `$US`. Isolated from left to right
 * instead, an amount stays whole in text of either direction.
 */
function fromRightToLeft(text: string): string {
  return text.startsWith("\u200f") ? `\u2066${text.replaceAll("\u200f", "")}\u2069` : text;
}

function isWhole(amount: number, currency: string): boolean {
  return amount % 10 ** exponent(currency) === 0;
}

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(locale: string, currency: string, digits: number): Intl.NumberFormat {
  const key = `${locale} ${currency} ${digits}`;
  const kept = formatters.get(key);
  if (kept) return kept;
  const made = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  formatters.set(key, made);
  return made;
}

function known(currency: string): string {
  const code = canonicalCurrency(currency);
  if (code === null) throw new RangeError("Expected a currency as its three-letter ISO 4217 code.");
  return code;
}
