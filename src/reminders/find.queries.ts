import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export interface StoredReminder {
  readonly id: string;
  readonly channel: "email" | "on_site";
  readonly state: string;
  readonly reason: string | null;
  /** `own` when its asker did, by their link. */
  readonly cancelled_by: string | null;
  /** As YYYY-MM-DD. */
  readonly due_on: string;
  readonly due_at: Date;
  readonly time_zone: string;
  readonly locale: string | null;
  readonly address_hash: Buffer | null;
  readonly finished_at: Date | null;
  readonly article_url: string | null;
  /** Whether a gift that came by its link was paid. */
  readonly answered: boolean;
}

export async function findReminder(db: Kysely<DB>, id: string): Promise<StoredReminder | undefined> {
  const { rows } = await sql<StoredReminder>`
    select id, channel, state, reason, cancelled_by, to_char(due_on, 'YYYY-MM-DD') as due_on, due_at, time_zone, locale, address_hash,
      finished_at, article_url,
      exists (
        select from donations d join payments p on p.donation_id = d.id where d.reminder_id = reminders.id and p.status <> 'failed'
      ) as answered
    from reminders where id = ${id}
  `.execute(db);
  return rows[0];
}
