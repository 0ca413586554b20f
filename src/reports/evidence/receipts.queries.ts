import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Period } from "../../shared/period.ts";

export interface ReceiptRow {
  readonly number: string;
  readonly payment_id: string;
  readonly received_on: string;
  readonly issued_at: Date;
  readonly frequency: string;
  readonly currency: string;
  readonly amount: number;
  readonly reference: string;
}

/** How many numbers of a series and year were given out. */
export interface ReceiptCounter {
  readonly series: number;
  readonly year: number;
  readonly last: number;
}

export async function receiptCounters(db: Kysely<DB>): Promise<readonly ReceiptCounter[]> {
  return await db
    .selectFrom("receipt_counters")
    .select(["series", "year", "last"])
    .orderBy("series")
    .orderBy("year")
    .execute();
}

interface Closing {
  readonly closedAt: Date;
  /** As they were when the month before was closed; null when none was, or by a version that didn't keep them. */
  readonly countersBefore: readonly ReceiptCounter[] | null;
}

/**
 * Of the payments that were booked in the period, and of earlier ones what was issued since the month before was closed: each receipt is in the
 * evidence of one month. Without that month's counters, what was issued by this closing.
 */
export function receiptsOf(
  { from, to }: Pick<Period, "from" | "to">,
  { closedAt, countersBefore }: Closing,
): RawBuilder<ReceiptRow> {
  const isNew = countersBefore === null ? sql`r.issued_at >= ${closedAt}` : sql`r.serial > coalesce(c.last, 0)`;
  return sql<ReceiptRow>`
    select r.number, r.payment_id, to_char(r.received_on, 'YYYY-MM-DD') as received_on, r.issued_at, r.frequency, r.currency, r.amount, r.reference
    from receipts r
    left join json_to_recordset(${JSON.stringify(countersBefore ?? [])}::json) as c (series smallint, year integer, last integer)
      on c.series = r.series and c.year = r.year
    where r.received_on < ${to}::date and (r.received_on >= ${from}::date or ${isNew})
    order by r.series, r.year, r.serial
  `;
}

/** How many of them there are. */
export async function countReceipts(
  db: Kysely<DB>,
  period: Pick<Period, "from" | "to">,
  closing: Closing,
): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`select count(*) as count from (${receiptsOf(period, closing)}) r`.execute(db);
  return rows[0]?.count ?? 0;
}
