import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { queueMails } from "../mail/queue.queries.ts";
import { CONFIRM_MAIL_DAYS, CONFIRM_MAILS, REFUSED_DAYS } from "../shared/limits.ts";

/* What an address may get. All of it takes the address's lock first, so that two requests for one address don't meet. */

const REFUSED = sql`reminders_refused_at > clock_timestamp() - ${REFUSED_DAYS} * interval '1 day'`;

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
      coalesce(greatest(reminders_cancelled_at, complained_at, unsubscribed_at) > coalesce(confirmed_at, '-infinity'), false)
        or coalesce(${REFUSED}, false) as declined
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
  readonly discreet: boolean;
  /** Another one when the same reminder asks again. */
  readonly cause: string;
}

/** Queues the mail that asks to confirm, unless the address was asked a short while ago, or too often, or has said no (all by the wall clock). */
export async function askToConfirm(trx: Transaction<DB>, question: Question): Promise<void> {
  const days = (count: number) => sql`clock_timestamp() - ${count} * interval '1 day'`;
  const asked = sql`known.confirm_asks`;
  const { rows } = await sql`
    insert into mail_addresses as known (address_hash, confirm_asks) values (${question.hash}, array[clock_timestamp()])
    on conflict (address_hash) do update
      set confirm_asks = ${asked}[greatest(1, cardinality(${asked}) - ${CONFIRM_MAILS.most - 2}):] || clock_timestamp()
    where coalesce(${asked}[cardinality(${asked})] < ${days(CONFIRM_MAIL_DAYS)}, true)
      and coalesce(${asked}[cardinality(${asked}) - ${CONFIRM_MAILS.most - 1}] < ${days(CONFIRM_MAILS.days)}, true)
      and coalesce(known.reminders_refused_at < ${days(REFUSED_DAYS)}, true)
    returning 1
  `.execute(trx);
  if (rows.length === 0) return;
  const { reminderId, cause, dueOn, locale, discreet } = question;
  await queueMails(trx, [{ kind: "reminder_confirm", cause, reminderId, locale, discreet, data: { due_on: dueOn } }]);
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
    update mail_addresses set confirm_asks = trim_array(confirm_asks, 1)
    where address_hash = ${hash} and confirm_asks <> '{}' and exists (select from withdrawn)
  `.execute(trx);
}

/** Whoever reads the address's mail wants reminders: what spoke against them is over. */
export async function confirmAddress(trx: Transaction<DB>, hash: Buffer, at: Date): Promise<void> {
  await sql`
    with confirmed as (
      insert into mail_addresses (address_hash, confirmed_at) values (${hash}, ${at})
      on conflict (address_hash) do update
        set confirmed_at = excluded.confirmed_at, reminders_cancelled_at = null, reminders_cancel_id = null, reminders_refused_at = null
    )
    update reminders set state = 'pending' where address_hash = ${hash} and state = 'unconfirmed'
  `.execute(trx);
}

interface Cancelled {
  readonly at: Date;
  readonly cancelId: string;
}

/** The address wants no reminders: the next one that is asked for has to be confirmed. Only a link in a mail can take that back. */
export async function noteCancelled(trx: Transaction<DB>, hash: Buffer, { at, cancelId }: Cancelled): Promise<void> {
  await sql`
    insert into mail_addresses (address_hash, reminders_cancelled_at, reminders_cancel_id) values (${hash}, ${at}, ${cancelId})
    on conflict (address_hash) do update
      set reminders_cancelled_at = greatest(mail_addresses.reminders_cancelled_at, excluded.reminders_cancelled_at),
        reminders_cancel_id = excluded.reminders_cancel_id
  `.execute(trx);
}

/** Nor does it want to be asked about them. */
export async function noteRefused(trx: Transaction<DB>, hash: Buffer): Promise<void> {
  await sql`
    insert into mail_addresses (address_hash, reminders_refused_at) values (${hash}, clock_timestamp())
    on conflict (address_hash) do update set reminders_refused_at = excluded.reminders_refused_at
  `.execute(trx);
}

/** How an address stands, for whoever reads its mail and for nobody else. */
export interface AddressStanding {
  /** A reminder will come, whatever becomes of the one whose link is shown. */
  readonly stands: boolean;
  readonly declined: boolean;
  readonly refused: boolean;
}

export async function standingOf(db: Kysely<DB>, hash: Buffer): Promise<AddressStanding> {
  const { rows } = await sql<AddressStanding>`
    select exists (select from reminders where address_hash = ${hash} and state = 'pending')
        or exists (select from reminders where address_hash = ${hash} and state = 'queued') as stands,
      coalesce(bool_or(reminders_cancelled_at is not null), false) as declined,
      coalesce(bool_or(${REFUSED}), false) as refused
    from mail_addresses where address_hash = ${hash}
  `.execute(db);
  return rows[0] ?? { stands: false, declined: false, refused: false };
}
