import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { AppError } from "../shared/errors.ts";
import type { Period } from "../shared/period.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Sink } from "./exports.ts";
import { type Page, pageOf } from "./keyset.ts";
import {
  type LineSum,
  type PayoutLineRow,
  type PayoutPosition,
  type PayoutRow,
  readPayout,
  readPayoutLines,
  readPayouts,
  sumPayoutLines,
} from "./payouts.queries.ts";
import { reading, readingOnce } from "./reading.queries.ts";

const CSV_PAGE = 250;

export interface PayoutsFilter {
  readonly period: Period;
  /** Of the payout. */
  readonly currency?: string | undefined;
}

export async function payoutsPage(
  db: Kysely<DB>,
  { period, currency }: PayoutsFilter,
  after: PayoutPosition | null,
  limit: number,
): Promise<Page<PayoutRow>> {
  const found = await reading(db, (trx) => readPayouts(trx, { period, currency }, after, limit + 1));
  return pageOf(found, limit, payoutPosition);
}

export interface PayoutPage extends Page<PayoutLineRow> {
  readonly payout: PayoutRow;
  /** All of its lines by kind, not only those of this page. */
  readonly totals: readonly LineSum[];
}

/** A payout with a page of its lines. @throws AppError `not_found` */
export async function payoutPage(
  db: Kysely<DB>,
  id: string,
  after: PayoutPosition | null,
  limit: number,
): Promise<PayoutPage> {
  return await reading(db, async (trx) => {
    const payout = await known(trx, id);
    const totals = await sumPayoutLines(trx, id);
    return { payout, totals, ...pageOf(await readPayoutLines(trx, id, after, limit + 1), limit, linePosition) };
  });
}

async function known(db: Kysely<DB>, id: string): Promise<PayoutRow> {
  const payout = await readPayout(db, id);
  if (payout !== null) return payout;
  throw new AppError(
    "not_found",
    "not_found",
    "There is no payout of this id. The list of payouts has all that there are.",
  );
}

const payoutPosition = (row: PayoutRow): PayoutPosition => [+row.created_at, row.payout_id];
const linePosition = (row: PayoutLineRow): PayoutPosition => [+row.booked_at, row.balance_transaction_id];

const payoutColumns = columnsOf<PayoutRow>(
  [
    "payout_id",
    "created_at",
    "arrival_date",
    "status",
    "currency",
    "amount",
    "automatic",
    "reconciliation_status",
    "lines",
    "lines_total",
    "difference",
    "adds_up",
    "failure_code",
    "balance_transaction_id",
    "reversal_balance_transaction_id",
    "reversed_at",
    "reversed_amount",
    "paid_again_with",
    "original_payout_id",
    "reversed_by_id",
  ],
  { amount: "currency", lines_total: "currency", difference: "currency", reversed_amount: "currency" },
);

const lineColumns = columnsOf<PayoutLineRow>(
  [
    "payout_id",
    "balance_transaction_id",
    "booked_at",
    "kind",
    "type",
    "reporting_category",
    "currency",
    "amount",
    "fee",
    "net",
    "payment_id",
    "donation_id",
    "frequency",
    "campaign",
    "source_id",
  ],
  { amount: "currency", fee: "currency", net: "currency" },
);

export async function payoutsCsv(db: Kysely<DB>, sink: Sink, { period, currency }: PayoutsFilter): Promise<void> {
  await readingOnce(db, async (trx) => {
    await sink(csvHeader(payoutColumns));
    for (let after: PayoutPosition | null = null; ; ) {
      const rows: readonly PayoutRow[] = await readPayouts(trx, { period, currency }, after, CSV_PAGE);
      const last = rows.at(-1);
      if (last === undefined) return;
      await sink(csvRows(payoutColumns, rows));
      after = payoutPosition(last);
    }
  });
}

/** All lines of a payout. @throws AppError `not_found`, before anything is written */
export async function payoutCsv(db: Kysely<DB>, sink: Sink, id: string): Promise<void> {
  await readingOnce(db, async (trx) => {
    await known(trx, id);
    await sink(csvHeader(lineColumns));
    for (let after: PayoutPosition | null = null; ; ) {
      const rows: readonly PayoutLineRow[] = await readPayoutLines(trx, id, after, CSV_PAGE);
      const last = rows.at(-1);
      if (last === undefined) return;
      await sink(csvRows(lineColumns, rows));
      after = linePosition(last);
    }
  });
}
