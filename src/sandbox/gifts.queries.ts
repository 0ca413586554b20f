import { sql } from "kysely";
import { createDatabase, createPool } from "../db/client.ts";
import { SAMPLE_ID } from "../shared/sample-id.ts";

/** Whether the database knows of gifts that began at Stripe, sample data apart; it may have no tables yet. */
export async function holdsGifts(databaseUrl: string): Promise<boolean> {
  const db = createDatabase(
    createPool({ url: databaseUrl, max: 1, name: "reader-donations start", onError: () => undefined }),
  );
  try {
    const tables = await sql<{ there: boolean }>`select to_regclass('donations') is not null as there`.execute(db);
    if (tables.rows[0]?.there !== true) return false;
    const gifts = await sql`select from donations where stripe_session !~ ${SAMPLE_ID} limit 1`.execute(db);
    return gifts.rows.length > 0;
  } finally {
    await db.destroy();
  }
}
