import { canonicalCurrency, chargeStep, exponent } from "./money.ts";

/** Why a typed amount could not be read; the copy has a sentence for each. */
export type AmountFault = "required" | "not_a_number" | "ambiguous" | "too_precise" | "too_large";

export type ParsedAmount =
  | { readonly ok: true; readonly amount: number }
  | { readonly ok: false; readonly fault: AmountFault };

/**
 * Reads an amount as a person types it, in major units, into Stripe's minor units, digit by digit: no float takes part.
 * Comma and dot both serve as the decimal mark; spaces, apostrophes and the mark that is not the decimal one may group
 * thousands. What could be read two ways is refused: `1,000` in USD might mean one dollar or a thousand. Throws
 * RangeError only on a currency that is none.
 */
export function parseMajor(text: string, currency: string): ParsedAmount {
  if (canonicalCurrency(currency) === null) throw new RangeError("Expected a three-letter currency code.");
  const typed = westernDigits(text.trim());
  if (typed === "") return { ok: false, fault: "required" };
  if (!/^[\d.,\s'’]+$/.test(typed) || !/^\d/.test(typed) || !/\d$/.test(typed)) return notANumber;

  const split = splitDecimals(typed, currency);
  if (!("whole" in split)) return split;
  const whole = withoutGrouping(split.whole);
  return whole === null ? notANumber : toMinor(whole, split.fraction, currency);
}

const notANumber = { ok: false, fault: "not_a_number" } as const;
const ambiguous = { ok: false, fault: "ambiguous" } as const;

interface Split {
  readonly whole: string;
  readonly fraction: string;
}

function splitDecimals(typed: string, currency: string): Split | typeof ambiguous | typeof notANumber {
  const marks = typed.match(/[.,]/g) ?? [];
  const last = Math.max(typed.lastIndexOf("."), typed.lastIndexOf(","));
  if (last === -1) return { whole: typed, fraction: "" };

  const split = { whole: typed.slice(0, last), fraction: typed.slice(last + 1) };
  const repeated = marks.filter((mark) => mark === typed[last]).length > 1;
  if (repeated) return new Set(marks).size === 1 ? { whole: typed, fraction: "" } : notANumber;
  if (!/^\d+$/.test(split.fraction)) return notANumber;
  if (marks.length === 2 || /[\s'’]/.test(split.whole) || split.fraction.length !== 3) return split;

  // One mark, three digits behind it and up to three before it: thousands or decimals?
  if (split.whole === "0" || split.whole.length > 3) return split;
  if (chargedDecimals(currency) === 0) return { whole: typed, fraction: "" };
  return chargedDecimals(currency) === 3 && typed[last] === "." ? split : ambiguous;
}

/** Decimals that can be anything but zero: none for ISK although its minor unit has two. */
function chargedDecimals(currency: string): number {
  return chargeStep(currency) === 100 ? 0 : exponent(currency);
}

/** `1 234 567` → `1234567`; null unless one kind of mark stands before every three digits. */
function withoutGrouping(whole: string): string | null {
  if (/^\d+$/.test(whole)) return whole;
  const mark = whole.match(/[^\d]/)?.[0] ?? "";
  const kind = /\s/.test(mark) ? "\\s" : /['’]/.test(mark) ? "['’]" : `\\${mark}`;
  return new RegExp(`^\\d{1,3}(?:${kind}\\d{3})+$`).test(whole) ? whole.replace(/\D/g, "") : null;
}

function toMinor(whole: string, fraction: string, currency: string): ParsedAmount {
  const digits = exponent(currency);
  // Zeros behind the last decimal say nothing, so `5.00` yen is five yen.
  const significant = fraction.replace(/0+$/, "");
  if (significant.length > digits) return { ok: false, fault: "too_precise" };
  const minor = BigInt(whole + significant.padEnd(digits, "0"));
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) return { ok: false, fault: "too_large" };
  const amount = Number(minor);
  return amount % chargeStep(currency) === 0 ? { ok: true, amount } : { ok: false, fault: "too_precise" };
}

/** Arabic-Indic and Persian digits, as their keyboards type them, with their decimal and thousands marks. */
function westernDigits(text: string): string {
  return text
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replaceAll("٫", ".")
    .replaceAll("٬", "’");
}
