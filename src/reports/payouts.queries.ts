import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";

/** Amounts in minor units of `currency`. */
export interface PayoutRow {
  readonly payout_id: string;
  readonly created_at: Date;
  readonly arrival_date: Date;
  readonly status: string;
  readonly currency: string;
  readonly amount: number;
  /** Of a payout by hand Stripe tells no lines. */
  readonly automatic: boolean;
  readonly reconciliation_status: string;
  /** These four are null until Stripe has reconciled the payout and its lines are here. */
  readonly lines: number | null;
  readonly lines_total: number | null;
  readonly difference: number | null;
  readonly adds_up: boolean | null;
  readonly failure_code: string | null;
  readonly balance_transaction_id: string | null;
  /** What brought the money of a failed or cancelled one back into the balance, and the payout that then carried it. */
  readonly reversal_balance_transaction_id: string | null;
  readonly reversed_at: Date | null;
  readonly reversed_amount: number | null;
  readonly paid_again_with: string | null;
  readonly original_payout_id: string | null;
  readonly reversed_by_id: string | null;
}

/** The last row that was shown: milliseconds of `created_at`, and its id. */
export type PayoutPosition = readonly [createdAt: number, id: string];

interface Filter {
  readonly period: Period;
  readonly currency: string | undefined;
}

/** Those made last first; the period is that of their making. */
export async function readPayouts(
  db: Kysely<DB>,
  { period, currency }: Filter,
  after: PayoutPosition | null,
  limit: number,
): Promise<readonly PayoutRow[]> {
  const [createdAt, id] = after ?? [null, null];
  const { rows } = await sql<PayoutRow>`
    select * from reporting.payouts
    where created_at >= ${period.start} and created_at < ${period.end}
      and (${currency ?? null}::text is null or currency = ${currency ?? null})
      and (${id}::text is null or (created_at, payout_id) < (${createdAt === null ? null : new Date(createdAt)}::timestamptz, ${id}))
    order by created_at desc, payout_id desc limit ${limit}
  `.execute(db);
  return rows;
}

export async function readPayout(db: Kysely<DB>, id: string): Promise<PayoutRow | null> {
  const { rows } = await sql<PayoutRow>`select * from reporting.payouts where payout_id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** A balance transaction that a payout carried; amounts in minor units of `currency`. */
export interface PayoutLineRow {
  readonly payout_id: string;
  readonly balance_transaction_id: string;
  readonly booked_at: Date;
  readonly kind: "payment" | "refund" | "dispute" | "fee" | "payout" | "not_gifts";
  readonly type: string;
  readonly reporting_category: string;
  readonly currency: string;
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  /** Null where it is no gift. */
  readonly payment_id: string | null;
  readonly donation_id: string | null;
  readonly frequency: string | null;
  readonly campaign: string | null;
  readonly source_id: string | null;
}

/** In the order in which they were booked. */
export async function readPayoutLines(
  db: Kysely<DB>,
  payoutId: string,
  after: PayoutPosition | null,
  limit: number,
): Promise<readonly PayoutLineRow[]> {
  const [bookedAt, id] = after ?? [null, null];
  // Its lines first: by their date alone they would be looked for in the whole ledger.
  const { rows } = await sql<PayoutLineRow>`
    with own as materialized (select * from reporting.payout_lines where payout_id = ${payoutId})
    select * from own
    where (${id}::text is null
        or (booked_at, balance_transaction_id) > (${bookedAt === null ? null : new Date(bookedAt)}::timestamptz, ${id}))
    order by booked_at, balance_transaction_id limit ${limit}
  `.execute(db);
  return rows;
}

export interface LineSum {
  readonly kind: PayoutLineRow["kind"];
  readonly count: number;
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
}

/** What the lines come to by kind. */
export async function sumPayoutLines(db: Kysely<DB>, payoutId: string): Promise<readonly LineSum[]> {
  const { rows } = await sql<LineSum>`
    select kind, count(*) as count, sum(amount)::bigint as amount, sum(fee)::bigint as fee, sum(net)::bigint as net
    from reporting.payout_lines where payout_id = ${payoutId}
    group by kind order by array_position(array['payment', 'refund', 'dispute', 'fee', 'payout', 'not_gifts'], kind)
  `.execute(db);
  return rows;
}
