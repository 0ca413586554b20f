import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { assertSafe } from "../shared/money.ts";
import { addDays, firstOfMonth, localDate, type Period } from "../shared/period.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Sink } from "./exports.ts";
import { countRecurring, type RecurringCount } from "./recurring.queries.ts";

export interface RecurringRow {
  /** Its first day. */
  readonly month: string;
  /** The donors' own. */
  readonly currency: string;
  /** At the end of the month: those of the month before + new + returned − cancelled − lapsed. */
  readonly active: number;
  /** Paid for the first time. */
  readonly new: number;
  /** Paid again after they had lapsed. */
  readonly returned: number;
  readonly cancelled: number;
  /** Neither paid nor ended for so long that they are given up. */
  readonly lapsed: number;
  /** Renewals of the month that were refused at first, whatever came of them. */
  readonly failed: number;
  /** Renewals that were paid in this month after a refusal. */
  readonly recovered: number;
  /** What active gifts bring in a month, in minor units: the sum of monthly gifts and a twelfth of the sum of annual ones, rounded down. */
  readonly monthly_value: number;
  /** (cancelled + lapsed) ÷ active at the end of the month before, to four decimals; null if there were none. */
  readonly churn: number | null;
  /** Of the gifts that began in this month, how many were active at the end of it and of each month after, through the last one reported. */
  readonly retention: readonly number[];
}

/** Months are whole: the one in which the period begins through the one in which it ends, and none that has yet to begin. */
export function wholeMonths({ from, to }: Pick<Period, "from" | "to">, now: Date, timeZone: string) {
  const first = monthIndex(from);
  const last = Math.min(monthIndex(addDays(to, -1)), monthIndex(localDate(now, timeZone)));
  return { first, last, days: { from: firstDayOf(first), to: firstDayOf(Math.max(first, last + 1)) } };
}

interface Months {
  readonly first: number;
  readonly last: number;
}

export async function recurringRows(
  db: Kysely<DB>,
  months: Months,
  timeZone: string,
): Promise<readonly RecurringRow[]> {
  if (months.last < months.first) return [];
  return rowsOfMonths(await countRecurring(db, months, timeZone), months);
}

/** The rows of these months; `all` may count others beside them. */
export function rowsOfMonths(all: readonly RecurringCount[], months: Months): readonly RecurringRow[] {
  const counts = all.filter(({ month }) => month >= months.first - 1 && month <= months.last);
  const currencies = [...new Set(counts.map((row) => row.currency))].sort();
  const rows: RecurringRow[] = [];
  for (let month = months.first; month <= months.last; month++) {
    for (const currency of currencies) {
      const row = rowOf(
        counts.filter((count) => count.currency === currency),
        month,
        months.last,
      );
      if (row !== null) rows.push({ month: firstDayOf(month), currency, ...row });
    }
  }
  return rows;
}

function rowOf(
  counts: readonly RecurringCount[],
  month: number,
  last: number,
): Omit<RecurringRow, "month" | "currency"> | null {
  const before = gifts(counts, "active", month - 1);
  const of = (kind: RecurringCount["kind"]) => gifts(counts, kind, month);
  const [cancelled, lapsed] = [of("cancelled"), of("lapsed")];
  const row = {
    active: of("active"),
    new: of("new"),
    returned: of("returned"),
    cancelled,
    lapsed,
    failed: of("failed"),
    recovered: of("recovered"),
  };
  if (Object.values(row).every((count) => count === 0)) return null;
  const active = counts.filter((count) => count.kind === "active" && count.month === month);
  const monthly = active.reduce((sum, count) => sum + count.monthly, 0);
  const annual = active.reduce((sum, count) => sum + count.annual, 0);
  return {
    ...row,
    monthly_value: assertSafe(monthly + Math.floor(assertSafe(annual) / 12)),
    churn: before === 0 ? null : share(cancelled + lapsed, before),
    retention: row.new === 0 ? [] : retentionOf(counts, month, last),
  };
}

function retentionOf(counts: readonly RecurringCount[], started: number, last: number): readonly number[] {
  const ofStart = counts.filter((count) => count.kind === "active" && count.started === started);
  return Array.from({ length: last - started + 1 }, (_, index) => gifts(ofStart, "active", started + index));
}

function gifts(counts: readonly RecurringCount[], kind: RecurringCount["kind"], month: number): number {
  return counts.reduce((sum, row) => (row.kind === kind && row.month === month ? sum + row.gifts : sum), 0);
}

/** To four decimals. */
export function share(part: number, whole: number): number {
  return Math.round((part * 10_000) / whole) / 10_000;
}

function monthIndex(day: string): number {
  const [year = 0, month = 0] = day.split("-").map(Number);
  return year * 12 + month - 1;
}

/** Of a month as `wholeMonths` numbers it. */
export function firstDayOf(month: number): string {
  return firstOfMonth(Math.floor(month / 12), (month % 12) + 1);
}

type FlatRow = Omit<RecurringRow, "retention"> & { readonly retention: string };

const columns = columnsOf<FlatRow>(
  [
    "month",
    "currency",
    "active",
    "new",
    "returned",
    "cancelled",
    "lapsed",
    "failed",
    "recovered",
    "monthly_value",
    "churn",
    "retention",
  ],
  { monthly_value: "currency" },
);

/** As the rows, with the numbers of `retention` in one cell, a space between them. */
export async function recurringCsv(sink: Sink, rows: readonly RecurringRow[]): Promise<void> {
  await sink(
    csvHeader(columns) +
      csvRows(
        columns,
        rows.map((row) => ({ ...row, retention: row.retention.join(" ") })),
      ),
  );
}
