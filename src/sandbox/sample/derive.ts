import { setTimeout as sleep } from "node:timers/promises";
import { inTransaction } from "../../db/transaction.ts";
import { deriveDirty } from "../../donations/settle.ts";
import type { SampleDeps } from "./make.ts";
import { analyzeBooks, isMarked, markSampleDonations, sortByTime } from "./state.queries.ts";

/** Donations that are marked at once: so long a gift of a reader waits at most, who gives meanwhile. */
const MARKED = 10_000;
const BATCH = 500;
/** One derives here while the other's rows are written there. */
const AT_ONCE = 2;

/** Derives donations, payments and movements of what was loaded, by the same code and marks as after an event. */
export async function deriveSample(
  deps: Pick<SampleDeps, "db" | "vault" | "log" | "now" | "newsroom">,
  derived: Date | null,
  onProgress: (donations: number) => void,
): Promise<void> {
  let from = derived;
  let done = 0;
  onProgress(done);
  await deriveMarked(deps, 0);
  for (;;) {
    const marked = await inTransaction(deps.db, (trx) => markSampleDonations(trx, from, MARKED));
    if (marked === null) break;
    await deriveMarked(deps, marked.mark);
    from = marked.next;
    done += marked.count;
    onProgress(done);
  }
  await sortByTime(deps.db);
  await analyzeBooks(deps.db);
}

/** Until none of these marks is left; under `npm start` its own worker takes some of them. */
async function deriveMarked(
  deps: Pick<SampleDeps, "db" | "vault" | "log" | "now" | "newsroom">,
  mark: number,
): Promise<void> {
  const loop = async () => {
    while ((await deriveDirty(deps, BATCH)) > 0) {}
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  while (await isMarked(deps.db, mark)) {
    await sleep(50);
    await loop();
  }
}
