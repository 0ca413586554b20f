import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { queueMails } from "../mail/queue.queries.ts";
import { CONFIRM_MAIL_DAYS } from "../shared/limits.ts";

/* What an address may get. All of it takes the address's lock first, so that two requests for one address don't meet. */

/** Until the transaction ends. */
export async function lockAddress(trx: Transaction<DB>, hash: Buffer): Promise<void> {
  await sql`select pg_advisory_xact_lock(${hash.readBigInt64BE().toString()}::bigint)`.execute(trx);
}

/**
 * Whether an address has to confirm before it gets anything else: because it has turned mail away since it last confirmed, or because it
 * never did in a country that asks for it.
 */
export async function mustConfirm(trx: Transaction<DB>, hash: Buffer, countryAsks: boolean): Promise<boolean> {
  const { rows } = await sql<{ confirmed: boolean; declined: boolean }>`
    select confirmed_at is not null as confirmed,
      coalesce(greatest(reminders_cancelled_at, complained_at, unsubscribed_at) > coalesce(confirmed_at, '-infinity'), false) as declined
    from mail_addresses where address_hash = ${hash}
  `.execute(trx);
  const { confirmed, declined } = rows[0] ?? { confirmed: false, declined: false };
  return declined || (countryAsks && !confirmed);
}

export interface Question {
  readonly reminderId: string;
  readonly hash: Buffer;
  readonly dueOn: string;
  readonly locale: string | null;
  /** Another one when the same reminder asks again. */
  readonly cause: string;
}

/** Queues the mail that asks to confirm, unless the address was asked a short while ago (by the wall clock). */
export async function askToConfirm(trx: Transaction<DB>, question: Question): Promise<void> {
  const { rows } = await sql`
    insert into mail_addresses as known (address_hash, confirm_asked_at) values (${question.hash}, clock_timestamp())
    on conflict (address_hash) do update set confirm_asked_at = excluded.confirm_asked_at
    where known.confirm_asked_at is null
      or known.confirm_asked_at < clock_timestamp() - ${CONFIRM_MAIL_DAYS} * interval '1 day'
    returning 1
  `.execute(trx);
  if (rows.length === 0) return;
  const { reminderId, cause, dueOn, locale } = question;
  await queueMails(trx, [{ kind: "reminder_confirm", cause, reminderId, locale, data: { due_on: dueOn } }]);
}

/** Takes back the question of these reminders if it hasn't gone out, so that a later one may ask again. */
export async function withdrawQuestion(
  trx: Transaction<DB>,
  hash: Buffer,
  reminderIds: readonly string[],
): Promise<void> {
  await sql`
    with withdrawn as (
      update mails set state = 'suppressed', reason = 'cancelled', finished_at = now()
      where reminder_id = any(${[...reminderIds]}::uuid[]) and kind = 'reminder_confirm' and state = 'queued'
      returning 1
    )
    update mail_addresses set confirm_asked_at = null where address_hash = ${hash} and exists (select from withdrawn)
  `.execute(trx);
}

export async function confirmAddress(trx: Transaction<DB>, hash: Buffer, at: Date): Promise<void> {
  await sql`
    with confirmed as (
      insert into mail_addresses (address_hash, confirmed_at) values (${hash}, ${at})
      on conflict (address_hash) do update set confirmed_at = excluded.confirmed_at
    )
    update reminders set state = 'pending' where address_hash = ${hash} and state = 'unconfirmed'
  `.execute(trx);
}

/** The address wants no reminders: the next one that is asked for has to be confirmed. */
export async function noteCancelled(trx: Transaction<DB>, hash: Buffer, at: Date): Promise<void> {
  await sql`
    insert into mail_addresses (address_hash, reminders_cancelled_at) values (${hash}, ${at})
    on conflict (address_hash) do update
      set reminders_cancelled_at = greatest(mail_addresses.reminders_cancelled_at, excluded.reminders_cancelled_at)
  `.execute(trx);
}

/** Takes back what that very cancel has noted. */
export async function forgetCancelled(trx: Transaction<DB>, hash: Buffer, at: Date): Promise<void> {
  await sql`
    update mail_addresses set reminders_cancelled_at = null where address_hash = ${hash} and reminders_cancelled_at = ${at}
  `.execute(trx);
}
