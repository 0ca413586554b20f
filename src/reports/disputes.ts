import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import { type DisputePosition, type DisputeRow, type DisputesFilter, readDisputes } from "./disputes.queries.ts";
import type { Sink } from "./exports.ts";
import { type Page, pageOf } from "./keyset.ts";
import { reading, readingOnce } from "./reading.queries.ts";

const CSV_PAGE = 250;

/** Open ones by deadline first: what has to be answered today stands at the top. */
export async function disputesPage(
  db: Kysely<DB>,
  filter: DisputesFilter,
  after: DisputePosition | null,
  limit: number,
): Promise<Page<DisputeRow>> {
  const found = await reading(db, (trx) => readDisputes(trx, filter, after, limit + 1));
  const { rows, next_cursor } = pageOf(found, limit, (row) => row.position);
  return { rows: rows.map(({ position: _, ...row }) => row), next_cursor };
}

const columns = columnsOf<DisputeRow>(
  [
    "dispute_id",
    "created_at",
    "status",
    "is_open",
    "reason",
    "currency",
    "amount",
    "due_by",
    "has_evidence",
    "submission_count",
    "settlement_currency",
    "held_back",
    "fees",
    "payment_id",
    "donation_id",
    "donor_id",
    "payment_booked_at",
    "stripe_charge",
    "stripe_payment_intent",
  ],
  { amount: "currency", held_back: "settlement_currency", fees: "settlement_currency" },
);

export async function disputesCsv(db: Kysely<DB>, sink: Sink, filter: DisputesFilter): Promise<void> {
  await readingOnce(db, async (trx) => {
    await sink(csvHeader(columns));
    for (let after: DisputePosition | null = null; ; ) {
      const rows = await readDisputes(trx, filter, after, CSV_PAGE);
      const last = rows.at(-1);
      if (last === undefined) return;
      await sink(csvRows(columns, rows));
      after = last.position;
    }
  });
}
