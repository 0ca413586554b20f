import { type Kysely, sql } from "kysely";

/** Finds the mails that are old enough to go; of the other kinds none goes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index mails_old on mails (finished_at) where kind not in ('payment_failed', 'action_required', 'refunded')
  `.execute(db);
}
