import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { formatDecimal } from "../shared/money.ts";
import type { Period } from "../shared/period.ts";
import { type Column, csvHeader, csvRows } from "./csv.ts";
import type { Sink } from "./exports.ts";
import type { RemindersBy } from "./query-schema.ts";
import { type ReminderCounts, readReminders } from "./reminders.queries.ts";

/** What a row is of, by the name that the other reports give it. */
const GROUP_NAMES: Readonly<Record<RemindersBy, string>> = {
  month: "period",
  article: "article_id",
  campaign: "campaign",
  lead_time: "lead_days",
};

const COUNTS = [
  "scheduled",
  "unconfirmed",
  "pending",
  "sent",
  "cancelled",
  "suppressed",
  "failed",
  "converted",
] as const satisfies readonly (keyof ReminderCounts)[];

export async function reminderRows(
  db: Kysely<DB>,
  period: Period,
  by: RemindersBy,
  timeZone: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows = await readReminders(db, period, by, timeZone);
  return rows.map(({ group, ...counts }) => ({ [GROUP_NAMES[by]]: group, ...counts }));
}

/** A column for each reason and each currency that there is. */
export async function remindersCsv(
  db: Kysely<DB>,
  sink: Sink,
  period: Period,
  by: RemindersBy,
  timeZone: string,
): Promise<void> {
  const rows = await readReminders(db, period, by, timeZone);
  const columns = columnsOf(rows, by);
  await sink(csvHeader(columns) + csvRows(columns, rows));
}

function columnsOf(rows: readonly ReminderCounts[], by: RemindersBy): readonly Column<ReminderCounts>[] {
  const reasons = sorted(rows.flatMap((row) => Object.keys(row.suppressed_by)));
  const currencies = sorted(rows.flatMap((row) => row.value.map(({ currency }) => currency)));
  const paid = (row: ReminderCounts, currency: string) =>
    row.value.find((each) => each.currency === currency)?.amount ?? 0;
  return [
    { name: GROUP_NAMES[by], cell: (row) => row.group },
    { name: "channel", cell: (row) => row.channel },
    ...COUNTS.map((name) => ({ name, cell: (row: ReminderCounts) => row[name] })),
    ...reasons.map((reason) => ({
      name: `suppressed_${reason}`,
      cell: (row: ReminderCounts) => row.suppressed_by[reason] ?? 0,
    })),
    ...currencies.flatMap((currency) => [
      { name: `value_${currency}`, cell: (row: ReminderCounts) => paid(row, currency) },
      {
        name: `value_${currency}_decimal`,
        cell: (row: ReminderCounts) => formatDecimal(paid(row, currency), currency),
      },
    ]),
  ];
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
