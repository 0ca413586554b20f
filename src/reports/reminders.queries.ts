import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import type { RemindersBy } from "./query-schema.ts";

/** Of the reminders that were asked for in the period and not moved by a later request of the same address. */
export interface ReminderCounts {
  /** The first day of the month, or the article, campaign or lead time; null where it isn't known. */
  readonly group: string | null;
  readonly channel: string;
  readonly scheduled: number;
  /** What has become of them by now: these six add up to `scheduled`. */
  readonly unconfirmed: number;
  readonly pending: number;
  readonly sent: number;
  readonly cancelled: number;
  readonly suppressed: number;
  readonly failed: number;
  /** `suppressed` by its reasons. */
  readonly suppressed_by: Readonly<Record<string, number>>;
  /** Reminders by whose link something was given. */
  readonly converted: number;
  /** All paid so far by those links, fees and later payments of regular gifts included, in the donors' currencies. */
  readonly value: readonly { readonly currency: string; readonly amount: number }[];
}

export async function readReminders(
  db: Kysely<DB>,
  { start, end }: Period,
  by: RemindersBy,
  timeZone: string,
): Promise<readonly ReminderCounts[]> {
  const { rows } = await sql<ReminderCounts>`
    with asked as (
      select r.id, r.channel, r.state, r.reason, ${groupOf(by, timeZone)} as "group"
      from reminders r
      where r.created_at >= ${start} and r.created_at < ${end} and r.reason is distinct from 'moved'
    ), paid as (
      select a.id, a."group", a.channel, p.currency, p.amount
      from asked a join donations d on d.reminder_id = a.id join payments p on p.donation_id = d.id and p.status = 'paid'
    ), sums as (
      select "group", channel, jsonb_agg(jsonb_build_object('currency', currency, 'amount', amount) order by currency) as value
      from (select "group", channel, currency, sum(amount)::bigint as amount from paid group by "group", channel, currency) as s
      group by "group", channel
    ), reasons as (
      select "group", channel, jsonb_object_agg(reason, n order by reason) as suppressed_by
      from (select "group", channel, reason, count(*) as n from asked where state = 'suppressed' group by "group", channel, reason) as s
      group by "group", channel
    )
    select a."group", a.channel,
      count(*) as scheduled,
      count(*) filter (where state = 'unconfirmed') as unconfirmed,
      count(*) filter (where state in ('pending', 'queued')) as pending,
      count(*) filter (where state = 'sent') as sent,
      count(*) filter (where state = 'cancelled') as cancelled,
      count(*) filter (where state = 'suppressed') as suppressed,
      count(*) filter (where state = 'failed') as failed,
      coalesce((array_agg(q.suppressed_by))[1], '{}') as suppressed_by,
      count(*) filter (where a.id in (select id from paid)) as converted,
      coalesce((array_agg(s.value))[1], '[]') as value
    from asked a
    left join sums s on s."group" is not distinct from a."group" and s.channel = a.channel
    left join reasons q on q."group" is not distinct from a."group" and q.channel = a.channel
    group by a."group", a.channel
    order by ${by === "month" || by === "lead_time" ? sql`a."group"` : sql`count(*) desc, a."group"`}, a.channel
  `.execute(db);
  return rows;
}

function groupOf(by: RemindersBy, timeZone: string): RawBuilder<string | null> {
  switch (by) {
    case "month":
      return sql`to_char(date_trunc('month', r.created_at at time zone ${timeZone}), 'YYYY-MM-DD')`;
    case "article":
      return sql`r.article_id`;
    case "campaign":
      return sql`r.campaign`;
    case "lead_time":
      return sql`case when r.lead_days <= 7 then '001-007' when r.lead_days <= 31 then '008-031' when r.lead_days <= 92 then '032-092'
        when r.lead_days <= 184 then '093-184' else '185-366' end`;
  }
}
