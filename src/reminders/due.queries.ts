import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

export interface DueReminder {
  readonly id: string;
  readonly created_at: Date;
  readonly time_zone: string;
  readonly locale: string | null;
  readonly frequency: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly discreet: boolean;
  readonly address_sealed: Buffer | null;
  readonly attempts: number;
}

const COLUMNS = sql`id, created_at, time_zone, locale, frequency, amount, currency, discreet, address_sealed, attempts`;

/** Those that are due, the earliest first; they are locked until the transaction ends, and another worker passes them by. */
export async function claimDue(trx: Transaction<DB>, now: Date, limit: number): Promise<readonly DueReminder[]> {
  const { rows } = await sql<DueReminder>`
    select ${COLUMNS} from reminders where state = 'pending' and channel = 'email' and due_at <= ${now}
    order by due_at limit ${limit} for update skip locked
  `.execute(trx);
  return rows;
}

/** One alone, if it is still due and nobody else has it. */
export async function claimOne(trx: Transaction<DB>, id: string, now: Date): Promise<readonly DueReminder[]> {
  const { rows } = await sql<DueReminder>`
    select ${COLUMNS} from reminders where id = ${id} and state = 'pending' and channel = 'email' and due_at <= ${now}
    for update skip locked
  `.execute(trx);
  return rows;
}

export async function dueIds(db: Kysely<DB>, now: Date, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from reminders where state = 'pending' and channel = 'email' and due_at <= ${now} order by due_at limit ${limit}
  `.execute(db);
  return rows.map((row) => row.id);
}

/**
 * Why some of these are not to be sent: the reader has given since (a debit that is on its way counts), or the address takes no mail. Stripe
 * dates payments in whole seconds.
 */
export async function reasonsAgainst(
  trx: Transaction<DB>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; reason: string }>`
    select * from (
      select r.id, case
        when r.address_sealed is null or r.address_hash is null then 'erased'
        when a.bounced_at is not null then 'bounced'
        when a.complained_at > coalesce(a.confirmed_at, '-infinity') then 'complained'
        when a.unsubscribed_at > coalesce(a.confirmed_at, '-infinity') then 'unsubscribed'
        when exists (
          select from donations d join payments p on p.donation_id = d.id where d.reminder_id = r.id and p.status <> 'failed'
        ) or exists (
          select from stripe_customers c
          join donations d on d.stripe_customer = c.id
          join payments p on p.donation_id = d.id
          where c.email_hash = r.address_hash and p.status <> 'failed'
            and coalesce(p.paid_at, p.booked_at) >= date_trunc('second', r.created_at)
        ) then 'given_since'
      end as reason
      from reminders r left join mail_addresses a on a.address_hash = r.address_hash
      where r.id = any(${[...ids]}::uuid[])
    ) as looked_at where reason is not null
  `.execute(trx);
  return new Map(rows.map((row) => [row.id, row.reason]));
}

export async function markQueued(trx: Transaction<DB>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`update reminders set state = 'queued' where id = any(${[...ids]}::uuid[])`.execute(trx);
}

export interface Closed {
  readonly id: string;
  readonly state: "suppressed" | "failed";
  readonly reason: string;
}

/** They are done, and their addresses go. */
export async function closeReminders(trx: Transaction<DB>, closed: readonly Closed[], at: Date): Promise<void> {
  if (closed.length === 0) return;
  await sql`
    update reminders r set state = c.state, reason = c.reason, finished_at = ${at}, address_sealed = null
    from json_to_recordset(${JSON.stringify(closed)}::json) as c (id uuid, state text, reason text)
    where r.id = c.id
  `.execute(trx);
}

export interface Postponed {
  readonly id: string;
  readonly dueAt: Date;
  /** It could not be handled now: one more of its tries. */
  readonly tried: boolean;
}

export async function postpone(trx: Transaction<DB>, postponed: readonly Postponed[]): Promise<void> {
  if (postponed.length === 0) return;
  await sql`
    update reminders r set due_at = p."dueAt", attempts = r.attempts + case when p.tried then 1 else 0 end
    from json_to_recordset(${JSON.stringify(postponed)}::json) as p (id uuid, "dueAt" timestamptz, tried boolean)
    where r.id = p.id
  `.execute(trx);
}
