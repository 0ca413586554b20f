import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Sink } from "./exports.ts";
import type { Page } from "./keyset.ts";
import type { ReconciliationQuery } from "./query-schema.ts";
import { reading, readingOnce } from "./reading.queries.ts";
import {
  newestRun,
  type ReconciliationRow,
  type ReconciliationRun,
  readDifferences,
} from "./reconciliation.queries.ts";

const CSV_PAGE = 250;

type Filter = Pick<ReconciliationQuery, "state">;

export interface ReconciliationPage extends Page<ReconciliationRow> {
  /** The newest comparison; null before the first one. */
  readonly run: ReconciliationRun | null;
}

export async function reconciliationPage(
  db: Kysely<DB>,
  filter: Filter,
  after: string | null,
  limit: number,
): Promise<ReconciliationPage> {
  return await reading(db, async (trx) => {
    const found = await readDifferences(trx, filter, after, limit + 1);
    const rows = found.slice(0, limit);
    return {
      rows,
      next_cursor: found.length > limit ? (rows.at(-1)?.difference_id ?? null) : null,
      run: await newestRun(trx),
    };
  });
}

/** Of differences: of the report, and of an auditor's archive. */
export const differenceColumns = columnsOf<Record<keyof ReconciliationRow, string | Date | null>>(
  [
    "difference_id",
    "kind",
    "object_id",
    "occurred_at",
    "since",
    "last_seen",
    "resolved_at",
    "ours",
    "stripes",
    "cause",
  ],
  {},
);

export async function reconciliationCsv(db: Kysely<DB>, sink: Sink, filter: Filter): Promise<void> {
  await readingOnce(db, async (trx) => {
    await sink(csvHeader(differenceColumns));
    for (let after: string | null = null; ; ) {
      const rows: readonly ReconciliationRow[] = await readDifferences(trx, filter, after, CSV_PAGE);
      const last = rows.at(-1);
      if (last === undefined) return;
      await sink(csvRows(differenceColumns, rows.map(flat)));
      after = last.difference_id;
    }
  });
}

function flat(row: ReconciliationRow) {
  return { ...row, ours: inJson(row.ours), stripes: inJson(row.stripes) };
}

function inJson(facts: ReconciliationRow["ours"]): string | null {
  return facts === null ? null : JSON.stringify(facts);
}
