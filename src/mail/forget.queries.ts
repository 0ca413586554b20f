import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

const BATCH = 5_000;

/**
 * Mails that ended two years ago, by the wall clock. A row keeps its mail from being written a second time, and after so long nothing asks for
 * it any more: news of gifts is refused three days after it happened, a card's month, a renewal and an anniversary don't come again,
 * and a reminder that is done stays done. Failed payments and refunds are kept: of a debit they are dated by Stripe's latest
 * word on them, which may come at any time. @returns how many were removed
 */
export async function forgetMails(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql`
    delete from mails where id in (
      select id from mails
      where kind not in ('payment_failed', 'action_required', 'refunded') and finished_at < clock_timestamp() - interval '2 years'
      order by finished_at limit ${BATCH} for update skip locked
    )
    returning 1
  `.execute(db);
  return rows.length;
}
