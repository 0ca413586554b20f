import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

/** A running gift that time has brought something for. */
export interface TimedGift {
  readonly donation_id: string;
  readonly cause: string;
  readonly frequency: string;
  readonly currency: string;
  /** What it charges now, in minor units. */
  readonly amount: number;
  readonly locale: string | null;
  readonly discreet: boolean;
  /** When the next payment is due. */
  readonly next_at: Date | null;
}

const SCAN = "timed_mails";

/** When all was last looked through, in product time; null before the first time. */
export async function lastScan(db: Kysely<DB>): Promise<Date | null> {
  const row = await db.selectFrom("cursors").select("position").where("name", "=", SCAN).executeTakeFirst();
  return row?.position ?? null;
}

/** @returns whether this transaction alone may look through now; another process that does is let be */
export async function claimScan(trx: Transaction<DB>): Promise<boolean> {
  await sql`insert into cursors (name) values (${SCAN}) on conflict (name) do nothing`.execute(trx);
  const { rows } = await sql`select from cursors where name = ${SCAN} for update skip locked`.execute(trx);
  return rows.length > 0;
}

export async function finishScan(trx: Transaction<DB>, position: Date): Promise<void> {
  await sql`update cursors set position = ${position}, moved_at = clock_timestamp() where name = ${SCAN}`.execute(trx);
}

const GIFT = sql`d.id as donation_id, d.frequency, d.currency, coalesce(d.running_amount, d.amount) as amount, d.locale, d.discreet,
  s.current_period_end as next_at`;
/** Neither paused nor ending, and of somebody who wants mail. */
const RUNS_ON = sql`s.status = 'active' and not s.cancel_at_period_end and s.cancel_at is null and s.pause_behavior is null
  and d.stripe_subscription = s.id and not d.no_mail`;

function isNew(kind: string) {
  return sql`not exists (select from mails m where m.kind = ${kind} and m.cause = c.cause)`;
}

/** @param months as the cards say them: year and month */
export async function expiringCards(
  trx: Transaction<DB>,
  months: readonly { readonly year: number; readonly month: number }[],
  limit: number,
): Promise<readonly (TimedGift & { readonly expires: string })[]> {
  const { rows } = await sql<TimedGift & { expires: string }>`
    select c.* from (
      select ${GIFT}, e.expires, d.id || ':' || e.expires as cause
      from unnest(${months.map((each) => each.year)}::int[], ${months.map((each) => each.month)}::int[]) as due (year, month)
      join stripe_payment_methods p on p.card_exp_year = due.year and p.card_exp_month = due.month and p.customer_id is not null
      join stripe_subscriptions s on s.customer_id = p.customer_id
      join donations d on d.id = s.donation_id
      cross join lateral (select due.year || '-' || lpad(due.month::text, 2, '0') as expires) as e
      where ${RUNS_ON} and not exists (
        select from stripe_payment_methods n where n.customer_id = p.customer_id and (n.created, n.id) > (p.created, p.id)
      )
    ) as c
    where ${isNew("card_expiring")} limit ${limit}
  `.execute(trx);
  return rows;
}

/** Annual gifts that renew within these days. */
export async function upcomingRenewals(
  trx: Transaction<DB>,
  within: { readonly now: Date; readonly days: number; readonly timeZone: string },
  limit: number,
): Promise<readonly (TimedGift & { readonly renews_on: string })[]> {
  const { rows } = await sql<TimedGift & { renews_on: string }>`
    select c.* from (
      select ${GIFT}, e.renews_on, d.id || ':' || e.renews_on as cause
      from stripe_subscriptions s
      join donations d on d.id = s.donation_id
      cross join lateral (select to_char(s.current_period_end at time zone ${within.timeZone}, 'YYYY-MM-DD') as renews_on) as e
      where s.interval = 'year' and s.current_period_end > ${within.now}
        and s.current_period_end <= ${within.now}::timestamptz + make_interval(days => ${within.days}) and ${RUNS_ON}
    ) as c
    where ${isNew("annual_upcoming")} limit ${limit}
  `.execute(trx);
  return rows;
}

export interface YearOfGiving extends TimedGift {
  /** The day on which the gift began, and what arrived and stayed in the twelve months before its anniversary. */
  readonly since: string;
  readonly total: number;
  readonly payments: number;
}

/**
 * Monthly gifts whose anniversary (to the minute, as Stripe's clock is not ours) was within the last `days`. @param birthdays the months and days to look at, one for each
 * of those days and more
 */
export async function anniversaries(
  trx: Transaction<DB>,
  within: {
    readonly now: Date;
    readonly days: number;
    readonly timeZone: string;
    readonly birthdays: readonly { readonly month: number; readonly day: number }[];
  },
  limit: number,
): Promise<readonly YearOfGiving[]> {
  const { rows } = await sql<YearOfGiving>`
    select c.*, given.total, given.payments from (
      select ${GIFT}, d.id || ':' || to_char(y.anniversary, 'YYYY-MM-DD') as cause, y.anniversary,
        to_char(d.created_at at time zone ${within.timeZone}, 'YYYY-MM-DD') as since
      from unnest(${within.birthdays.map((each) => each.month)}::int[], ${within.birthdays.map((each) => each.day)}::int[]) as b (month, day)
      join donations d on d.frequency = 'monthly'
        and extract(month from d.created_at at time zone 'UTC') = b.month and extract(day from d.created_at at time zone 'UTC') = b.day
      join stripe_subscriptions s on s.id = d.stripe_subscription
      cross join lateral (
        select date_trunc('minute', d.created_at at time zone 'UTC') + make_interval(years => n) as anniversary
        from generate_series(
          greatest(1, extract(year from ${within.now}::timestamptz at time zone 'UTC')::int - extract(year from d.created_at at time zone 'UTC')::int - 1),
          extract(year from ${within.now}::timestamptz at time zone 'UTC')::int - extract(year from d.created_at at time zone 'UTC')::int
        ) as n
      ) as y
      where y.anniversary <= ${within.now}::timestamptz at time zone 'UTC'
        and y.anniversary > (${within.now}::timestamptz - make_interval(days => ${within.days})) at time zone 'UTC' and ${RUNS_ON}
    ) as c
    cross join lateral (
      select sum(p.amount - p.refunded - p.disputed)::bigint as total, count(*) as payments
      from payments p
      where p.donation_id = c.donation_id and p.status = 'paid' and p.amount > p.refunded + p.disputed
        and p.paid_at < c.anniversary at time zone 'UTC' and p.paid_at >= (c.anniversary - interval '1 year') at time zone 'UTC'
    ) as given
    where given.total > 0 and ${isNew("yearly_note")} limit ${limit}
  `.execute(trx);
  return rows;
}
