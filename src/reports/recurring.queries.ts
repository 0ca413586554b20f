import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import { firstOfMonth, periodStart } from "../shared/period.ts";

/** Months are counted from the year 0: 12 × year + month − 1. */
export interface MonthRange {
  readonly first: number;
  readonly last: number;
}

export interface RecurringCount {
  readonly kind: "active" | "new" | "returned" | "cancelled" | "lapsed" | "failed" | "recovered";
  readonly currency: string;
  readonly month: number;
  /** Of active gifts: the month of their first payment. */
  readonly started: number | null;
  readonly gifts: number;
  /** Of active gifts: the sum of their latest monthly payments, and of their latest annual ones. */
  readonly monthly: number;
  readonly annual: number;
}

/** Stripe opened in 2011. */
const EARLIEST = 2010 * 12;
/** All recurring gifts began in this month or later. */
export const FIRST_MONTH = EARLIEST + 1;
/** Months that one payment can reach, with the one in which its gift lapses. */
const LONGEST_CARRIED = 13;

const knownStarts = new Map<string, Date[]>();

/** The instants at which months begin in a time zone, from the earliest on. */
function monthStarts(timeZone: string, last: number): readonly Date[] {
  const known = knownStarts.get(timeZone) ?? [];
  knownStarts.set(timeZone, known);
  for (let month = EARLIEST + known.length; month <= last; month++) {
    known.push(periodStart(firstOfMonth(Math.floor(month / 12), (month % 12) + 1), timeZone));
  }
  return known;
}

/**
 * Recurring gifts by month of the time zone and the donor's currency, from paid invoices and the ends of subscriptions.
 *
 * A payment carries its gift to the end of the month in which the next one is due, one or twelve months on. A gift is active in a month at
 * whose end a payment carries it; a renewal that was refused and is paid in the month after at the latest leaves no gap. In that month
 * a gift lapses otherwise, unless its subscription ended before: then it was cancelled, in the month of `ended_at`.
 */
export async function countRecurring(
  db: Kysely<DB>,
  { first, last }: MonthRange,
  timeZone: string,
): Promise<readonly RecurringCount[]> {
  const starts = monthStarts(timeZone, last + LONGEST_CARRIED);
  // Twice as fast as the zone's arithmetic for each row.
  const monthOf = (instant: string) =>
    sql`(${EARLIEST - 1}::int + width_bucket(${sql.ref(instant)}, ${starts}::timestamptz[]))`;
  const { rows } = await sql<RecurringCount>`
    with paid as (
      select p.donation_id, p.currency, p.frequency, p.amount, ${monthOf("p.booked_at")} as month, p.booked_at, p.installment
      from payments p where p.frequency <> 'once' and p.status = 'paid'
    ), ordered as (
      select paid.*, ${monthOf("s.ended_at")} as ended, month + case paid.frequency when 'annual' then 13 else 2 end as uncovered,
        lag(month) over gift as previous, lead(month) over gift as next, first_value(month) over gift as started
      from paid
      join donations d on d.id = paid.donation_id
      left join stripe_subscriptions s on s.id = d.stripe_subscription
      window gift as (partition by paid.donation_id order by paid.booked_at, paid.installment)
    ), carried as (
      select *, greatest(month, least(uncovered, next, ended)) as until,
        least(previous + uncovered - month, ended) < month as was_gone,
        ended <= uncovered and coalesce(ended < next, true) as is_cancelled
      from ordered
    ), happened as (
      select 'new' as kind, currency, month from carried where previous is null
      union all
      select 'returned', currency, month from carried where previous is not null and was_gone
      union all
      select 'cancelled', currency, greatest(ended, month) from carried where is_cancelled
      union all
      select 'lapsed', currency, uncovered from carried
      where coalesce(next > uncovered, true) and coalesce(ended > uncovered, true)
    ), renewals as (
      select p.currency, p.status, ${monthOf("p.booked_at")} as month, ${monthOf("i.created")} as tried
      from payments p join stripe_invoices i on i.id = p.stripe_invoice
      where p.frequency <> 'once' and p.installment > 1 and (p.status = 'failed' or i.attempt_count > 1 or exists (
        select from stripe_charges c where c.payment_intent_id = p.stripe_payment_intent and c.status = 'failed'
      ))
    ), counted as (
      select 'active' as kind, currency, m as month, started, count(*)::int as gifts,
        coalesce(sum(amount) filter (where frequency = 'monthly'), 0)::bigint as monthly,
        coalesce(sum(amount) filter (where frequency = 'annual'), 0)::bigint as annual
      from carried cross join lateral generate_series(greatest(month, ${first}::int - 1), least(until - 1, ${last}::int)) as m
      group by currency, m, started
      union all
      select kind, currency, month, null, count(*)::int, 0, 0 from happened group by kind, currency, month
      union all
      select 'failed', currency, tried, null, count(*)::int, 0, 0 from renewals group by currency, tried
      union all
      select 'recovered', currency, month, null, count(*)::int, 0, 0 from renewals where status = 'paid' group by currency, month
    )
    select * from counted where month between ${first}::int - 1 and ${last}::int
  `.execute(db);
  return rows;
}
