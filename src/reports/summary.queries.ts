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

/**
 * Sums of the balance transactions of gifts, each in the period of its own `created` (never `available_on`). `movements` has one row
 * for each of them and says what it is: refunds and disputes come as further branches, found by their `source_id`.
 * A settled payment is booked at its balance transaction's `created`, so the index of `booked_at` finds those of the period.
 */
export async function readSummary(
  db: Kysely<DB>,
  { start, end }: Period,
  interval: Interval,
  timeZone: string,
): Promise<readonly SummaryRow[]> {
  const { rows } = await sql<SummaryRow>`
    with movements as (
      select 'payment' as kind, p.donation_id, p.frequency, b.created, b.currency, b.amount, b.fee, b.net
      from payments p
      join balance_transactions b on b.id = p.stripe_balance_transaction
      where p.booked_at >= ${start} and p.booked_at < ${end} and b.created >= ${start} and b.created < ${end}
    ), dated as (
      select *, date_trunc(${interval}, created at time zone ${timeZone})::date as first_day from movements
    )
    select to_char(first_day, 'YYYY-MM-DD') as period, frequency, currency,
      count(distinct donation_id) filter (where kind = 'payment') as donations,
      count(*) filter (where kind = 'payment') as payments,
      coalesce(sum(amount) filter (where kind = 'payment'), 0)::bigint as gross,
      coalesce(-sum(amount) filter (where kind = 'refund'), 0)::bigint as refunded,
      coalesce(-sum(amount) filter (where kind = 'dispute'), 0)::bigint as disputed,
      sum(fee)::bigint as fees,
      sum(net)::bigint as net
    from dated
    group by first_day, frequency, currency
    order by first_day, array_position(array['once', 'monthly', 'annual'], frequency), currency
  `.execute(db);
  return rows;
}
