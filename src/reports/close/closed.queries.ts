import { type Insertable, type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

export interface ClosedMonth {
  readonly month: string;
  readonly time_zone: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly closed_at: Date;
  readonly closed_by: string;
  /** Why it was closed in spite of what stood against it; null when nothing did and nobody said more. */
  readonly reason: string | null;
  /** What stood against it and was signed for, as codes. */
  readonly overrode: readonly string[];
  readonly reconciliation_run: string | null;
  /** SHA-256 of the evidence's file SHA256SUMS. */
  readonly sha256: string;
}

/** The first one first. */
export async function closedMonths(db: Kysely<DB>): Promise<readonly ClosedMonth[]> {
  return await db.selectFrom("closed_months").selectAll().orderBy("month").execute();
}

/** A report of which rows are frozen. */
export type FrozenReport = "summary" | "summary_year" | "journal" | "journal_settings" | "receipt_counters";

const ROWS_AT_ONCE = 500;

export interface FrozenRow<Row> {
  readonly month: string;
  readonly row: Row;
}

/** The rows of a report as they were frozen with these months, or with any, in their order. */
export async function frozenRows<Row>(
  db: Kysely<DB>,
  report: FrozenReport,
  months: readonly string[] | null = null,
): Promise<readonly FrozenRow<Row>[]> {
  const rows = await db
    .selectFrom("closed_rows")
    .select(["month", "row"])
    .where("report", "=", report)
    .$if(months !== null, (query) => query.where("month", "=", sql<string>`any(${months}::text[])`))
    .orderBy("month")
    .orderBy("position")
    .execute();
  return rows as unknown as readonly FrozenRow<Row>[];
}

interface Freezable {
  readonly correction_of: string | null;
}

export async function freezeRows(
  trx: Transaction<DB>,
  month: string,
  report: FrozenReport,
  rows: Iterable<Freezable> | AsyncIterable<Freezable>,
): Promise<void> {
  let values: Insertable<DB["closed_rows"]>[] = [];
  let position = 0;
  for await (const row of rows) {
    values.push({ month, report, position, correction_of: row.correction_of, row: JSON.stringify(row) });
    position += 1;
    if (values.length < ROWS_AT_ONCE) continue;
    await trx.insertInto("closed_rows").values(values).execute();
    values = [];
  }
  if (values.length > 0) await trx.insertInto("closed_rows").values(values).execute();
}

export async function insertFilePart(
  trx: Transaction<DB>,
  part: { readonly month: string; readonly name: string; readonly part: number; readonly content: string },
): Promise<void> {
  await trx.insertInto("closed_files").values(part).execute();
}

/**
 * To be called first: no other closes and nobody issues receipts until the transaction ends, and what they did before is seen. A lock takes no
 * snapshot, so REPEATABLE READ begins behind it.
 */
export async function waitForOthers(trx: Transaction<DB>): Promise<void> {
  await sql`lock table receipt_counters in share row exclusive mode`.execute(trx);
}

export async function insertClosedMonth(trx: Transaction<DB>, month: ClosedMonth): Promise<void> {
  await trx
    .insertInto("closed_months")
    .values({ ...month, overrode: [...month.overrode] })
    .execute();
}

/** The names of a closed month's files, sorted by their bytes. */
export async function fileNames(db: Kysely<DB>, month: string): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from closed_files where month = ${month} group by name order by name collate "C"
  `.execute(db);
  return rows.map((row) => row.name);
}

/** A file of a closed month, one part in memory at a time. */
export async function* fileParts(db: Kysely<DB>, month: string, name: string): AsyncGenerator<string> {
  for (let part = 0; ; part++) {
    const row = await db
      .selectFrom("closed_files")
      .select("content")
      .where("month", "=", month)
      .where("name", "=", name)
      .where("part", "=", part)
      .executeTakeFirst();
    if (row === undefined) return;
    yield row.content;
  }
}
