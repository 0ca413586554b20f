import { sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

/** The mails that were written about these gifts. */
export async function writtenMails(
  trx: Transaction<DB>,
  donationIds: readonly string[],
): Promise<readonly { readonly kind: string; readonly cause: string }[]> {
  const { rows } = await sql<{ kind: string; cause: string }>`
    select kind, cause from mails where donation_id = any(${donationIds}::uuid[])
  `.execute(trx);
  return rows;
}
