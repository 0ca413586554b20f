import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import { INTERVALS } from "../query-schema.ts";
import { recountSummary, sumUpSummary } from "../summary.queries.ts";
import { audienceSums } from "./fold.queries.ts";

/** A sum that differs from what counting its rows gives. */
export interface RollupDifference {
  readonly table: "summary_rollups" | "audience_rollups";
  /** Which sum: its period and what it is of. */
  readonly sum: string;
  /** The columns that differ. */
  readonly columns: readonly string[];
}

const EVER = { from: "1900-01-01", to: "2199-12-31" };
const SUMMARY = ["donations", "payments", "gross", "refunded", "disputed", "fees", "net"] as const;
const AUDIENCE = ["sessions", "completed", "gross", "net", "value_12_months"] as const;
const MOST_TOLD = 1000;

/**
 * Counts everything again as of one moment and compares: the summary by day, month and year with its recount from the movements, the
 * audience's sums with what the stored donations and movements add to them. Reads all movements several times; writes nothing.
 * @returns false when there is nothing to compare: the rollups are not made for this time zone yet, and reports count anew
 */
export async function checkRollups(
  db: Kysely<DB>,
  timeZone: string,
  onDifference: (difference: RollupDifference) => void,
): Promise<boolean> {
  const moment = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  return await moment.execute(async (trx) => {
    const summaries = [];
    const ever = { ...EVER, start: new Date(`${EVER.from}T00:00:00Z`), end: new Date(`${EVER.to}T00:00:00Z`) };
    for (const interval of INTERVALS) {
      const kept = await sumUpSummary(trx, ever, interval, timeZone);
      if (kept === null) return false;
      summaries.push({ interval, kept, counted: await recountSummary(trx, ever, interval, timeZone) });
    }
    for (const { interval, kept, counted } of summaries) {
      const nameOf = (row: (typeof kept)[number]) => `${interval} ${row.period} ${row.frequency} ${row.currency}`;
      for (const difference of differing(kept, counted, nameOf)) {
        onDifference({ table: "summary_rollups", ...difference });
      }
    }
    for (const row of await differingAudience(trx, timeZone)) onDifference({ table: "audience_rollups", ...row });
    return true;
  });
}

type Summary = NonNullable<Awaited<ReturnType<typeof sumUpSummary>>>;

function differing(kept: Summary, counted: Summary, nameOf: (row: Summary[number]) => string) {
  const ours = new Map(kept.map((row) => [nameOf(row), row]));
  const theirs = new Map(counted.map((row) => [nameOf(row), row]));
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((sum) => {
    const [one, other] = [ours.get(sum), theirs.get(sum)];
    const columns = SUMMARY.filter((column) => (one?.[column] ?? null) !== (other?.[column] ?? null));
    return columns.length === 0 ? [] : [{ sum, columns }];
  });
}

async function differingAudience(db: Kysely<DB>, timeZone: string) {
  const sums = sql.join(AUDIENCE.map((column) => sql`sum(${sql.ref(column)})::bigint as ${sql.ref(column)}`));
  const differs = AUDIENCE.map(
    (column) =>
      sql`case when coalesce(a.${sql.ref(column)}, 0) <> coalesce(b.${sql.ref(column)}, 0) then ${column}::text end`,
  );
  const { rows } = await sql<{ sum: string; columns: string[] }>`
    with kept as (
      select dimension, day, source, currency, ${sums} from (
        select * from audience_rollups where not kept
        union all
        ${audienceSums(sql`(select * from rollup_deltas where part <> 'kept')`)}
      ) as r group by dimension, day, source, currency
    ), counted as (
      select dimension, day, source, currency, ${sums} from (${audienceSums(sql`rollup_facts(${timeZone})`)}) as f
      group by dimension, day, source, currency
    ), compared as (
      select concat_ws(' ', dimension, day, nullif(currency, ''), coalesce(nullif(source, ''), '(unknown)')) as sum,
        array_remove(array[${sql.join(differs)}], null) as columns
      from kept a full join counted b using (dimension, day, source, currency)
    )
    select sum, columns from compared where cardinality(columns) > 0 order by sum limit ${MOST_TOLD}
  `.execute(db);
  return rows;
}
