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

/** The kind of a refetch that lists an invoice's payments; its `object_id` is `payments:` and the invoice's id. */
export const PAYMENTS_OF_INVOICE = "payments";

/** Unless they have been asked for since: an event that is replayed has nothing new to say. */
export async function askForPayments(trx: Transaction<DB>, invoiceId: string, since: Date): Promise<void> {
  await sql`
    insert into refetches (object_id, kind, due_at, reason)
    select ${`${PAYMENTS_OF_INVOICE}:${invoiceId}`}, ${PAYMENTS_OF_INVOICE}, clock_timestamp() + interval '3 seconds',
      'an unpaid invoice names no payment'
    where not exists (select from stripe_invoice_payments where invoice_id = ${invoiceId} and as_of > ${since}::timestamptz)
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
