import iconv from "iconv-lite";
import type { NewsroomConfig } from "../../newsroom.ts";
import { AppError } from "../../shared/errors.ts";
import { exponent, formatDecimal } from "../../shared/money.ts";
import { addDays, type Period } from "../../shared/period.ts";
import { DATEV_COLUMNS } from "./datev-columns.ts";
import type { EntryLine, JournalEntry } from "./entries.ts";

/** DATEV takes a batch of at most 99,999 postings. */
export const DATEV_ROWS = 99_999;

type Accounting = NewsroomConfig["accounting"];

export interface DatevScope {
  readonly period: Period;
  readonly currency: string;
  /** When the file is made, by the wall clock. */
  readonly madeAt: Date;
}

/**
 * A batch of postings in DATEV's format (EXTF, header version 700, category 21 "Buchungsstapel", format version 13), encoded in CP1252: fields
 * separated by semicolons, each line ended by CR LF, text in quotes and without control characters, decimals behind a comma.
 * Each line of an entry is a posting against the Stripe balance; its amount is unsigned and S or H (debit or credit) is that of `Konto`.
 * https://developer.datev.de/datev/platform/de/dtvf/einstieg https://developer.datev.de/datev/platform/de/dtvf/formate/buchungsstapel
 * @throws AppError where there are no DATEV settings, the period lies in two fiscal years, or the currency has thousandths
 */
export function datevFile(entries: readonly JournalEntry[], accounting: Accounting, scope: DatevScope): Buffer {
  const head = headerOf(accounting, scope);
  const rows = entries.flatMap((entry) =>
    entry.lines
      .filter((line) => line.account !== "stripe_balance")
      .map((line) => DATEV_COLUMNS.map((column) => postingOf(entry, line)[column] ?? "")),
  );
  const lines = [head, DATEV_COLUMNS, ...rows].map((fields) => `${fields.join(";")}\r\n`);
  return iconv.encode(lines.join(""), "windows-1252");
}

/** https://developer.datev.de/datev/platform/de/dtvf/formate/header: 31 fields, in this order. */
function headerOf(accounting: Accounting, { period, currency, madeAt }: DatevScope): readonly string[] {
  const { datev } = accounting;
  if (datev === undefined) {
    throw new AppError(
      "unprocessable",
      "datev_not_configured",
      "DATEV wants a consultant and a client number. Set accounting.datev in newsroom.yaml.",
    );
  }
  if (exponent(currency) === 3) {
    throw new AppError(
      "unprocessable",
      "currency_not_supported",
      "DATEV's amounts have two decimals, and this currency has three.",
    );
  }
  const last = addDays(period.to, -1);
  const year = fiscalYearOf(period.from, datev.fiscal_year_starts);
  if (fiscalYearOf(last, datev.fiscal_year_starts) !== year) {
    throw new AppError("invalid", "invalid_request", "A DATEV file is of one fiscal year. Ask for each by itself.", {
      errors: [
        { path: "to", message: "Expected a day of the fiscal year that `from` lies in, or the first day after it." },
      ],
    });
  }
  return [
    ...[text("EXTF"), "700", "21", text("Buchungsstapel"), "13"],
    ...[madeAt.toISOString().replace(/\D/g, ""), "", text("RD"), text(""), text("")],
    ...[String(datev.consultant), String(datev.client), compact(year), String(datev.account_length)],
    ...[compact(period.from), compact(last), text("Stripe"), text(""), "1", "0", "0", text(currency)],
    ...["", text(""), "", "", text(datev.chart ?? ""), "", "", text(""), text("")],
  ];
}

/** The day on which the fiscal year of a day began. */
function fiscalYearOf(date: string, starts: string): string {
  const year = Number(date.slice(0, 4));
  return date.slice(5) >= starts ? `${year}-${starts}` : `${year - 1}-${starts}`;
}

function postingOf(entry: JournalEntry, line: EntryLine): Readonly<Record<string, string>> {
  const { number, name } = entry.accounts[line.account];
  const [, month = "", day = ""] = entry.date.split("-");
  return {
    "Umsatz (ohne Soll/Haben-Kz)": amountOf(Math.abs(line.amount), entry.currency),
    "Soll/Haben-Kennzeichen": text(line.amount > 0 ? "S" : "H"),
    "WKZ Umsatz": text(entry.currency),
    Konto: number,
    "Gegenkonto (ohne BU-Schlüssel)": entry.accounts.stripe_balance.number,
    Belegdatum: `${day}${month}`,
    "Belegfeld 1": text(entry.entry),
    Buchungstext: text(`${name}, ${entry.description}`.slice(0, 60)),
    ...(line.cost_centre === null ? {} : { "KOST1 - Kostenstelle": text(line.cost_centre) }),
  };
}

/** `1999, "USD"` → `19,99`; whole where the currency has no decimals: `500, "JPY"` → `500,00`. At most ten digits before the comma. */
function amountOf(amount: number, currency: string): string {
  const [whole = "", decimals = "00"] = formatDecimal(amount, currency).split(".");
  if (whole.length > 10) throw new RangeError("DATEV takes amounts of ten digits at most.");
  return `${whole},${decimals}`;
}

function text(content: string): string {
  return `"${content.replace(/\p{Cc}/gu, " ").replaceAll('"', '""')}"`;
}

function compact(date: string): string {
  return date.replaceAll("-", "");
}
