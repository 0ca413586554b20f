import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

export interface Donor {
  /** Of the latest gift. */
  readonly locale: string | null;
}

/** @returns null when nobody has that id */
export async function findDonor(db: Kysely<DB>, donorId: string): Promise<Donor | null> {
  const { rows } = await sql<Donor>`
    select locale from donations where donor_id = ${donorId}::uuid order by created_at desc limit 1
  `.execute(db);
  return rows[0] ?? null;
}

export type StatementKind = "gift" | "refund" | "refund_returned" | "dispute" | "dispute_returned";

export interface StatementLine {
  readonly booked_at: Date;
  readonly kind: StatementKind;
  /** In the donor's currency, minor units; what went back is below zero. */
  readonly currency: string;
  readonly amount: number;
  readonly receipt: string | null;
  /** Who gave, at Stripe. */
  readonly customer: string | null;
}

interface Span {
  readonly start: Date;
  readonly end: Date;
}

/**
 * What a donor gave and got back in a span of time, by the ledger's dates, the oldest first. Only settled payments count. The ledger knows the
 * settlement currency alone, so amounts that went back are those of the refund and the dispute themselves.
 */
export async function statementLines(
  db: Kysely<DB>,
  donorId: string,
  { start, end }: Span,
): Promise<readonly StatementLine[]> {
  const { rows } = await sql<StatementLine>`
    with given as (
      select p.*, d.stripe_customer from payments p join donations d on d.id = p.donation_id
      where d.donor_id = ${donorId}::uuid and p.status = 'paid' and p.settled_gross is not null
    ),
    lines as (
      select booked_at, 'gift' as kind, currency, amount, id as payment_id, stripe_customer from given
      union all
      select m.booked_at, case when m.refunded > 0 then 'refund' else 'refund_returned' end, g.currency,
        -sign(m.refunded) * coalesce(r.amount, g.amount), g.id, g.stripe_customer
      from given g join payment_movements m on m.payment_id = g.id
      join balance_transactions b on b.id = m.balance_transaction_id left join stripe_refunds r on r.id = b.source_id
      where m.refunded <> 0
      union all
      select m.booked_at, case when m.disputed > 0 then 'dispute' else 'dispute_returned' end, g.currency,
        -sign(m.disputed) * coalesce(s.amount, g.amount), g.id, g.stripe_customer
      from given g join payment_movements m on m.payment_id = g.id
      join balance_transactions b on b.id = m.balance_transaction_id left join stripe_disputes s on s.id = b.source_id
      where m.disputed <> 0
    )
    select l.booked_at, l.kind, l.currency, l.amount::bigint as amount, r.number as receipt, l.stripe_customer as customer
    from lines l left join receipts r on r.payment_id = l.payment_id
    where l.booked_at >= ${start} and l.booked_at < ${end}
    order by l.booked_at, l.kind <> 'gift', r.number, l.payment_id, l.kind
  `.execute(db);
  return rows;
}
