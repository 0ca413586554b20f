import { type Kysely, sql } from "kysely";

/** How far a backfill has come, and what differs from Stripe, since when. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table dirty_objects add column marked_at timestamptz not null default now();

    create table backfill_lists (
      since timestamptz not null,
      list text not null,
      started_at timestamptz not null,
      after_id text,
      done boolean not null default false,
      primary key (since, list)
    );
    comment on table backfill_lists is 'Where a backfill that was cut off goes on, for each of Stripe''s lists; empty while none is under way.';
    comment on column backfill_lists.started_at is 'By Stripe''s clock: what is newer is looked at once more when the list is taken up again.';

    create index stripe_charges_created on stripe_charges (created);
    create index stripe_refunds_created on stripe_refunds (created);
    create index stripe_disputes_created on stripe_disputes (created);
    create index stripe_payouts_created on stripe_payouts (created);
    create index stripe_events_dead on stripe_events (id) where state = 'dead';
    create index payments_charge on payments (stripe_charge) where stripe_charge is not null;

    create table reconciliation_runs (
      id uuid primary key,
      since timestamptz not null,
      fix boolean not null,
      started_at timestamptz not null,
      finished_at timestamptz,
      stripe_at timestamptz,
      looked_at jsonb not null default '{}',
      balances jsonb not null default '[]',
      found integer not null default 0,
      healed integer not null default 0,
      remaining integer,
      failure text
    );
    comment on table reconciliation_runs is 'Every comparison of the books with Stripe: what was looked at, and how many differences were left.';
    create index reconciliation_runs_newest on reconciliation_runs (started_at desc);

    create table reconciliation_differences (
      id uuid primary key,
      kind text not null,
      object_id text not null,
      occurred_at timestamptz,
      ours jsonb,
      stripes jsonb,
      cause text not null,
      first_seen timestamptz not null,
      last_seen timestamptz not null,
      last_run uuid not null references reconciliation_runs on delete cascade,
      resolved_at timestamptz,
      check (last_seen >= first_seen)
    );
    comment on table reconciliation_differences is 'What the books and Stripe disagree on: amounts, states and ids, nothing personal. Resolved once a run no longer finds it.';
    create unique index reconciliation_differences_open on reconciliation_differences (kind, object_id) where resolved_at is null;
    create index reconciliation_differences_since on reconciliation_differences (first_seen desc, id desc) where resolved_at is null;
  `.execute(db);
}
