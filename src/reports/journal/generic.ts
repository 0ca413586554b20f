import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { periodStart } from "../../shared/period.ts";
import { csvHeader, csvRows } from "../csv.ts";
import type { Sink } from "../exports.ts";
import { type Page, pageOf } from "../keyset.ts";
import { reading, readingOnce } from "../reading.queries.ts";
import { type JournalScope, later } from "./entries.ts";
import { journalEntries } from "./journal.ts";
import { type JournalRow, journalColumns, rowsOf } from "./rows.ts";

const LINES_AT_ONCE = 250;

/** The day that the list goes on with, and how many of its lines were shown. */
export type JournalPosition = readonly [date: string, shown: number];

export async function journalPage(
  db: Kysely<DB>,
  scope: JournalScope,
  after: JournalPosition | null,
  limit: number,
): Promise<Page<JournalRow>> {
  const { period, timeZone } = scope;
  const [date = period.from, shown = 0] = after ?? [];
  const start = later(periodStart(date, timeZone), period.start);
  const rest = { ...period, from: date > period.from ? date : period.from, start };
  const found = await reading(db, async (trx) => {
    const rows: (JournalRow & { readonly position: JournalPosition })[] = [];
    let ofDay = { date: "", lines: 0 };
    for await (const entry of journalEntries(trx, { ...scope, period: rest })) {
      if (entry.date !== ofDay.date) ofDay = { date: entry.date, lines: 0 };
      for (const row of rowsOf(entry)) {
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

export async function journalCsv(db: Kysely<DB>, sink: Sink, scope: JournalScope): Promise<void> {
  await readingOnce(db, async (trx) => {
    let rows: JournalRow[] = [];
    await sink(csvHeader(journalColumns));
    for await (const entry of journalEntries(trx, scope)) {
      rows.push(...rowsOf(entry));
      if (rows.length < LINES_AT_ONCE) continue;
      await sink(csvRows(journalColumns, rows));
      rows = [];
    }
    if (rows.length > 0) await sink(csvRows(journalColumns, rows));
  });
}
