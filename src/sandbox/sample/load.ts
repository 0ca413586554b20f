import { setImmediate } from "node:timers/promises";
import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { mirrorContext } from "../../mirror/kind.ts";
import type { SampleDeps } from "./make.ts";
import type { Plan } from "./plan.ts";
import { columnTypes, insertRows } from "./rows.queries.ts";
import { simulate } from "./simulate.ts";
import { type Collected, collectingSink, type Row } from "./sink.ts";
import { analyzeBooks, moveLoaded, type SampleSet } from "./state.queries.ts";
import { volumeOf } from "./volume.ts";

type Steps = ReturnType<typeof simulate>;

/** Rows of all tables that are held at once; so many again are on their way to the database. */
const BATCH = 6_000;

/** Writes the rows of mirror and ledger in order of time, a month in a transaction; those of months up to `loaded` are there. */
export async function load(
  deps: Pick<SampleDeps, "db" | "vault" | "newsroom">,
  set: SampleSet,
  plan: Plan,
  loaded: Date | null,
  onProgress: (payments: number) => void,
): Promise<void> {
  if (loaded !== null && +loaded / 1000 >= plan.until) return;
  const context = mirrorContext(deps);
  const types = await columnTypes(deps.db);
  const sink = collectingSink();
  const steps = simulate(plan, volumeOf(plan, context), context, sink, () => sink.size() >= BATCH);
  if (loaded !== null) skip(steps, sink, loaded);
  let position = loaded;
  do {
    position = await deps.db.transaction().execute(async (trx) => {
      const until = await writeMonth(trx, types, steps, sink, onProgress);
      await moveLoaded(trx, set, position, until);
      return until;
    });
  } while (+position < plan.until * 1000);
  await analyzeBooks(deps.db);
}

/** Lives through the months that are there, and keeps nothing of them. */
function skip(steps: Steps, sink: Collected, loaded: Date): void {
  sink.isOpen = false;
  for (let step = steps.next(); !step.done; step = steps.next()) {
    if (step.value.isMonth && step.value.until * 1000 >= +loaded) break;
  }
  sink.isOpen = true;
}

/** @returns the moment up to which all is written */
async function writeMonth(
  trx: Transaction<DB>,
  types: ReadonlyMap<string, string>,
  steps: Steps,
  sink: Collected,
  onProgress: (payments: number) => void,
): Promise<Date> {
  let writing: Promise<void> = Promise.resolve();
  for (let step = steps.next(); !step.done; step = steps.next()) {
    await writing;
    writing = insertAll(trx, types, sink.take());
    // Awaited a step later; until then a failure must not count as unheard.
    writing.catch(() => undefined);
    // What goes to the database leaves this process while the next rows are made.
    await setImmediate();
    onProgress(step.value.payments);
    if (!step.value.isMonth) continue;
    await writing;
    return new Date(step.value.until * 1000);
  }
  throw new Error("The plan's last month was told twice.");
}

async function insertAll(
  trx: Transaction<DB>,
  types: ReadonlyMap<string, string>,
  tables: ReadonlyMap<keyof DB, readonly Row[]>,
): Promise<void> {
  // A consent refers to its donation.
  const order = [...tables].sort(([one], [other]) => Number(other === "donations") - Number(one === "donations"));
  for (const [table, rows] of order) await insertRows(trx, types, table, rows);
}
