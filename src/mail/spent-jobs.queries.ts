import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/**
 * Jobs that only the worker that had them would have removed, and that worker was killed: of mails that have ended, and those in whose place
 * another one was put, which the queue leaves without their key and their attempts. @returns how many were removed
 */
export async function removeSpentJobs(db: Kysely<DB>, lockedForMs: number): Promise<number> {
  const { rows } = await sql`
    delete from graphile_worker._private_jobs j
    where task_id in (select id from graphile_worker._private_tasks where identifier = 'send_mail')
      and locked_at < clock_timestamp() - ${lockedForMs} * interval '1 millisecond'
      and (
        (key is null and attempts >= max_attempts)
        or exists (select from mails m where m.id = (j.payload->>'id')::uuid and m.finished_at is not null)
      )
    returning 1
  `.execute(db);
  return rows.length;
}
