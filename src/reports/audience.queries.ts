import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import { reading } from "./reading.queries.ts";
import { audienceSums, type Dimension } from "./rollups/fold.queries.ts";
import { isStale, readRollupState } from "./rollups/state.queries.ts";

/** One source and one currency of its money; the counts stand on a source's first row and are null on its others. */
export interface AudienceSums {
  /** What the report groups by; null where it is not known. */
  readonly source: string | null;
  readonly shown: number | null;
  readonly opened: number | null;
  readonly continued: number | null;
  readonly sessions: number | null;
  readonly completed: number | null;
  /** Of settlement; null where no money came. */
  readonly currency: string | null;
  readonly gross: number | null;
  readonly net: number | null;
  readonly value_12_months: number | null;
}

export interface AudiencePosition {
  readonly sessions: number;
  readonly source: string;
}

interface Part {
  readonly by: Dimension;
  readonly period: Pick<Period, "from" | "to">;
  readonly timeZone: string;
  readonly after: AudiencePosition | null;
  readonly limit: number;
}

/**
 * Where gifts came from: the sources with most sessions first, beginning behind `after`, `limit` sources at most with all their currencies.
 * Read from the rollups; while those are being made for another time zone, what has rows is counted anew.
 */
export async function readAudience(db: Kysely<DB>, part: Part): Promise<readonly AudienceSums[]> {
  return await reading(db, async (trx) => {
    const isUsable = !isStale(await readRollupState(trx), part.timeZone);
    return await sumUp(trx, part, isUsable ? rolledUp(part.by) : recounted(part));
  });
}

function rolledUp(by: Dimension) {
  return sql`
    select * from audience_rollups where dimension = ${by}
    union all ${audienceSums(sql`rollup_deltas`, [by])}
  `;
}

function recounted({ by, timeZone }: Part) {
  return sql`
    select * from audience_rollups where dimension = ${by} and kept
    union all ${audienceSums(sql`(select * from rollup_deltas where part = 'kept')`, [by])}
    union all ${audienceSums(sql`rollup_facts(${timeZone})`, [by])}
  `;
}

async function sumUp(
  trx: Transaction<DB>,
  { period, after, limit }: Part,
  parts: RawBuilder<unknown>,
): Promise<readonly AudienceSums[]> {
  const { rows } = await sql<AudienceSums>`
    with sums as (
      select source, currency, sum(sessions)::bigint as sessions, sum(completed)::bigint as completed, sum(shown)::bigint as shown,
        sum(opened)::bigint as opened, sum(continued)::bigint as continued,
        sum(gross)::bigint as gross, sum(net)::bigint as net, sum(value_12_months)::bigint as value_12_months
      from (${parts}) as parts where day >= ${period.from}::date and day < ${period.to}::date
      group by source, currency
    ), sources as (
      select source, sum(sessions)::bigint as sessions, sum(completed)::bigint as completed, sum(shown)::bigint as shown,
        sum(opened)::bigint as opened, sum(continued)::bigint as continued
      from sums where (sessions, completed, shown, opened, continued, gross, net, value_12_months) <> (0, 0, 0, 0, 0, 0, 0, 0)
      group by source
    ), page as (
      select * from sources
      where ${after === null ? sql`true` : sql`sessions < ${after.sessions} or (sessions = ${after.sessions} and source collate "C" > ${after.source})`}
      order by sessions desc, source collate "C" limit ${limit}
    ), money as (
      select * from sums where currency <> '' and (gross, net, value_12_months) <> (0, 0, 0)
    ), numbered as (
      select p.*, m.currency, m.gross, m.net, m.value_12_months,
        row_number() over (partition by p.source order by m.currency) = 1 as is_first
      from page p left join money m on m.source = p.source
    )
    select nullif(source, '') as source,
      case when is_first then shown end as shown, case when is_first then opened end as opened,
      case when is_first then continued end as continued, case when is_first then n.sessions end as sessions,
      case when is_first then completed end as completed, currency, gross, net, value_12_months
    from numbered n order by n.sessions desc, n.source collate "C", currency
  `.execute(trx);
  return rows;
}
