import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import { audienceSums, summarySums } from "./fold.queries.ts";
import { isStale, readRollupState, setTimeZone } from "./state.queries.ts";

/**
 * Makes the rollups anew from movements and donations, with days of this time zone, while the service goes on: it counts what one snapshot
 * sees and removes the deltas that the same snapshot sees; what is committed later has its deltas still. Folding waits meanwhile.
 * What nothing can be counted from again (views, forgotten attribution) stays as it is, on the days on which it was counted.
 * With `onlyIfStale` nothing is done if another worker has just done it.
 */
export async function rebuildRollups(db: Kysely<DB>, timeZone: string, onlyIfStale = false): Promise<void> {
  await setTimeZone(db, timeZone);
  const transaction = db.transaction().setIsolationLevel("repeatable read");
  await transaction.execute(async (trx) => {
    // Before the snapshot is taken, or folds under way would not be seen.
    await sql`lock table rollup_state in exclusive mode`.execute(trx);
    if (onlyIfStale && !isStale(await readRollupState(trx), timeZone)) return;
    await sql`set local work_mem = '64MB'`.execute(trx);
    await sql`delete from rollup_deltas where part <> 'kept'`.execute(trx);
    await sql`delete from summary_rollups`.execute(trx);
    await sql`delete from audience_rollups where not kept`.execute(trx);
    const facts = sql`rollup_facts(${timeZone})`;
    await sql`insert into summary_rollups ${summarySums(facts)}`.execute(trx);
    await sql`
      insert into audience_rollups (
        dimension, day, source, currency, kept, sessions, completed, shown, opened, continued, gross, net, value_12_months
      ) ${audienceSums(facts)}
    `.execute(trx);
    await sql`
      update rollup_state set is_built = true, built_at = clock_timestamp() where time_zone = ${timeZone}
    `.execute(trx);
  });
}
