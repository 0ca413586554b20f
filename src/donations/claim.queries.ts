import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

export interface DirtyObject {
  /** The mark's own number. */
  readonly seq: number;
  readonly kind: string;
  readonly object_id: string;
}

/** Takes marks beyond `after` for this transaction alone; if it rolls back, they are there again. */
export async function claimDirty(trx: Transaction<DB>, limit: number, after: number): Promise<readonly DirtyObject[]> {
  const { rows } = await sql<DirtyObject>`
    delete from dirty_objects where seq in (
      select seq from dirty_objects where seq > ${after} order by seq limit ${limit} for update skip locked
    )
    returning seq, kind, object_id
  `.execute(trx);
  return rows;
}

/** All that are left, without a claim on any. */
export async function readMarks(trx: Transaction<DB>): Promise<readonly Pick<DirtyObject, "kind" | "object_id">[]> {
  return await trx.selectFrom("dirty_objects").select(["kind", "object_id"]).distinct().execute();
}

/**
 * The donations that these objects belong to, in id order. It goes by mirror rows alone: each of them was committed before its
 * object was marked, so of two halves that arrive at once the later mark always finds the other half. Objects without a way to
 * a donation are not ours, or wait for the object that links them, whose own mark leads here again.
 */
export async function donationsOf(
  trx: Transaction<DB>,
  dirty: readonly Pick<DirtyObject, "kind" | "object_id">[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ donation_id: string }>`
    with dirty as (
      select * from unnest(${dirty.map((row) => row.kind)}::text[], ${dirty.map((row) => row.object_id)}::text[]) as d (kind, id)
    ), charges as (
      select id from dirty where kind = 'charge'
      union select r.charge_id from dirty join stripe_refunds r on r.id = dirty.id where kind = 'refund'
      union select d.charge_id from dirty join stripe_disputes d on d.id = dirty.id where kind = 'dispute'
    ), intents as (
      select id from dirty where kind = 'payment_intent'
      union select c.payment_intent_id from charges join stripe_charges c on c.id = charges.id
    ), paid_invoices as (
      select p.invoice_id as id from dirty join stripe_invoice_payments p on p.id = dirty.id where kind = 'invoice_payment'
      union select p.invoice_id from charges join stripe_invoice_payments p on p.charge_id = charges.id
      union select p.invoice_id from intents join stripe_invoice_payments p on p.payment_intent_id = intents.id
      union select id from dirty where kind = 'invoice'
    ), invoices as (
      select i.subscription_id, i.donation_id from paid_invoices join stripe_invoices i on i.id = paid_invoices.id
    ), subscriptions as (
      select id from dirty where kind = 'subscription'
      union select subscription_id from invoices
    ), found as (
      select donation_id from invoices
      union select c.donation_id from charges join stripe_charges c on c.id = charges.id
      union select s.donation_id from subscriptions join stripe_subscriptions s on s.id = subscriptions.id
      union select s.donation_id from subscriptions join stripe_sessions s on s.subscription_id = subscriptions.id
      union select p.donation_id from intents join stripe_payment_intents p on p.id = intents.id
      union select s.donation_id from intents join stripe_sessions s on s.payment_intent_id = intents.id
      union select s.donation_id from dirty join stripe_sessions s on s.id = dirty.id where kind = 'checkout.session'
      union select s.donation_id from dirty join stripe_sessions s on s.customer_id = dirty.id where kind = 'customer'
      union select s.donation_id from dirty join stripe_subscriptions s on s.customer_id = dirty.id where kind = 'customer'
      union select p.donation_id from dirty join stripe_payment_intents p on p.customer_id = dirty.id where kind = 'customer'
      union select d.id::uuid from dirty d where kind = 'donation'
    )
    select donation_id from found where donation_id is not null order by donation_id
  `.execute(trx);
  return rows.map((row) => row.donation_id);
}
