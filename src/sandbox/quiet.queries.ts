import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/** Whether nothing that has arrived still waits to be booked. */
export async function isQuiet(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql<{ quiet: boolean }>`
    select not exists (select from stripe_events where state = 'received')
      and not exists (select from dirty_objects)
      and not exists (select from refetches where attempts = 0)
      and not exists (select from missing_balance_transactions)
      and not exists (select from payments where status = 'paid' and settled_gross is null) as quiet
  `.execute(db);
  return rows[0]?.quiet === true;
}
