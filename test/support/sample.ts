import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";

const TABLES = [
  "donations",
  "consents",
  "payments",
  "payment_movements",
  "balance_transactions",
  "payout_lines",
  "payouts_pulled",
  "stripe_customers",
  "stripe_sessions",
  "stripe_subscriptions",
  "stripe_invoices",
  "stripe_payment_intents",
  "stripe_charges",
  "stripe_invoice_payments",
  "stripe_refunds",
  "stripe_disputes",
  "stripe_payouts",
] as const satisfies readonly (keyof DB)[];

/** Sealed by chance, or hashed under a key that is each database's own. */
const OWN = ["email_sealed", "name_sealed", "email_hash", "details_hash", "donor_id"];

/** Every row that sample data consists of, as text, without what differs from database to database. */
export async function sampleRows(db: Kysely<DB>): Promise<Readonly<Record<string, readonly string[]>>> {
  const all: Record<string, readonly string[]> = {};
  for (const table of TABLES) {
    const { rows } = await sql<{ row: string }>`
      select (to_jsonb(t) - ${OWN}::text[])::text as row from ${sql.table(table)} t order by 1
    `.execute(db);
    all[table] = rows.map(({ row }) => row);
  }
  return all;
}
