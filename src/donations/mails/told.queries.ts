import { sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

/** Of these attempts to take a payment, those that a mail was written about. */
export async function toldOfAttempts(trx: Transaction<DB>, causes: readonly string[]): Promise<ReadonlySet<string>> {
  if (causes.length === 0) return new Set();
  const { rows } = await sql<{ cause: string }>`
    select cause from mails where kind in ('payment_failed', 'action_required') and cause = any(${causes}::text[])
  `.execute(trx);
  return new Set(rows.map((row) => row.cause));
}
