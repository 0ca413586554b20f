import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

const BATCH = 5_000;

/** Client keys serve for two days; Stripe itself forgets its keys after one. @returns how many were removed */
export async function forgetKeys(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql`
    delete from idempotency_keys where key_hash in (
      select key_hash from idempotency_keys where created_at < clock_timestamp() - interval '2 days' limit ${BATCH}
    )
    returning 1
  `.execute(db);
  return rows.length;
}
