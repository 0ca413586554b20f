import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

/**
 * Forgets where these gifts came from. What was counted of them stays where it was: their sessions and their money up to now. What
 * they bring or give back from now on is counted as coming from nowhere known.
 */
export async function forgetAttribution(trx: Transaction<DB>, donationIds: readonly string[]): Promise<void> {
  await sql`
    update donations d
    set article_id = null, article_url = null, campaign = null, placement = null, variant = null, country = null, referrer = null,
      utm_source = null, utm_medium = null, utm_campaign = null, utm_content = null, utm_term = null,
      forgotten_through = coalesce((select max(m.booked_at) from payment_movements m where m.donation_id = d.id), '-infinity')
    where id = any(${donationIds}::uuid[]) and forgotten_through is null
  `.execute(trx);
}
