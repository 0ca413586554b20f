import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../deps.ts";
import { reading } from "../reading.queries.ts";
import { countRecurring, FIRST_MONTH, type RecurringCount } from "../recurring.queries.ts";

export interface Counted {
  /** Of all months through `last`. */
  readonly counts: readonly RecurringCount[];
  /** The moment of the books that they are of. */
  readonly at: Date;
}

/** Counts through this month (as recurring.queries.ts numbers them); null while they are still being made. */
export type RecurringCounts = (last: number, timeZone: string) => Promise<Counted | null>;

interface Kept extends Counted {
  readonly key: string;
  /** On this process' clock, in milliseconds: when it was counted, and how long that took. */
  readonly done: number;
  readonly took: number;
}

/** What is counted quicker than this is counted for each page. */
const QUICK_MS = 250;
/** Otherwise a count serves this many times as long as it took, so that at most a twentieth of one processor counts, however many look. */
const REUSE = 20;
/** An older one isn't shown any more, not even while the next is made. */
const OLDEST_MS = 60 * 60_000;
/** A page waits this long for a count. */
const PATIENCE_MS = 1_000;

/**
 * Counting recurring gifts reads every payment that there is: quick for thousands of gifts, seconds for millions. So that no page waits for
 * it and two viewers don't count twice, a process counts one at a time, for all months at once, and keeps the latest. Figures are exact at
 * the moment that they tell, which a page shows.
 */
export function keptCounts(
  deps: Pick<Deps, "db" | "log" | "now">,
  countAll: (last: number, timeZone: string) => Promise<readonly RecurringCount[]> = counter(deps),
): RecurringCounts {
  let kept: Kept | null = null;
  let failed: { readonly key: string; readonly error: unknown; readonly done: number; readonly took: number } | null =
    null;
  let running: { readonly key: string; readonly counting: Promise<Kept> } | null = null;

  async function count(key: string, last: number, timeZone: string): Promise<Kept> {
    const [began, at] = [performance.now(), deps.now()];
    try {
      const counts = await countAll(last, timeZone);
      const done = performance.now();
      kept = { key, counts, at, done, took: done - began };
      return kept;
    } catch (error) {
      const done = performance.now();
      failed = { key, error, done, took: done - began };
      throw error;
    }
  }

  function counting(key: string, last: number, timeZone: string): Promise<Kept> {
    if (running?.key === key) return running.counting;
    const begun = count(key, last, timeZone).finally(() => {
      if (running?.counting === begun) running = null;
    });
    begun.catch((err: unknown) => deps.log.warn({ err }, "recurring gifts could not be counted"));
    running = { key, counting: begun };
    return begun;
  }

  return async (last, timeZone) => {
    const key = `${timeZone} ${last}`;
    const now = performance.now();
    const age = kept?.key === key ? now - kept.done : Number.POSITIVE_INFINITY;
    if (kept !== null && kept.took >= QUICK_MS && age < kept.took * REUSE) return kept;
    // One that took long in vain isn't begun anew for each page either.
    const rests = failed?.key === key && failed.took >= QUICK_MS && now - failed.done < failed.took * REUSE;
    if (rests && failed !== null && age >= OLDEST_MS) throw failed.error;
    if (rests && kept !== null) return kept;
    const next = counting(key, last, timeZone);
    if (kept !== null && kept.took >= QUICK_MS && age < OLDEST_MS) return kept;
    return await Promise.race([next, sleep(PATIENCE_MS, null, { ref: false })]);
  };
}

function counter({ db }: Pick<Deps, "db">) {
  return async (last: number, timeZone: string) =>
    await reading(db, (trx) => countRecurring(trx, { first: FIRST_MONTH, last }, timeZone));
}
