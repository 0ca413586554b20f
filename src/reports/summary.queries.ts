import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Frequency } from "../newsroom.ts";
import type { Period } from "../shared/period.ts";
import type { Interval } from "./query-schema.ts";

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

/** Sums of the balance transactions of gifts, each in the period of its own `created` (never `available_on`). */
export async function readSummary(
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
    order by first_day, array_position(array['once', 'monthly', 'annual'], frequency), currency
  `.execute(db);
  return rows;
}
