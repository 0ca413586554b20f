import { knownKind } from "../../mirror/kinds.ts";
import type { Snapshot } from "../../mirror/store.ts";
import { fetchObject } from "../lists/snapshots.ts";
import type { Wanted } from "./related.queries.ts";
import type { Run } from "./walk.ts";

const BY_THEMSELVES = "fetched by themselves";

/** Fetches objects by themselves, each once a run. @returns their snapshots, not stored yet */
export async function fetchWanted(run: Run, wanted: readonly Wanted[]): Promise<readonly Snapshot[]> {
  const untried = wanted.filter(({ id }) => !run.tried.has(id) && run.tried.add(id));
  const fetched = await Promise.all(
    untried.map(async ({ kind, id }) => {
      const snapshots = await fetchObject(run.deps, run.caller, knownKind(kind), id);
      if (snapshots === null) run.deps.log.warn({ object_id: id }, "Stripe no longer has an object that others name");
      return snapshots ?? [];
    }),
  );
  run.seen.set(BY_THEMSELVES, (run.seen.get(BY_THEMSELVES) ?? 0) + untried.length);
  return fetched.flat();
}
