import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Frequency } from "../newsroom.ts";
import { addDays, firstOfMonth, type Period, periodStart } from "../shared/period.ts";
import type { Interval } from "./query-schema.ts";
import { areUsable } from "./rollups/state.queries.ts";

/** Amounts in minor units of the settlement currency, which is what Stripe's own reports count in. */
export interface SummaryRow {
  /** First day of the day, month or year. */
  readonly period: string;
  readonly frequency: Frequency;
  readonly currency: string;
  readonly donations: number;
  readonly payments: number;
  readonly gross: number;
  readonly refunded: number;
  readonly disputed: number;
  readonly fees: number;
  /** gross − refunded − disputed − fees, and the sum of `net` of the balance transactions. */
  readonly net: number;
}

/**
 * Sums of the balance transactions of gifts, each in the period of its own `created` (never `available_on`). Read from the rollups; while
 * those are being made for another time zone, the same figures are counted anew.
 */
export async function readSummary(
  db: Kysely<DB>,
  period: Period,
  interval: Interval,
  timeZone: string,
): Promise<readonly SummaryRow[]> {
  return (await sumUpSummary(db, period, interval, timeZone)) ?? (await recountSummary(db, period, interval, timeZone));
}

/** The same from the movements themselves: slow, and what the rollups are held against. */
export async function recountSummary(
  db: Kysely<DB>,
  { start, end }: Period,
  interval: Interval,
  timeZone: string,
): Promise<readonly SummaryRow[]> {
  const { rows } = await sql<SummaryRow>`
    with dated as (
      select *, gross <> 0 as is_payment, date_trunc(${interval}, booked_at at time zone ${timeZone})::date as first_day
      from payment_movements
      where booked_at >= ${start} and booked_at < ${end}
    )
    select to_char(first_day, 'YYYY-MM-DD') as period, frequency, currency,
      count(distinct donation_id) filter (where is_payment) as donations,
      count(*) filter (where is_payment) as payments,
      sum(gross)::bigint as gross,
      sum(refunded)::bigint as refunded,
      sum(disputed)::bigint as disputed,
      sum(fee)::bigint as fees,
      sum(net)::bigint as net
    from dated
    group by first_day, frequency, currency
    order by ${ORDER}
  `.execute(db);
  return rows;
}

const ORDER = sql`first_day, array_position(array['once', 'monthly', 'annual'], frequency), currency`;

/** Null when the rollups can't be used. One statement, so that nothing is folded between reading the sums and reading the deltas. */
export async function sumUpSummary(
  db: Kysely<DB>,
  period: Period,
  interval: Interval,
  timeZone: string,
): Promise<readonly SummaryRow[] | null> {
  const { from, to } = period;
  const inPeriod = sql`day >= ${from}::date and day < ${to}::date`;
  const columns = sql`day, frequency, currency, movements, payments, ${sql.ref(`donations_of_${interval}`)} as donations,
    gross, refunded, disputed, fees, net`;
  const { rows } = await sql<SummaryRow & { readonly is_usable: boolean }>`
    with days as (
      select ${columns} from summary_rollups where ${inPeriod}
      union all
      select ${columns} from rollup_deltas where ${inPeriod} and part in ('all', 'summary')
    ), sums as (
      select date_trunc(${interval}, day)::date as first_day, frequency, currency, sum(donations)::bigint as donations,
        sum(payments)::bigint as payments, sum(gross)::bigint as gross, sum(refunded)::bigint as refunded,
        sum(disputed)::bigint as disputed, sum(fees)::bigint as fees, sum(net)::bigint as net
      from days group by first_day, frequency, currency having sum(movements) > 0
    )
    select is_usable, to_char(first_day, 'YYYY-MM-DD') as period, frequency, currency,
      case when first_day < ${from}::date then (${giftsOfCutPeriod(period, interval, timeZone)}) else donations end as donations,
      payments, gross, refunded, disputed, fees, net
    from (select ${areUsable(timeZone)} as is_usable) as state left join sums on is_usable
    order by ${ORDER}
  `.execute(db);
  if (rows[0]?.is_usable !== true) return null;
  return rows.filter((row) => row.period !== null).map(({ is_usable: _, ...row }) => row);
}

/**
 * Of a period that began before the report does: a gift counts with its first payment within the report, which the movements alone tell. One
 * that the report leaves before it ends needs none of this.
 */
function giftsOfCutPeriod({ from, to, start }: Period, interval: Interval, timeZone: string) {
  const next = firstDayAfter(from, interval);
  const end = periodStart(next < to ? next : to, timeZone);
  return sql`
    select count(*) from payment_movements m
    where m.booked_at >= ${start} and m.booked_at < ${end} and m.gross <> 0
      and (m.previous_at is null or m.previous_at < ${start})
      and m.frequency = sums.frequency and m.currency = sums.currency
  `;
}

/** Of the next day, month or year. */
function firstDayAfter(day: string, interval: Interval): string {
  const [year = 0, month = 0] = day.split("-").map(Number);
  if (interval === "day") return addDays(day, 1);
  return interval === "month" ? firstOfMonth(year, month + 1) : firstOfMonth(year + 1, 1);
}
