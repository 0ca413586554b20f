import type { Deps } from "../../deps.ts";
import { assertSampleAllowed } from "./allowed.ts";
import { deriveSample } from "./derive.ts";
import { load } from "./load.ts";
import { planOf } from "./plan.ts";
import { beginSampleSet, finishSampleSet, readSampleSet, readSampleState, type SampleSet } from "./state.queries.ts";

export type SampleDeps = Pick<Deps, "db" | "vault" | "newsroom" | "now" | "log" | "config">;

export interface SampleOptions {
  readonly payments: number;
  /** Up to product time now; 3 unless given. */
  readonly years?: number;
  /** 1 unless given. */
  readonly seed?: number;
  readonly onProgress?: (progress: SampleProgress) => void;
}

/** `done` of `all`: payments while rows are written, donations (all unknown) while they are derived. */
export interface SampleProgress {
  readonly phase: "loading" | "deriving";
  readonly done: number;
  readonly all: number | null;
}

export interface SampleMade {
  /** False when the database held this very set already. */
  readonly isNew: boolean;
  readonly set: SampleSet;
  readonly from: Date;
}

/**
 * Fills a database with gifts that never were: rows of mirror and ledger as Stripe's objects would have left them, and the books derived
 * from these by the same code as live ones. The same seed makes the same rows. Cut off, it goes on where it was when it is called again;
 * called once more after that, it adds nothing. Memory doesn't grow with the number of payments, but for the subscriptions that run.
 * @throws SetupError in production, with a real Stripe account, and where there are gifts that may be real or another set
 */
export async function makeSampleData(deps: SampleDeps, options: SampleOptions): Promise<SampleMade> {
  const { payments, years = 3, seed = 1, onProgress = () => undefined } = options;
  await assertSampleAllowed(deps, { payments, years, seed });
  const set = (await readSampleSet(deps.db)) ?? { payments, years, seed, until: wholeSeconds(deps.now()) };
  const plan = planOf(deps.newsroom(), { ...set, until: new Date(set.until) });
  const made = { set, from: new Date(plan.from * 1000) };
  if ((await readSampleSet(deps.db)) === null) await beginSampleSet(deps.db, set);
  const state = await readSampleState(deps.db, set);
  if (state.isDone) return { isNew: false, ...made };
  await load(deps, set, plan, state.loaded, (done) => onProgress({ phase: "loading", done, all: payments }));
  await deriveSample(deps, state.derived, (done) => onProgress({ phase: "deriving", done, all: null }));
  await finishSampleSet(deps.db);
  return { isNew: true, ...made };
}

function wholeSeconds(now: Date): string {
  return new Date(Math.floor(+now / 1000) * 1000).toISOString();
}
