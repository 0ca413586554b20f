import { exponent } from "../shared/money.ts";
import { harmless } from "./csv.ts";

/**
 * How a field of COPY's text format becomes a cell: `plain` as it is (UUIDs, numbers, words that the schema allows), `time` in ISO 8601, `boolean`, or `text` that may hold
 * anything. An amount has a second cell behind it, in decimals.
 */
export interface CopiedField {
  readonly kind: "plain" | "time" | "boolean" | "text";
  /** Where the currency of this amount stands among the fields. */
  readonly currencyAt?: number;
}

/** Whole lines of COPY's text format, each ended by LF, as lines of CSV. The cells are those of csv.ts; `onLast` is told the last line's fields. */
export function csvOfCopied(
  fields: readonly CopiedField[],
  lines: string,
  onLast: (fields: readonly string[]) => void,
): string {
  let csv = "";
  let last: readonly string[] = [];
  for (let from = 0, to = lines.indexOf("\n"); to !== -1; from = to + 1, to = lines.indexOf("\n", from)) {
    last = lines.slice(from, to).split("\t");
    for (let at = 0; at < fields.length; at++) {
      const { kind, currencyAt } = fields[at] as CopiedField;
      const field = last[at] as string;
      const isNull = field === NULL;
      csv += at === 0 ? "" : ",";
      if (!isNull) csv += kind === "plain" ? field : cellOf(kind, field);
      if (currencyAt !== undefined) csv += isNull ? "," : `,${decimalOf(field, last[currencyAt] as string)}`;
    }
    csv += "\r\n";
  }
  onLast(last);
  return csv;
}

/** https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS: fields are separated by tabs, and these are written with a backslash. */
const NULL = "\\N";
const ESCAPED: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\" };

/** Has no sign that means anything to COPY, to CSV or to a spreadsheet: nearly all text is so. */
const SIMPLE = /^[A-Za-z0-9/][A-Za-z0-9 _./:&?%#-]*$/;

function cellOf(kind: "time" | "boolean" | "text", field: string): string {
  if (kind === "time") return isoTime(field);
  if (kind === "boolean") return field === "t" ? "true" : "false";
  if (SIMPLE.test(field)) return field;
  const text = harmless(field.replace(/\\(.)/g, (_, letter: string) => ESCAPED[letter] ?? letter));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `2026-11-10 12:00:00.5+00` → `2026-11-10T12:00:00.500Z`, as `Date.toISOString`. */
function isoTime(field: string): string {
  const fraction =
    field.length === WHOLE_SECONDS ? "000" : field.slice(20, field.indexOf("+")).padEnd(3, "0").slice(0, 3);
  return `${field.slice(0, 10)}T${field.slice(11, 19)}.${fraction}Z`;
}
const WHOLE_SECONDS = "2026-11-10 12:00:00+00".length;

/** As `formatDecimal`, of an amount that is text already. */
function decimalOf(amount: string, currency: string): string {
  const digits = exponentOf(currency);
  if (digits === 0) return amount;
  const sign = amount.startsWith("-") ? "-" : "";
  const units = amount.slice(sign.length).padStart(digits + 1, "0");
  return `${sign}${units.slice(0, -digits)}.${units.slice(-digits)}`;
}

const exponents = new Map<string, number>();

function exponentOf(currency: string): number {
  let digits = exponents.get(currency);
  if (digits === undefined) {
    digits = exponent(currency);
    exponents.set(currency, digits);
  }
  return digits;
}
