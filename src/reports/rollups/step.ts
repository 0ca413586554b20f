import type { Deps } from "../../deps.ts";
import { foldDeltas } from "./fold.queries.ts";
import { rebuildRollups } from "./rebuild.queries.ts";
import { isStale, readRollupState } from "./state.queries.ts";

/**
 * One round of the worker: folds what has changed into the rollups, or makes them anew when they count days of another time zone than the
 * newsroom's. @returns how many deltas were folded
 */
export async function rollupStep(deps: Pick<Deps, "db" | "newsroom" | "log">): Promise<number> {
  const timeZone = deps.newsroom().time_zone;
  const state = await readRollupState(deps.db);
  if (isStale(state, timeZone)) {
    deps.log.info({ time_zone: timeZone, was: state.time_zone }, "the rollups are made anew");
    await rebuildRollups(deps.db, timeZone, true);
  }
  return await foldDeltas(deps.db);
}
