import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

/** The objects that events which were not applied are about. */
export async function eventObjects(
  db: Kysely<DB>,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly type: string; readonly object_id: string }[]> {
  const { rows } = await sql<{ id: string; type: string; object_id: string }>`
    select id, type, object_id from stripe_events where id = any(${ids}::text[]) and object_id is not null
      and state in ('received', 'waiting', 'dead')
  `.execute(db);
  return rows;
}

/** Their objects are as Stripe has them now, so nothing is left that they could tell. */
export async function settleEvents(trx: Transaction<DB>, ids: readonly string[]): Promise<void> {
  await sql`
    update stripe_events set state = 'applied', reason = 'its object was fetched from Stripe', finished_at = clock_timestamp()
    where id = any(${ids}::text[]) and state in ('received', 'waiting', 'dead')
  `.execute(trx);
}

/** Their lines are pulled anew. */
export async function forgetPayoutLines(db: Kysely<DB>, payouts: readonly string[]): Promise<void> {
  await sql`delete from payouts_pulled where payout_id = any(${payouts}::text[])`.execute(db);
  await sql`delete from payout_lines where payout_id = any(${payouts}::text[])`.execute(db);
}
