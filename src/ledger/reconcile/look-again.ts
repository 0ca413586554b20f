import { setTimeout as sleep } from "node:timers/promises";
import { compareTransaction } from "./compare-ledger.ts";
import { compareOne } from "./compare-objects.ts";
import { compareRefundTotals } from "./compare-totals.ts";
import { deriveMarked } from "./derive-marked.ts";
import type { AnyObject, Difference } from "./difference.ts";
import {
  dropDifferences,
  eventsOf,
  freshDifferences,
  type OpenDifference,
  openDifferences,
} from "./differences.queries.ts";
import type { Look } from "./look.ts";

const OBJECTS =
  /^(charge|refund|dispute|invoice|subscription|payout|payment_intent|balance_transaction)_(?:missing|differs|unknown)$/;
/** So many differences at once are no matter of the moment. */
const MOST = 200;
/** News of an object is under way for this long, as a rule. */
const YOUNG_MS = 2 * 60 * 1000;
const PAGE = 100;

/**
 * Looks a second time at objects that were found to differ for the first time: money may have moved between Stripe's answer and ours. Those made
 * within the last minutes, and those of which an event waits to be applied, are given up to `patienceMs`.
 */
export async function lookAgain(look: Look, began: string, patienceMs: number): Promise<void> {
  const fresh = (await freshDifferences(look.deps.db, began, MOST + 1)).filter((one) => OBJECTS.test(one.kind));
  if (fresh.length > MOST) return;
  const deadline = performance.now() + patienceMs;
  let doubtful: readonly OpenDifference[] = fresh;
  while (doubtful.length > 0) {
    const still = await stillDiffering(look, doubtful);
    doubtful = await inFlight(look, still);
    if (performance.now() >= deadline) return;
    if (doubtful.length > 0) await sleep(Math.min(1000, patienceMs));
  }
}

async function stillDiffering(look: Look, some: readonly OpenDifference[]): Promise<readonly OpenDifference[]> {
  await deriveMarked(look.deps);
  const answers = await Promise.all(some.map(async (one) => ({ one, now: await objectNow(look, one) })));
  await dropDifferences(
    look.deps.db,
    answers.flatMap(({ one, now }) => (now === null ? [one.id] : [])),
  );
  return answers.flatMap(({ one, now }) => (now === null ? [] : [one]));
}

async function inFlight(look: Look, some: readonly OpenDifference[]): Promise<readonly OpenDifference[]> {
  const events = await eventsOf(
    look.deps.db,
    some.map((one) => one.object_id),
  );
  return some.filter(
    (one) =>
      events.get(one.object_id) === "received" ||
      (one.occurred_at !== null && +look.stripeAt - +one.occurred_at < YOUNG_MS),
  );
}

/** Looks at objects that were found to differ by earlier runs and that no list of this one has brought. */
export async function lookAtOlder(look: Look, began: string): Promise<void> {
  let after: string | null = null;
  for (;;) {
    const page: readonly OpenDifference[] = await openDifferences(
      look.deps.db,
      { seen: "before", at: began },
      after,
      PAGE,
    );
    const last = page.at(-1);
    if (last === undefined) return;
    const older = page.filter((one) => one.occurred_at !== null && one.occurred_at < look.since);
    const found = await Promise.all(older.map((one) => objectNow(look, one)));
    await look.note(found.filter((one): one is Difference => one !== null));
    after = last.id;
  }
}

async function objectNow(look: Look, { kind, object_id }: OpenDifference): Promise<Difference | null> {
  if (kind === "refund_total") {
    const { object } = await look.caller.call((api) => api.charges.retrieve(object_id));
    return (await compareRefundTotals(look, [object]))[0] ?? null;
  }
  const name = OBJECTS.exec(kind)?.[1] as AnyObject | undefined;
  if (name === undefined) return null;
  if (name === "balance_transaction") return await compareTransaction(look, object_id);
  return await compareOne(look, name, object_id);
}
