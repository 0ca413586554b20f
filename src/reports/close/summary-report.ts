import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Period } from "../../shared/period.ts";
import type { Interval } from "../query-schema.ts";
import { reading } from "../reading.queries.ts";
import { readSummary } from "../summary.queries.ts";
import { type ClosedMonth, closedMonths, type FrozenRow, frozenRows } from "./closed.queries.ts";
import { corrections, foldYears, inOrder, line, type SummaryLine } from "./lines.ts";
import { firstDay, nextMonth, periodOfDays } from "./months.ts";

/**
 * The summary as it is answered. Months that are closed and lie in the period as a whole have their frozen rows. What has changed in them since
 * stands in the open month, the one after the last that is closed, as lines with `correction_of`; so the sum over all months is what is counted
 * now. Days, and parts of a closed month, are counted now and never corrected.
 */
export async function summaryReport(
  db: Kysely<DB>,
  period: Period,
  interval: Interval,
  timeZone: string,
): Promise<readonly SummaryLine[]> {
  return await inOneMoment(db, async (trx) => {
    const closed = await closedMonths(trx);
    if (interval === "day" || closed.length === 0) {
      return (await readSummary(trx, period, interval, timeZone)).map((row) => line(row, false));
    }
    const months = await monthLines(trx, closed, period, timeZone);
    return interval === "month" ? months : await yearLines(trx, closed, months, period, timeZone);
  });
}

/**
 * What is counted now in the closed months and was not frozen, neither with them nor later as a correction: lines of the open month. Nothing
 * before the first month is closed.
 */
export async function outstandingCorrections(
  db: Kysely<DB>,
  closed: readonly ClosedMonth[],
): Promise<readonly SummaryLine[]> {
  return await correctionsTo(db, closed, await frozenRows<SummaryLine>(db, "summary"));
}

type Frozen = readonly FrozenRow<SummaryLine>[];

async function correctionsTo(
  db: Kysely<DB>,
  closed: readonly ClosedMonth[],
  frozen: Frozen,
): Promise<readonly SummaryLine[]> {
  const [first, last] = [closed[0], closed.at(-1)];
  if (first === undefined || last === undefined) return [];
  const open = firstDay(nextMonth(last.month));
  const whole = { from: firstDay(first.month), to: open, start: first.starts_at, end: last.ends_at };
  const counted = await readSummary(db, whole, "month", last.time_zone);
  return corrections(
    counted,
    frozen.map(({ row }) => row),
    open,
  );
}

async function monthLines(
  db: Kysely<DB>,
  closed: readonly ClosedMonth[],
  period: Period,
  timeZone: string,
): Promise<readonly SummaryLine[]> {
  const whole = closed.filter(({ month }) => firstDay(month) >= period.from && firstDay(nextMonth(month)) <= period.to);
  const open = firstDay(nextMonth(closed.at(-1)?.month ?? ""));
  const corrected = period.from <= open && open < period.to;
  const months = whole.map(({ month }) => month);
  const frozen = await frozenRows<SummaryLine>(db, "summary", corrected ? null : months);
  const parts = frozen.filter(({ month }) => months.includes(month)).map(({ row }) => row);
  for (const part of partsBeside(whole, period, timeZone)) {
    parts.push(...(await readSummary(db, part, "month", timeZone)).map((row) => line(row, false)));
  }
  if (corrected) parts.push(...(await correctionsTo(db, closed, frozen)));
  return inOrder(parts);
}

/** What of a period lies before and behind the closed months, which follow each other. */
function partsBeside(whole: readonly ClosedMonth[], period: Period, timeZone: string): readonly Period[] {
  const [first, last] = [whole[0], whole.at(-1)];
  if (first === undefined || last === undefined) return [period];
  const [begins, ends] = [firstDay(first.month), firstDay(nextMonth(last.month))];
  return [
    ...(period.from < begins ? [periodOfDays(period.from, begins, timeZone)] : []),
    ...(ends < period.to ? [periodOfDays(ends, period.to, timeZone)] : []),
  ];
}

/** A year of which every month is closed has the rows that were frozen with its December. */
async function yearLines(
  db: Kysely<DB>,
  closed: readonly ClosedMonth[],
  months: readonly SummaryLine[],
  period: Period,
  timeZone: string,
): Promise<readonly SummaryLine[]> {
  const years = closedYears(closed).filter(
    (year) => `${year}-01-01` >= period.from && `${Number(year) + 1}-01-01` <= period.to,
  );
  const folded = foldYears(months, await readSummary(db, period, "year", timeZone));
  const frozen = await frozenRows<SummaryLine>(db, "summary_year");
  return inOrder([
    ...folded.filter((row) => !years.includes(row.period.slice(0, 4))),
    ...frozen.filter(({ month }) => years.includes(month.slice(0, 4))).map(({ row }) => row),
  ]);
}

/** Years of which every month is closed. */
export function closedYears(closed: readonly { readonly month: string }[]): readonly string[] {
  const months = new Set(closed.map(({ month }) => month));
  return [...months]
    .filter((month) => month.endsWith("-12") && months.has(`${month.slice(0, 4)}-01`))
    .map((month) => month.slice(0, 4));
}

/** All that `read` reads is of one moment. */
async function inOneMoment<Result>(db: Kysely<DB>, read: (trx: Kysely<DB>) => Promise<Result>): Promise<Result> {
  if (db.isTransaction) return await read(db);
  return await reading(db, read);
}
