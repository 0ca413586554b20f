import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { periodStart } from "../../shared/period.ts";
import { columnsOf, csvHeader, csvRows } from "../csv.ts";
import type { Sink } from "../exports.ts";
import { type Page, pageOf } from "../keyset.ts";
import { reading, readingOnce } from "../reading.queries.ts";
import { type JournalEntry, type JournalScope, journalEntries, later } from "./entries.ts";

const LINES_AT_ONCE = 250;

/** A debit or a credit; minor units of `currency`. */
export interface JournalRow {
  readonly entry: string;
  readonly date: string;
  readonly currency: string;
  readonly account: string;
  readonly account_number: string;
  readonly account_name: string;
  readonly debit: number;
  readonly credit: number;
  readonly cost_centre: string | null;
  readonly description: string;
  readonly payout_id: string | null;
}

/** The day that the list goes on with, and how many of its lines were shown. */
export type JournalPosition = readonly [date: string, shown: number];

export async function journalPage(
  db: Kysely<DB>,
  scope: JournalScope,
  after: JournalPosition | null,
  limit: number,
): Promise<Page<JournalRow>> {
  const [date = scope.period.from, shown = 0] = after ?? [];
  const start = later(periodStart(date, scope.timeZone), scope.period.start);
  const found = await reading(db, async (trx) => {
    const rows: (JournalRow & { readonly position: JournalPosition })[] = [];
    let ofDay = { date: "", lines: 0 };
    for await (const entry of journalEntries(trx, { ...scope, period: { ...scope.period, start } })) {
      if (entry.date !== ofDay.date) ofDay = { date: entry.date, lines: 0 };
      for (const row of rowsOf(entry, scope.accounting)) {
        ofDay.lines += 1;
        if (entry.date === date && ofDay.lines <= shown) continue;
        rows.push({ ...row, position: [entry.date, ofDay.lines] });
        if (rows.length > limit) return rows;
      }
    }
    return rows;
  });
  const { rows, next_cursor } = pageOf(found, limit, (row) => row.position);
  return { rows: rows.map(({ position: _, ...row }) => row), next_cursor };
}

const columns = columnsOf<JournalRow>(
  [
    "entry",
    "date",
    "currency",
    "account",
    "account_number",
    "account_name",
    "debit",
    "credit",
    "cost_centre",
    "description",
    "payout_id",
  ],
  { debit: "currency", credit: "currency" },
);

export async function journalCsv(db: Kysely<DB>, sink: Sink, scope: JournalScope): Promise<void> {
  await readingOnce(db, async (trx) => {
    let rows: JournalRow[] = [];
    await sink(csvHeader(columns));
    for await (const entry of journalEntries(trx, scope)) {
      rows.push(...rowsOf(entry, scope.accounting));
      if (rows.length < LINES_AT_ONCE) continue;
      await sink(csvRows(columns, rows));
      rows = [];
    }
    if (rows.length > 0) await sink(csvRows(columns, rows));
  });
}

function rowsOf(entry: JournalEntry, accounting: NewsroomConfig["accounting"]): readonly JournalRow[] {
  return entry.lines.map(({ account, cost_centre, amount }) => ({
    entry: entry.entry,
    date: entry.date,
    currency: entry.currency,
    account,
    account_number: accounting.accounts[account].number,
    account_name: accounting.accounts[account].name,
    debit: Math.max(0, amount),
    credit: Math.max(0, 0 - amount),
    cost_centre,
    description: entry.description,
    payout_id: entry.payout_id,
  }));
}
