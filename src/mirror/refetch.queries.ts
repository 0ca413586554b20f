import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { MirrorKindName, MirrorTable } from "./kind.ts";

export interface Refetch {
  readonly object_id: string;
  readonly kind: string;
  readonly attempts: number;
}

/** Three seconds from now the answer, dated a second back, is surely newer than what is in doubt. */
export async function askAgain(
  trx: Transaction<DB>,
  kind: MirrorKindName,
  ids: readonly string[],
  reason: string,
): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    insert into refetches (object_id, kind, due_at, reason)
    select distinct id, ${kind}::text, clock_timestamp() + interval '3 seconds', ${reason}::text from unnest(${ids}::text[]) as id
    order by id
    on conflict (object_id) do update set due_at = excluded.due_at, attempts = 0, reason = excluded.reason
  `.execute(trx);
}

/** The kind of a refetch that lists invoice payments; its `object_id` is `payments:` and the id of the invoice or the PaymentIntent. */
export const PAYMENTS_OF_INVOICE = "payments";

/**
 * Nothing but a list at Stripe says which PaymentIntent an unpaid invoice is tried with. Asked for unless it has been since: a snapshot that
 * comes again has nothing new to say.
 */
export async function askForPayments(trx: Transaction<DB>, invoiceIds: readonly string[]): Promise<void> {
  if (invoiceIds.length === 0) return;
  await sql`
    insert into refetches (object_id, kind, due_at, reason)
    select ${PAYMENTS_OF_INVOICE} || ':' || i.id, ${PAYMENTS_OF_INVOICE}, clock_timestamp() + interval '3 seconds',
      'an unpaid invoice names no payment'
    from stripe_invoices i
    where i.id = any(${invoiceIds}::text[]) and i.status in ('open', 'uncollectible', 'void') and i.attempt_count > 0
      and not exists (select from stripe_invoice_payments p where p.invoice_id = i.id and p.as_of >= i.as_of)
    order by i.id
    on conflict (object_id) do update set due_at = excluded.due_at, attempts = 0
  `.execute(trx);
}

/**
 * Nor does a PaymentIntent name the invoice that it pays. Asked for where the money takes days or the bank asks the donor something: all other
 * renewals are tied by `invoice_payment.paid` a moment later.
 */
export async function askForInvoices(trx: Transaction<DB>, intentIds: readonly string[]): Promise<void> {
  if (intentIds.length === 0) return;
  await sql`
    insert into refetches (object_id, kind, due_at, reason)
    select ${PAYMENTS_OF_INVOICE} || ':' || i.id, ${PAYMENTS_OF_INVOICE}, clock_timestamp() + interval '3 seconds',
      'a PaymentIntent under way names no invoice'
    from stripe_payment_intents i
    where i.id = any(${intentIds}::text[]) and i.status in ('processing', 'requires_action') and i.donation_id is null
      and not exists (select from stripe_invoice_payments p where p.payment_intent_id = i.id)
      and not exists (select from stripe_sessions s where s.payment_intent_id = i.id)
    order by i.id
    on conflict (object_id) do update set due_at = excluded.due_at, attempts = 0
  `.execute(trx);
}

/** Whether the mirror has seen the object at a later moment, so that a hint of then is old news. */
export async function isKnownSince(
  trx: Transaction<DB>,
  table: MirrorTable,
  id: string,
  since: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select from ${sql.table(table)} where id = ${id} and as_of > ${since}::timestamptz
  `.execute(trx);
  return rows.length > 0;
}

/** Claims what is due; what isn't finished within the lease falls due again. */
export async function claimRefetches(db: Kysely<DB>, limit: number): Promise<readonly Refetch[]> {
  const { rows } = await sql<Refetch>`
    update refetches set due_at = clock_timestamp() + least(interval '1 hour', interval '15 seconds' * power(2, least(attempts, 10))),
      attempts = attempts + 1
    where object_id in (
      select object_id from refetches where due_at <= clock_timestamp() order by due_at limit ${limit} for update skip locked
    )
    returning object_id, kind, attempts
  `.execute(db);
  return rows;
}

/** Done, unless it was asked for again meanwhile (then `attempts` begins anew); events that waited for the object are applied now. */
export async function finishRefetch(trx: Transaction<DB>, refetch: Refetch): Promise<void> {
  await trx
    .deleteFrom("refetches")
    .where("object_id", "=", refetch.object_id)
    .where("attempts", "=", refetch.attempts)
    .execute();
  await trx
    .updateTable("stripe_events")
    .set({ state: "applied", finished_at: sql<Date>`clock_timestamp()` })
    .where("object_id", "=", refetch.object_id)
    .where("state", "=", "waiting")
    .execute();
}
