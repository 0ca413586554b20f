import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/**
 * Gives back at once what processes had claimed that were connected to the embedded Postgres before this start: none of them can go on
 * with it. Elsewhere another process may be alive, and a claim ends by its own time.
 */
export async function releaseDeadClaims(db: Kysely<DB>): Promise<void> {
  await sql`
    update stripe_events set due_at = clock_timestamp()
    where state = 'received' and reason is null and due_at > clock_timestamp()
  `.execute(db);
}
