import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Frequency } from "../newsroom.ts";
import type { MailData, MailKind } from "./kinds.ts";

/** A mail with all that decides whether it is sent, where to, and what its links hold. */
export interface MailRow {
  readonly id: string;
  readonly kind: MailKind;
  readonly state: "queued" | "sending" | "sent" | "suppressed" | "failed";
  readonly attempts: number;
  /** Of these, those that failed for the mail server's own trouble. */
  readonly outages: number;
  /** Whether the worker that had it has let its lease lapse. */
  readonly lapsed: boolean;
  /** Seconds since it was caused. */
  readonly age: number;
  readonly locale: string | null;
  readonly discreet: boolean;
  readonly data: MailData[MailKind];
  readonly to_sealed: Buffer | null;
  readonly donation: DonationOfMail | null;
  readonly customer: CustomerOfMail | null;
  /** Whether a mail about a card that ends has come to nothing: the customer's newest method is none that ends in that month. */
  readonly card_replaced: boolean;
  readonly reminder: ReminderOfMail | null;
  /** What is known of the address; null when nothing is. */
  readonly address: AddressOfMail | null;
  readonly address_hash: Buffer | null;
}

export interface DonationOfMail {
  readonly id: string;
  readonly frequency: Frequency;
  /** What the reader gives now, in minor units. */
  readonly amount: number;
  readonly chosen_amount: number;
  readonly currency: string;
  readonly locale: string | null;
  readonly no_mail: boolean;
  readonly stripe_subscription: string | null;
  readonly subscription_status: string | null;
}

interface CustomerOfMail {
  readonly id: string;
  readonly deleted: boolean;
  readonly email_sealed: Buffer | null;
}

export interface ReminderOfMail {
  readonly id: string;
  readonly state: string;
  readonly locale: string | null;
  readonly address_sealed: Buffer | null;
}

interface AddressOfMail {
  readonly bounced: boolean;
  readonly complained: boolean;
  readonly unsubscribed: boolean;
  /** Whether the reader has confirmed the address after all that. */
  readonly confirmed_since: boolean;
}

