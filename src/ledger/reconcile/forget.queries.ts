import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

const BATCH = 1_000;

/**
 * Comparisons older than two years go, with the differences that were settled then; the latest one stays, however old, and so does
 * every run that a difference which is still open was last seen in. @returns how many were removed
 */
export async function forgetRuns(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql`
    delete from reconciliation_runs r where id in (
      select id from reconciliation_runs
      where started_at < now() - interval '2 years'
        and id <> (select id from reconciliation_runs order by started_at desc limit 1)
        and not exists (select from reconciliation_differences d where d.last_run = reconciliation_runs.id and d.resolved_at is null)
      limit ${BATCH}
    )
    returning 1
  `.execute(db);
  return rows.length;
}
