import { type Kysely, sql } from "kysely";

/** A gift's attribution, as the audience report groups by it. */
const SOURCES = ["article", "campaign", "placement", "variant", "country", "utm_source"] as const;
const columnOf = (source: string) => (source === "article" ? "article_id" : source);

/** What a delta adds: every one of these is a sum over rows, so a row that goes takes away what it brought. */
const MONEY = [
  "movements",
  "payments",
  "donations_of_day",
  "donations_of_month",
  "donations_of_year",
  "gross",
  "refunded",
  "disputed",
  "fees",
  "net",
  "value_12_months",
] as const;
const COUNTS = ["sessions", "completed"] as const;
/** Counted as they happen; no row is kept of them. */
const VIEWS = ["shown", "opened", "continued"] as const;

const sources = (alias: string) =>
  SOURCES.map((source) => `coalesce(${alias}.${columnOf(source)}, '') as ${source}`).join(", ");
const columns = (names: readonly string[]) => names.join(", ");
const signed = (sign: string, names: readonly string[]) =>
  names.map((name) => `${sign} * f.${name} as ${name}`).join(", ");

/** The facts of movements, given as something to select from with the columns of payment_movements and of their donations. */
const moneyFacts = (movements: string, donations: string, zone: string) => `
  select d.id as donation_id, d.forgotten_through, m.booked_at,
    m.day, m.cohort_day, m.frequency, m.currency,
    1 as movements,
    (m.gross <> 0)::int as payments,
    (m.gross <> 0 and coalesce(m.previous_day < m.day, true))::int as donations_of_day,
    (m.gross <> 0 and coalesce(m.previous_day < date_trunc('month', m.day), true))::int as donations_of_month,
    (m.gross <> 0 and coalesce(m.previous_day < date_trunc('year', m.day), true))::int as donations_of_year,
    m.gross, m.refunded, m.disputed, m.fee as fees, m.net,
    case when m.day < m.cohort_day + interval '12 months' then m.net else 0 end as value_12_months,
    ${sources("d")}
  from ${donations} d
  join lateral (
    select one.*, (one.booked_at at time zone ${zone})::date as day, (one.previous_at at time zone ${zone})::date as previous_day,
      (d.created_at at time zone ${zone})::date as cohort_day
    from ${movements} one where one.donation_id = d.id
  ) m on true`;

const countFacts = (donations: string, zone: string) => `
  select (d.created_at at time zone ${zone})::date as day, 1 as sessions, (d.status = 'paid')::int as completed, ${sources("d")}
  from ${donations} d
  where d.origin <> 'adopted' and d.forgotten_through is null`;

