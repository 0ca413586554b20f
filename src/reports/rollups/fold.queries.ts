import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";

/** Enough that many deltas meet in one row, few enough that a fold ends in a fraction of a second. */
const BATCH = 2_000;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Adds up to 2000 deltas to the rollups and removes them, in one transaction: a report sees each of them in one place. Several workers may
 * do so at once; each takes deltas of its own.
 * @returns how many deltas were folded; 0 also while the rollups are being rebuilt
 */
export async function foldDeltas(db: Kysely<DB>, batch = BATCH): Promise<number> {
  try {
    return await inTransaction(db, async (trx) => {
      await sql`lock table rollup_state in row share mode nowait`.execute(trx);
      return await fold(trx, batch);
    });
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return 0;
    throw error;
  }
}

/** Rows are written in the order of their keys, so two workers wait for each other and never in a circle. */
async function fold(trx: Transaction<DB>, batch: number): Promise<number> {
  const { rows } = await sql<{ taken: number }>`
    with taken as materialized (
      delete from rollup_deltas where id in (
        select d.id from rollup_deltas d, rollup_state s
        where s.is_built and (d.generation = s.generation or d.part = 'kept')
        order by d.id limit ${batch} for update of d skip locked
      )
      returning *
    ), summary as (
      insert into summary_rollups as r (
        day, frequency, currency, movements, payments, donations_of_day, donations_of_month, donations_of_year,
        gross, refunded, disputed, fees, net
      )
      ${summarySums(sql`taken`)} order by 1, 2, 3
      on conflict (day, frequency, currency) do update set
        movements = r.movements + excluded.movements, payments = r.payments + excluded.payments,
        donations_of_day = r.donations_of_day + excluded.donations_of_day,
        donations_of_month = r.donations_of_month + excluded.donations_of_month,
        donations_of_year = r.donations_of_year + excluded.donations_of_year,
        gross = r.gross + excluded.gross, refunded = r.refunded + excluded.refunded, disputed = r.disputed + excluded.disputed,
        fees = r.fees + excluded.fees, net = r.net + excluded.net
    ), audience as (
      insert into audience_rollups as r (
        dimension, day, source, currency, kept, sessions, completed, shown, opened, continued, gross, net, value_12_months
      )
      ${audienceSums(sql`taken`)} order by 1, 2, 3, 4, 5
      on conflict (dimension, day, source, currency, kept) do update set
        sessions = r.sessions + excluded.sessions, completed = r.completed + excluded.completed, shown = r.shown + excluded.shown,
        opened = r.opened + excluded.opened, continued = r.continued + excluded.continued,
        gross = r.gross + excluded.gross, net = r.net + excluded.net, value_12_months = r.value_12_months + excluded.value_12_months
    )
    select count(*)::int as taken from taken
  `.execute(trx);
  return rows[0]?.taken ?? 0;
}

/** What deltas or facts add to summary_rollups, in the order of its columns. */
export function summarySums(from: RawBuilder<unknown>) {
  return sql`
    select day, frequency, currency, sum(movements)::bigint as movements, sum(payments)::bigint as payments,
      sum(donations_of_day)::bigint as donations_of_day, sum(donations_of_month)::bigint as donations_of_month,
      sum(donations_of_year)::bigint as donations_of_year, sum(gross)::bigint as gross, sum(refunded)::bigint as refunded,
      sum(disputed)::bigint as disputed, sum(fees)::bigint as fees, sum(net)::bigint as net
    from ${from} as f where part in ('all', 'summary') group by day, frequency, currency
  `;
}

/** What the audience report can group by, as the rollups name it. */
export const DIMENSIONS = ["article", "campaign", "placement", "variant", "country", "utm_source"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Of a view neither is known. */
const UNSEEN: readonly Dimension[] = ["country", "utm_source"];

/**
 * What deltas or facts add to audience_rollups, in the order of its columns: once for each thing that is known of where a gift came from, or
 * for some of these alone. Money stands on its own day, the value of the first twelve months on the day on which the gift began.
 */
export function audienceSums(from: RawBuilder<unknown>, dimensions: readonly Dimension[] = DIMENSIONS) {
  const column = (dimension: Dimension) => sql.ref(`f.${dimension}`);
  const cases = dimensions.map((one) => sql`when grouping(${column(one)}) then ${sql.lit(one)}`);
  const unseen = dimensions.filter((one) => UNSEEN.includes(one)).map((one) => sql` - 1 + grouping(${column(one)})`);
  const views = (name: string) =>
    sql`sum(${sql.ref(`e.${name}`)})::bigint * (1${sql.join(unseen, sql``)}) as ${sql.ref(name)}`;
  return sql`
    select case 0 ${sql.join(cases, sql` `)} end as dimension, e.day, coalesce(${sql.join(dimensions.map(column))}) as source,
      f.currency, f.part = 'kept' as kept, sum(e.sessions)::bigint as sessions, sum(e.completed)::bigint as completed,
      ${views("shown")}, ${views("opened")}, ${views("continued")},
      sum(e.gross)::bigint as gross, sum(e.net)::bigint as net, sum(e.value_12_months)::bigint as value_12_months
    from ${from} as f
    cross join lateral (values
      (f.day, f.sessions, f.completed, f.shown, f.opened, f.continued, f.gross, f.net, 0),
      (f.cohort_day, 0, 0, 0, 0, 0, 0, 0, f.value_12_months)
    ) as e (day, sessions, completed, shown, opened, continued, gross, net, value_12_months)
    where f.part <> 'summary' and e.day is not null
    group by e.day, f.currency, f.part = 'kept', grouping sets (${sql.join(dimensions.map((one) => sql`(${column(one)})`))})
  `;
}
