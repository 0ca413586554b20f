import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

const BATCH = 5_000;

/** Counts whose time is over. Their clock is that of the processes. @returns how many were removed */
export async function forgetLimits(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql`
    delete from rate_limits where key in (select key from rate_limits where expire < ${Date.now()} limit ${BATCH})
    returning 1
  `.execute(db);
  return rows.length;
}
