import { setTimeout as sleep } from "node:timers/promises";
import { deriveDirty } from "../../donations/settle.ts";
import { type Caller, createCaller } from "../lists/caller.ts";
import { LISTS, type ObjectList, rangeOf } from "../lists/lists.ts";
import { snapshotsOf } from "../lists/snapshots.ts";
import { pullPayoutLines } from "../payout-lines.ts";
import { syncLedger } from "../sync.ts";
import { EVENT_LISTS, EVENTS_REACH_MS, eventPage, olderObjects } from "./events.ts";
import { fetchWanted } from "./fetch-wanted.ts";
import type { Wanted } from "./related.queries.ts";
import { fetchNamed, fetchUnfinished } from "./related.ts";
import { booksSink, type Sink } from "./sink.ts";
import { type Run, walk } from "./walk.ts";

export interface BackfillOptions {
  readonly since: Date;
  /** Objects by list so far, for whoever waits. */
  readonly onProgress?: (seen: ReadonlyMap<string, number>) => void;
  readonly caller?: Caller;
}

export interface Backfilled {
  readonly seen: ReadonlyMap<string, number>;
  readonly calls: number;
  /** Balance transactions that the ledger lacked. */
  readonly pulled: number;
}

type BackfillDeps = Run["deps"];

const PROGRESS_MS = 3_000;
/** A gift has marks of its charge, its PaymentIntent, its customer …: in a larger batch more of them meet and are derived once. */
const DERIVE_BATCH = 2_000;
/** As long as another process may hold the ledger after it has died, and a bit. */
const LEDGER_TRIES = 90;

/**
 * Writes Stripe's objects since a moment into the books, through the same upserts as events: it may run while events arrive, be cut off and be
 * run again. An empty database becomes the original books, as far as Stripe knows them.
 */
export async function backfill(deps: BackfillDeps, options: BackfillOptions): Promise<Backfilled> {
  const caller = options.caller ?? createCaller(deps);
  const sink = await booksSink(deps, options.since);
  const seen = await readStripe(deps, caller, sink, options);
  const pulled = await pullLedger(deps, caller, options.since);
  while ((await pullPayoutLines(deps)) > 0) {}
  while ((await deriveDirty(deps, DERIVE_BATCH)) > 0) {}
  await sink.finish();
  return { seen, calls: caller.count(), pulled };
}

/** Everything that Stripe has to say about the period, into the sink. */
export async function readStripe(
  deps: BackfillDeps,
  caller: Caller,
  sink: Sink,
  { since, onProgress }: BackfillOptions,
): Promise<ReadonlyMap<string, number>> {
  const { asOf } = await caller.call((api) => api.balance.retrieve());
  const seen = new Map<string, number>();
  const run: Run = {
    deps,
    caller,
    sink,
    since,
    startedAt: asOf,
    // An answer is dated back by its duration and a second: what is dated three seconds later was surely asked for later.
    seenAfter: new Date(+asOf + 3000),
    seen,
    tried: new Set(),
  };
  const timer = setInterval(() => onProgress?.(seen), PROGRESS_MS);
  try {
    await Promise.all(LISTS.map((list) => walkObjects(run, list)));
    await Promise.all(Object.entries(EVENT_LISTS).map(([name, types]) => walkEvents(run, name, types)));
    await fetchUnfinished(run);
    await fetchNamed(run);
  } finally {
    clearInterval(timer);
  }
  return seen;
}

async function walkObjects(run: Run, list: ObjectList): Promise<void> {
  await walk(run, {
    name: list.name,
    range: (after) => rangeOf(list, run.since, after),
    page: list.page,
    store: (objects, asOf, position) =>
      run.sink.put(snapshotsOf(run.deps, objects.flatMap(list.parts), asOf), position),
  });
}

async function walkEvents(run: Run, name: string, types: readonly string[]): Promise<void> {
  const from = new Date(Math.max(+run.since, +run.startedAt - EVENTS_REACH_MS));
  await walk(run, {
    name,
    range: (after) => rangeOf({ ofAnyAge: false }, from, after),
    page: (api, range) => eventPage(api, types, range),
    store: async (events, _asOf, position) => {
      const wanted: Wanted[] = [];
      for (const [kind, ids] of olderObjects(events, run.since)) {
        const unseen = await run.sink.notSeen(kind, [...ids], run.seenAfter);
        wanted.push(...unseen.map((id) => ({ kind, id })));
      }
      await run.sink.put(await fetchWanted(run, wanted), position);
    },
  });
}

/** The ledger from `since` on; waits while another process pulls it. */
export async function pullLedger(
  deps: Pick<BackfillDeps, "db" | "stripe" | "log">,
  caller: Caller,
  since: Date,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    const done = await syncLedger(deps, { since, caller });
    if (done !== null) return done.pulled;
    if (tries >= LEDGER_TRIES) throw new Error("Another process holds the ledger for longer than a pull takes.");
    await sleep(1000);
  }
}
