import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export interface Gauges {
  readonly inbox: Readonly<Record<string, number>>;
  readonly inbox_oldest_seconds: number;
  readonly dirty: number;
  readonly refetches_due: number;
  readonly alerts: Readonly<Record<string, number>>;
  readonly differences: Readonly<Record<string, number>>;
  /** Since the last pull that went to its end; null before the first one. */
  readonly ledger_age_seconds: number | null;
  /** When the latest comparison with Stripe ended, in seconds since 1970; null before the first one. */
  readonly reconciled_at: number | null;
  /** Of each kind, those that aren't done yet and those that have ended, in each way. */
  readonly mails: readonly { readonly kind: string; readonly state: string; readonly n: number }[];
  readonly mail_oldest_seconds: number;
  /** Those by mail whose day is to come, and those that are due and wait to be taken up. */
  readonly reminders_pending: number;
  /** How long the first of them has been due, by product time. */
  readonly reminders_overdue_seconds: number;
}

/** Reads partial indexes and short tables alone: applied and ignored events are millions and are not counted. @param now product time */
export async function readGauges(db: Kysely<DB>, now: Date): Promise<Gauges> {
  const { rows } = await sql<Gauges>`
    select
      (select jsonb_object_agg(state, coalesce(n, 0)) from unnest(array['received', 'waiting', 'dead']) as s (state)
        left join (
          select state, count(*) as n from stripe_events where state in ('received', 'waiting') group by state
          union all select 'dead', count(*) from stripe_events where state = 'dead'
        ) as e using (state)
      ) as inbox,
      coalesce((select extract(epoch from clock_timestamp() - min(received_at)) from stripe_events where state in ('received', 'waiting')), 0)::float8
        as inbox_oldest_seconds,
      (select count(*) from dirty_objects) as dirty,
      (select count(*) from refetches where due_at <= clock_timestamp()) as refetches_due,
      coalesce((select jsonb_object_agg(kind, n) from (select kind, count(*) as n from alerts group by kind) as a), '{}') as alerts,
      coalesce((
        select jsonb_object_agg(kind, n) from (select kind, count(*) as n from reconciliation_differences where resolved_at is null group by kind) as d
      ), '{}') as differences,
      (select extract(epoch from clock_timestamp() - moved_at) from cursors where name = 'balance_transactions')::float8 as ledger_age_seconds,
      (
        select extract(epoch from finished_at) from reconciliation_runs where failure is null and finished_at is not null
        order by started_at desc limit 1
      )::float8 as reconciled_at,
      (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'state', state, 'n', n) order by kind, state), '[]') from (
        select kind, 'queued' as state, count(*) as n from mails where state in ('queued', 'sending') group by kind
        union all select kind, state, sum(count)::bigint from mail_counts group by kind, state
      ) as m) as mails,
      coalesce((select extract(epoch from clock_timestamp() - min(created_at)) from mails where state in ('queued', 'sending')), 0)::float8
        as mail_oldest_seconds,
      (select count(*) from reminders where state = 'pending' and channel = 'email') as reminders_pending,
      coalesce((
        select extract(epoch from ${now}::timestamptz - min(due_at)) from reminders where state = 'pending' and channel = 'email' and due_at <= ${now}
      ), 0)::float8 as reminders_overdue_seconds
  `.execute(db);
  return rows[0] as Gauges;
}
