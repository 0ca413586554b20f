import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { StoredReminder } from "./find.queries.ts";

/** Of a reminder and of all others of its address whose mail hasn't gone: their ids. */
export async function standingIds(
  trx: Transaction<DB>,
  { id, address_hash }: Pick<StoredReminder, "id" | "address_hash">,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select ${id}::uuid as id
    union select id from reminders where address_hash = ${address_hash}::bytea and state in ('unconfirmed', 'pending')
    union select id from reminders where address_hash = ${address_hash}::bytea and state = 'queued'
  `.execute(trx);
  return rows.map((row) => row.id);
}

/** So that the sender, who takes the mail first and the reminder after it, never waits in a circle with us. */
export async function lockMails(trx: Transaction<DB>, reminderIds: readonly string[]): Promise<void> {
  await sql`
    select from mails where reminder_id = any(${[...reminderIds]}::uuid[]) and state in ('queued', 'sending') order by id for update
  `.execute(trx);
}

export interface Cancel {
  /** The reminder whose link was used. */
  readonly id: string;
  /** By the link of whoever asked for it, or by that of a mail. */
  readonly by: "own" | "mail";
  readonly at: Date;
  /** The same for all that it ends. */
  readonly cancelId: string;
}

/**
 * What is done already stays as it is. One that a later request has moved is cancelled for its own link alone.
 * @returns how many were cancelled
 */
export async function markCancelled(
  trx: Transaction<DB>,
  ids: readonly string[],
  { id, by, at, cancelId }: Cancel,
): Promise<number> {
  const { rows } = await sql`
    with standing as (
      select id, state from reminders
      where id = any(${[...ids]}::uuid[])
        and (state in ('unconfirmed', 'pending', 'queued') or (state = 'suppressed' and reason = 'moved'))
      order by id for update
    )
    update reminders r set state = 'cancelled', cancelled_from = standing.state, cancel_id = ${cancelId}, finished_at = ${at},
      cancelled_by = case when r.id = ${id} then ${by} else 'other' end
    from standing where r.id = standing.id
    returning 1
  `.execute(trx);
  return rows.length;
}

/**
 * For its asker, one that another link has cancelled stands until they cancel it: a cancel of their own, which brings back that one alone and no
 * further than to the question whether it is wanted.
 */
export async function cancelForAsker(trx: Transaction<DB>, { id, at, cancelId }: Cancel): Promise<void> {
  await sql`
    update reminders set cancelled_by = 'own', cancel_id = ${cancelId}, finished_at = ${at},
      cancelled_from = case cancelled_from when 'pending' then 'unconfirmed' else cancelled_from end
    where id = ${id} and state = 'cancelled' and cancelled_by is distinct from 'own'
  `.execute(trx);
}

export async function isCancelledByAsker(trx: Transaction<DB>, id: string): Promise<boolean> {
  const row = await trx
    .selectFrom("reminders")
    .select("id")
    .where("id", "=", id)
    .where("state", "=", "cancelled")
    .where("cancelled_by", "=", "own")
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Keeps the mails of cancelled reminders from going out. One under a lease that has lapsed belongs to nobody.
 * @returns how many are on their way at this moment
 */
export async function stopMails(trx: Transaction<DB>, reminderIds: readonly string[]): Promise<number> {
  const { rows } = await sql<{ on_their_way: number }>`
    with found as (
      select id, state = 'sending' and lease_until > clock_timestamp() as on_its_way
      from mails where reminder_id = any(${[...reminderIds]}::uuid[]) and state in ('queued', 'sending')
      order by id for update
    ), stopped as (
      update mails set state = 'suppressed', reason = 'cancelled', lease_until = null, finished_at = now()
      from found where mails.id = found.id and not found.on_its_way
    )
    select count(*) as on_their_way from found where on_its_way
  `.execute(trx);
  return rows[0]?.on_their_way ?? 0;
}
