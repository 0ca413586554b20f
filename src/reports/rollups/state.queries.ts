import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

export interface RollupState {
  readonly time_zone: string;
  readonly is_built: boolean;
  /** Deltas written by transactions that began before the time zone changed: their days are the old ones'. */
  readonly has_late_deltas: boolean;
}

export async function readRollupState(db: Kysely<DB>): Promise<RollupState> {
  const { rows } = await sql<RollupState>`
    select time_zone, is_built, ${lateDeltas} as has_late_deltas from rollup_state s
  `.execute(db);
  return rows[0] as RollupState;
}

const lateDeltas = sql<boolean>`exists(select from rollup_deltas d where d.generation <> s.generation and d.part <> 'kept')`;

/** Whether the rollups have to be made anew before a report of this time zone can read them. */
export function isStale(state: RollupState, timeZone: string): boolean {
  return state.time_zone !== timeZone || !state.is_built || state.has_late_deltas;
}

/** Whether the rollups count days of this time zone and nothing is missing in them; to be asked in the statement that reads them. */
export function areUsable(timeZone: string) {
  return sql<boolean>`(select s.time_zone = ${timeZone} and s.is_built and not ${lateDeltas} from rollup_state s)`;
}

/** From now on triggers count days of this time zone; until a rebuild the rollups are not used. */
export async function setTimeZone(db: Kysely<DB>, timeZone: string): Promise<void> {
  await sql`
    update rollup_state set time_zone = ${timeZone}, generation = generation + 1, is_built = false where time_zone <> ${timeZone}
  `.execute(db);
}