/**
 * Sums of everything that finance and the audience team look at by day. A trigger that runs once for a statement appends what it changed as
 * signed deltas in the same transaction: nobody waits for anybody's row. Workers fold deltas into the sums; a report adds both up.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table payment_movements add column previous_at timestamptz;
    comment on column payment_movements.previous_at is 'Of a charge: when the same gift was charged before, in the same currency. With it, gifts can be counted once in any period without looking at other rows.';
    update payment_movements m set previous_at = p.previous_at
    from (
      select balance_transaction_id, lag(booked_at) over (
        partition by donation_id, currency order by booked_at, balance_transaction_id
      ) as previous_at
      from payment_movements where gross <> 0
    ) as p
    where p.balance_transaction_id = m.balance_transaction_id and p.previous_at is not null;
    create index payment_movements_donation on payment_movements (donation_id);
    create index donations_campaign on donations (campaign) where campaign is not null;

    alter table donations add column forgotten_through timestamptz;
    comment on column donations.forgotten_through is 'Where the gift came from is forgotten. Its session, and its money up to this moment of Stripe''s, stay counted where they were, in rows that nothing can be counted from again.';

    create table rollup_state (
      id smallint primary key default 1 check (id = 1),
      time_zone text not null,
      generation integer not null default 1,
      is_built boolean not null default false,
      built_at timestamptz
    );
    comment on table rollup_state is 'For which time zone the rollups count days. Deltas of another generation were written while it changed.';
    insert into rollup_state (time_zone) values ('UTC');

    create table rollup_deltas (
      id bigint generated always as identity primary key,
      generation integer not null,
      part text not null check (part in ('all', 'summary', 'audience', 'kept')),
      day date not null,
      cohort_day date,
      frequency text,
      currency text not null default '',
      movements integer not null default 0,
      payments integer not null default 0,
      donations_of_day integer not null default 0,
      donations_of_month integer not null default 0,
      donations_of_year integer not null default 0,
      gross bigint not null default 0,
      refunded bigint not null default 0,
      disputed bigint not null default 0,
      fees bigint not null default 0,
      net bigint not null default 0,
      value_12_months bigint not null default 0,
      sessions integer not null default 0,
      completed integer not null default 0,
      shown integer not null default 0,
      opened integer not null default 0,
      continued integer not null default 0,
      article text not null default '',
      campaign text not null default '',
      placement text not null default '',
      variant text not null default '',
      country text not null default '',
      utm_source text not null default ''
    );
    comment on table rollup_deltas is 'What changed and is not folded into the rollups yet. It names no donor and no gift.';
    comment on column rollup_deltas.part is 'Which rollups it belongs to: both, the summary, the audience''s, or those of the audience that nothing can be counted from again.';
    alter table rollup_deltas set (
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
      autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
      autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
    );

    create table summary_rollups (
      day date not null,
      frequency text not null,
      currency text not null,
      movements bigint not null,
      payments bigint not null,
      donations_of_day bigint not null,
      donations_of_month bigint not null,
      donations_of_year bigint not null,
      gross bigint not null,
      refunded bigint not null,
      disputed bigint not null,
      fees bigint not null,
      net bigint not null,
      primary key (day, frequency, currency)
    );
    comment on table summary_rollups is 'The money of a day, in minor units of the settlement currency. donations_of_month counts the gifts whose first payment of the month it was; the others likewise.';

    create table audience_rollups (
      dimension text not null,
      day date not null,
      source text collate "C" not null,
      currency text not null,
      kept boolean not null,
      sessions bigint not null,
      completed bigint not null,
      shown bigint not null,
      opened bigint not null,
      continued bigint not null,
      gross bigint not null,
      net bigint not null,
      value_12_months bigint not null,
      primary key (dimension, day, source, currency, kept)
    );
    comment on table audience_rollups is 'By day and by one thing known of where a gift came from (empty: unknown): counts, without a currency, and money by settlement currency. value_12_months stands on the day on which the gifts began.';
    comment on column audience_rollups.kept is 'There are no rows to count it from again: views of the form, and gifts whose attribution is forgotten.';
  `.execute(db);

  await sql
    .raw(`
    create function rollup_facts(zone text) returns table (
      part text, day date, cohort_day date, frequency text, currency text, ${MONEY.map((name) => `${name} bigint`).join(", ")},
      ${[...COUNTS, ...VIEWS].map((name) => `${name} bigint`).join(", ")}, ${SOURCES.map((name) => `${name} text`).join(", ")}
    ) language sql stable as $facts$
      select case when f.booked_at <= f.forgotten_through then 'summary' else 'all' end, f.day, f.cohort_day, f.frequency, f.currency,
        ${MONEY.map((name) => `f.${name}::bigint`).join(", ")}, ${[...COUNTS, ...VIEWS].map(() => "0::bigint").join(", ")}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${moneyFacts("payment_movements", "donations", "zone")}) f
      union all
      select 'audience', f.day, null, null, '', ${MONEY.map(() => "0::bigint").join(", ")}, ${COUNTS.map((name) => `f.${name}::bigint`).join(", ")},
        ${VIEWS.map(() => "0::bigint").join(", ")}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${countFacts("donations", "zone")}) f
    $facts$;
    comment on function rollup_facts(text) is 'What every stored row adds to the rollups, with days of a time zone: a rebuild sums it up.';

    create function count_movements() returns trigger language plpgsql as $count$
    declare
      now_counted rollup_state%rowtype;
    begin
      select * into now_counted from rollup_state;
      if tg_op <> 'INSERT' then
        insert into rollup_deltas (generation, part, day, cohort_day, frequency, currency, ${columns(MONEY)}, ${columns(SOURCES)})
        select now_counted.generation, case when f.booked_at <= f.forgotten_through then 'summary' else 'all' end,
          f.day, f.cohort_day, f.frequency, f.currency, ${signed("-1", MONEY)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
        from (${moneyFacts("removed", "donations", "now_counted.time_zone")}) f;
      end if;
      if tg_op <> 'DELETE' then
        insert into rollup_deltas (generation, part, day, cohort_day, frequency, currency, ${columns(MONEY)}, ${columns(SOURCES)})
        select now_counted.generation, case when f.booked_at <= f.forgotten_through then 'summary' else 'all' end,
          f.day, f.cohort_day, f.frequency, f.currency, ${signed("1", MONEY)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
        from (${moneyFacts("added", "donations", "now_counted.time_zone")}) f;
      end if;
      return null;
    end $count$;
    create trigger count_added after insert on payment_movements
      referencing new table as added for each statement execute function count_movements();
    create trigger count_changed after update on payment_movements
      referencing old table as removed new table as added for each statement execute function count_movements();
    create trigger count_removed after delete on payment_movements
      referencing old table as removed for each statement execute function count_movements();

    create function count_donations() returns trigger language plpgsql as $count$
    declare
      now_counted rollup_state%rowtype;
    begin
      select * into now_counted from rollup_state;
      if tg_op = 'INSERT' then
        insert into rollup_deltas (generation, part, day, ${columns(COUNTS)}, ${columns(SOURCES)})
        select now_counted.generation, 'audience', f.day, ${signed("1", COUNTS)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
        from (${countFacts("added", "now_counted.time_zone")}) f;
      elsif tg_op = 'DELETE' then
        insert into rollup_deltas (generation, part, day, ${columns(COUNTS)}, ${columns(SOURCES)})
        select now_counted.generation, 'audience', f.day, ${signed("-1", COUNTS)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
        from (${countFacts("removed", "now_counted.time_zone")}) f;
      end if;
      return null;
    end $count$;
    create trigger count_added after insert on donations
      referencing new table as added for each statement execute function count_donations();
    create trigger count_removed after delete on donations
      referencing old table as removed for each statement execute function count_donations();

    create function recount_donations() returns trigger language plpgsql as $count$
    declare
      now_counted rollup_state%rowtype;
      changed uuid[];
      moved uuid[];
    begin
      select array_agg(o.id),
        array_agg(o.id) filter (where ${moved("o")} is distinct from ${moved("n")})
      into changed, moved
      from removed o join added n on n.id = o.id
      where (o.status = 'paid', ${moved("o")}) is distinct from (n.status = 'paid', ${moved("n")});
      if changed is null then return null; end if;

      select * into now_counted from rollup_state;
      insert into rollup_deltas (generation, part, day, ${columns(COUNTS)}, ${columns(SOURCES)})
      select now_counted.generation, 'audience', f.day, ${signed("-1", COUNTS)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${countFacts("(select * from removed where id = any(changed))", "now_counted.time_zone")}) f
      union all
      select now_counted.generation, 'audience', f.day, ${signed("1", COUNTS)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${countFacts("(select * from added where id = any(changed))", "now_counted.time_zone")}) f
      union all
      select now_counted.generation, 'kept', f.day, ${signed("1", COUNTS)}, ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${countFacts("(select o.* from removed o join added n on n.id = o.id where o.forgotten_through is null and n.forgotten_through is not null)", "now_counted.time_zone")}) f;
      if moved is null then return null; end if;

      insert into rollup_deltas (generation, part, day, cohort_day, currency, gross, net, value_12_months, ${columns(SOURCES)})
      select now_counted.generation, 'audience', f.day, f.cohort_day, f.currency, -f.gross, -f.net, -f.value_12_months,
        ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${moneyFacts("payment_movements", "(select * from removed where id = any(moved))", "now_counted.time_zone")}) f
      where (f.booked_at <= f.forgotten_through) is not true
      union all
      select now_counted.generation, 'audience', f.day, f.cohort_day, f.currency, f.gross, f.net, f.value_12_months,
        ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${moneyFacts("payment_movements", "(select * from added where id = any(moved))", "now_counted.time_zone")}) f
      where (f.booked_at <= f.forgotten_through) is not true
      union all
      select now_counted.generation, 'kept', f.day, f.cohort_day, f.currency, f.gross, f.net, f.value_12_months,
        ${SOURCES.map((name) => `f.${name}`).join(", ")}
      from (${moneyFacts(
        "payment_movements",
        "(select o.*, n.forgotten_through as forgotten_now from removed o join added n on n.id = o.id where o.forgotten_through is null and n.forgotten_through is not null)",
        "now_counted.time_zone",
      )}) f
      where f.booked_at <= (select n.forgotten_through from added n where n.id = f.donation_id);
      return null;
    end $count$;
    create trigger count_changed after update on donations
      referencing old table as removed new table as added for each statement execute function recount_donations();

    create function forget_rollups() returns trigger language plpgsql as $forget$
    begin
      update rollup_state set is_built = false;
      return null;
    end $forget$;
    create trigger count_emptied after truncate on payment_movements for each statement execute function forget_rollups();
    create trigger count_emptied after truncate on donations for each statement execute function forget_rollups();
  `)
    .execute(db);
}

/** What of a donation decides where its money is counted. */
function moved(alias: string): string {
  const named = ["created_at", "origin", "forgotten_through", ...SOURCES.map(columnOf)];
  return `(${named.map((name) => `${alias}.${name}`).join(", ")})`;
}
