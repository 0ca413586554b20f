import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/** The reader was asked again on the site; before the day, and for a reminder by mail, nothing happens. */
export async function markShown(db: Kysely<DB>, id: string, now: Date): Promise<void> {
  await sql`
    update reminders set state = 'sent', sent_at = ${now}, finished_at = ${now}
    where id = ${id} and channel = 'on_site' and state = 'pending' and due_at <= ${now}
  `.execute(db);
}
