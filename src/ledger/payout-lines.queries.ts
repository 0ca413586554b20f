import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/** Automatic payouts that Stripe has finished reconciling and whose lines have not been stored. */
export async function payoutsWithoutLines(db: Kysely<DB>, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from stripe_payouts p
    where automatic and reconciliation_status = 'completed'
      and not exists (select from payouts_pulled d where d.payout_id = p.id)
    order by created
    limit ${limit}
  `.execute(db);
  return rows.map((row) => row.id);
}

export async function insertPayoutLines(
  db: Kysely<DB>,
  payoutId: string,
  transactionIds: readonly string[],
): Promise<void> {
  await sql`
    insert into payout_lines (payout_id, balance_transaction_id)
    select ${payoutId}::text, id from unnest(${transactionIds}::text[]) as id order by id
    on conflict do nothing
  `.execute(db);
}

export async function completePayout(db: Kysely<DB>, payoutId: string): Promise<void> {
  await db
    .insertInto("payouts_pulled")
    .values({ payout_id: payoutId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
