import { type Insertable, type Kysely, sql, type Transaction } from "kysely";
import type { DB, Reminders } from "../db/schema.ts";

export type NewReminder = Insertable<Reminders>;

export async function insertReminder(db: Kysely<DB> | Transaction<DB>, reminder: NewReminder): Promise<void> {
  await db.insertInto("reminders").values(reminder).execute();
}

/** The request before this one no longer counts. Its own link still shows what it asked for. @returns the ids of what was moved */
export async function supersede(trx: Transaction<DB>, hash: Buffer, at: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    update reminders set state = 'suppressed', reason = 'moved', finished_at = ${at}, address_sealed = null
    where address_hash = ${hash} and state in ('unconfirmed', 'pending')
    returning id
  `.execute(trx);
  return rows.map((row) => row.id);
}
