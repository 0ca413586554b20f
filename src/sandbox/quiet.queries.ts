import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export interface Waiting {
  readonly what:
    | "events"
    | "failed_events"
    | "objects"
    | "refetches"
    | "payments"
    | "balance_transactions"
    | "mails"
    | "failed_mails"
    | "reminders"
    | "mail_paused";
  readonly count: number;
  /** Ten of them at most. */
  readonly ids: readonly string[];
}

/** What has arrived and still waits to be booked. What has failed is left out until it is due again. */
export async function waiting(db: Kysely<DB>): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    with left_to_do (what, id) as (
      select 'events', id from stripe_events where state = 'received' and (reason is null or due_at <= clock_timestamp())
      union all select 'objects', object_id from dirty_objects
      union all select 'refetches', object_id from refetches where attempts = 0
      union all select 'payments', coalesce(stripe_payment_intent, stripe_invoice, id::text)
        from payments where status = 'paid' and settled_gross is null and stripe_charge is not null
      union all select 'balance_transactions', id from missing_balance_transactions
    )
    select what, count(*)::int as count, (array_agg(id order by id))[1:10] as ids from left_to_do group by what order by what
  `.execute(db);
  return rows;
}

/** Mails that are on their way out: what failed, or is held to a later time, is left out. */
export async function mailsOnTheirWay(db: Kysely<DB>): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    select 'mails' as what, count(*)::int as count, (array_agg(m.id::text order by m.id))[1:10] as ids
    from mails m join graphile_worker.jobs j on j.key = 'mail:' || m.id
    where m.state in ('queued', 'sending') and j.attempts <= 1 and j.run_at <= clock_timestamp()
    having count(*) > 0
  `.execute(db);
  return rows;
}

/** Mails that could not be sent yet and are tried again in their own time. */
export async function failedMails(db: Kysely<DB>): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    select 'failed_mails' as what, count(*)::int as count, (array_agg(id::text order by id))[1:10] as ids
    from mails where state = 'queued' and attempts > 0 having count(*) > 0
  `.execute(db);
  return rows;
}

/** Reminders whose day has come and that nobody has looked at; one for which it is night is put off as soon as somebody does. */
export async function remindersDue(db: Kysely<DB>, now: Date): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    select 'reminders' as what, count(*)::int as count, (array_agg(id::text order by due_at, id))[1:10] as ids
    from reminders where ${due(now)} having count(*) > 0
  `.execute(db);
  return rows;
}

/** What would go out if mail were not held back: mails and reminders. */
export async function heldBack(db: Kysely<DB>, now: Date): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    select 'mail_paused' as what, count(*)::int as count, (array_agg(id::text order by id))[1:10] as ids
    from (
      select id from reminders where ${due(now)}
      union all select id from mails where state in ('queued', 'sending')
    ) as held having count(*) > 0
  `.execute(db);
  return rows;
}

function due(now: Date) {
  return sql`state = 'pending' and channel = 'email' and due_at <= ${now}`;
}

/** Events that could not be applied and come again in their own time. */
export async function failedEvents(db: Kysely<DB>): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    select 'failed_events' as what, count(*)::int as count, (array_agg(id order by id))[1:10] as ids
    from stripe_events where state = 'received' and reason is not null having count(*) > 0
  `.execute(db);
  return rows;
}

/** Pauses before another try are of the wall clock, which nobody can move: they become shorter by so much. */
export async function hurryRetries(db: Kysely<DB>, milliseconds: number): Promise<void> {
  const sooner = sql`due_at - make_interval(secs => ${milliseconds / 1000})`;
  await sql`update stripe_events set due_at = ${sooner} where state = 'received' and reason is not null`.execute(db);
  await sql`update refetches set due_at = ${sooner} where attempts > 0`.execute(db);
}

export async function isQuiet(db: Kysely<DB>): Promise<boolean> {
  return (await waiting(db)).length === 0;
}