/** Reads a mail and holds its row to the end of the transaction: whoever cancels it waits until it is decided. */
export async function lockMail(trx: Transaction<DB>, id: string): Promise<MailRow | null> {
  const { rows } = await sql<MailRow & { email_sealed: Buffer | null; address_sealed: Buffer | null }>`
    select m.id, m.kind, m.state, m.attempts, m.outages, coalesce(m.lease_until <= clock_timestamp(), false) as lapsed,
      extract(epoch from clock_timestamp() - m.created_at)::float8 as age,
      m.locale, m.discreet, m.data, m.to_sealed,
      case when d.id is not null then json_build_object('id', d.id, 'frequency', d.frequency, 'amount', coalesce(d.running_amount, d.amount),
        'chosen_amount', d.chosen_amount, 'currency', d.currency, 'locale', d.locale, 'no_mail', d.no_mail,
        'stripe_subscription', d.stripe_subscription, 'subscription_status', d.subscription_status) end as donation,
      case when c.id is not null then json_build_object('id', c.id, 'deleted', c.deleted) end as customer, c.email_sealed,
      m.kind = 'card_expiring' and coalesce((
        select (p.card_exp_year || '-' || lpad(p.card_exp_month::text, 2, '0')) is distinct from m.data->>'expires'
        from stripe_payment_methods p where p.customer_id = d.stripe_customer order by p.created desc, p.id desc limit 1
      ), false) as card_replaced,
      case when r.id is not null then json_build_object('id', r.id, 'state', r.state, 'locale', r.locale) end as reminder,
      r.address_sealed,
      case when a.address_hash is not null then json_build_object('bounced', a.bounced_at is not null,
        'complained', a.complained_at is not null, 'unsubscribed', a.unsubscribed_at is not null,
        'confirmed_since', coalesce(a.confirmed_at > greatest(a.complained_at, a.unsubscribed_at), false)) end as address,
      coalesce(m.to_hash, r.address_hash, c.email_hash) as address_hash
    from mails m
      left join donations d on d.id = m.donation_id
      left join reminders r on r.id = m.reminder_id
      left join stripe_customers c on c.id = d.stripe_customer
      left join mail_addresses a on a.address_hash = coalesce(m.to_hash, r.address_hash, c.email_hash)
    where m.id = ${id}
    for update of m
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) return null;
  const { email_sealed, address_sealed, ...mail } = row;
  return {
    ...mail,
    customer: mail.customer && { ...mail.customer, email_sealed },
    reminder: mail.reminder && { ...mail.reminder, address_sealed },
  };
}

/** The mail is this worker's until the lease ends. @returns which attempt this is */
export async function takeMail(trx: Transaction<DB>, id: string, leaseMs: number): Promise<number> {
  const { rows } = await sql<{ attempts: number }>`
    with lease as (select clock_timestamp() + ${leaseMs} * interval '1 millisecond' as until)
    update mails set state = 'sending', attempts = attempts + 1, lease_until = lease.until, look_at = lease.until
    from lease where id = ${id}
    returning attempts
  `.execute(trx);
  return rows[0]?.attempts ?? 0;
}

/** Gives a mail back after a failure that may pass; its job tries again. */
export async function returnMail(db: Kysely<DB>, id: string, attempt: number): Promise<void> {
  await sql`
    update mails set state = 'queued', lease_until = null, look_at = clock_timestamp() + interval '1 minute', outage_since = null
    where id = ${id} and state = 'sending' and attempts = ${attempt}
  `.execute(db);
}

/**
 * Gives a mail back after a failure that had nothing to do with it.
 * @returns for how many milliseconds its attempts have failed so; null when that is longer than `mostMs`, or it is another worker's by now
 */
export async function returnAfterOutage(
  trx: Transaction<DB>,
  id: string,
  attempt: number,
  mostMs: number,
): Promise<number | null> {
  const { rows } = await sql<{ ms: number }>`
    update mails set state = 'queued', lease_until = null, outages = outages + 1,
      outage_since = coalesce(outage_since, clock_timestamp())
    where id = ${id} and state = 'sending' and attempts = ${attempt}
      and coalesce(outage_since > clock_timestamp() - ${mostMs} * interval '1 millisecond', true)
    returning extract(epoch from clock_timestamp() - outage_since)::float8 * 1000 as ms
  `.execute(trx);
  return rows[0]?.ms ?? null;
}

/** Puts a mail off by another job, in place of the one that is running; no attempt is lost. */
export async function postponeMail(trx: Transaction<DB>, id: string, ms: number): Promise<void> {
  await sql`
    with due as (select clock_timestamp() + ${Math.ceil(ms)} * interval '1 millisecond' as at)
    update mails set look_at = due.at + interval '1 minute' from due where id = ${id}
  `.execute(trx);
  await addMailJobs(trx, [id], ms);
}

/** Adds the job of each mail, in place of the one that it has. @param inMs from now */
export async function addMailJobs(db: Kysely<DB>, ids: readonly string[], inMs = 0): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    select graphile_worker.add_job('send_mail', json_build_object('id', id), job_key := 'mail:' || id, max_attempts := 12,
      run_at := clock_timestamp() + ${Math.ceil(inMs)} * interval '1 millisecond')
    from unnest(${ids}::uuid[]) as id
  `.execute(db);
}

export interface MailEnd {
  readonly state: "sent" | "suppressed" | "failed";
  /** A short code; null when it was sent. */
  readonly reason: string | null;
}

/**
 * Writes down how a mail has ended; an address kept for it goes. @param attempt the one that ended so: null for a mail that nobody has taken
 * @returns false when it is another worker's by now, or has ended already
 */
export async function endMail(
  trx: Transaction<DB>,
  id: string,
  end: MailEnd,
  attempt: number | null,
): Promise<boolean> {
  const { rows } = await sql<{ kind: string }>`
    update mails set state = ${end.state}, reason = ${end.reason}, finished_at = clock_timestamp(), lease_until = null, to_sealed = null
    where id = ${id} and state in ('queued', 'sending') and (${attempt}::integer is null or attempts = ${attempt})
    returning kind
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) return false;
  await sql`
    insert into mail_counts as c (kind, state, shard, count) values (${row.kind}, ${end.state}, floor(random() * 8), 1)
    on conflict (kind, state, shard) do update set count = c.count + 1
  `.execute(trx);
  return true;
}

/** Nothing is sent there any more. @param code what the server said, in numbers */
export async function markBounced(trx: Transaction<DB>, addressHash: Buffer, code: string): Promise<void> {
  await sql`
    insert into mail_addresses (address_hash, bounced_at, bounce_code) values (${addressHash}, clock_timestamp(), ${code})
    on conflict (address_hash) do update set bounced_at = excluded.bounced_at, bounce_code = excluded.bounce_code
  `.execute(trx);
}

/** A server has taken a mail to it. */
export async function clearBounced(trx: Transaction<DB>, addressHash: Buffer): Promise<void> {
  await sql`update mail_addresses set bounced_at = null, bounce_code = null where address_hash = ${addressHash}`.execute(
    trx,
  );
}
