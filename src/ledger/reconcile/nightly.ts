import type { Deps } from "../../deps.ts";
import { addDays, localDate, periodStart } from "../../shared/period.ts";
import { finishPull, initialPosition, type Lease, releaseLease, renewLease, takeLease } from "../cursor.queries.ts";
import { createCaller } from "../lists/caller.ts";
import { reconcile } from "./reconcile.ts";

const NIGHTLY = "nightly_reconciliation";

const HOUR_MS = 60 * 60 * 1000;
/** At three, when the fewest give. */
const AT_MS = 3 * HOUR_MS;
/** Refunds come within a month as a rule; what is still open from before is looked at in any case. */
const LOOK_BACK_MS = 35 * 24 * HOUR_MS;
const RENEW_EVERY_MS = 20_000;
const RETRY_MS = 15 * 60 * 1000;

type NightlyDeps = Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log" | "now">;

/** What one process remembers between steps. */
export interface NightlyState {
  /** Ends a comparison that is under way; the next process to look takes it up from its beginning. */
  readonly signal: AbortSignal;
  /** The wall clock: nights are those of the people who read the report. */
  readonly now: () => Date;
  retryAt: number;
}

export function nightlyState(signal: AbortSignal, now: () => Date = () => new Date()): NightlyState {
  return { signal, now, retryAt: Number.NEGATIVE_INFINITY };
}

/**
 * Compares the books with Stripe once a night across all processes, at about three in the newsroom's time zone; to be called every minute or so.
 * A night that was missed is made up for. Never throws; what went wrong is logged and tried again after a quarter of an hour.
 * @returns whether it ran
 */
export async function nightlyStep(deps: NightlyDeps, state: NightlyState): Promise<boolean> {
  if (+state.now() < state.retryAt) return false;
  try {
    const due = lastDue(state.now(), deps.newsroom().time_zone);
    const position = await initialPosition(deps.db, NIGHTLY, due);
    if (position >= due) return false;
    const lease = await takeLease(deps.db, NIGHTLY);
    if (lease === null) return false;
    if (lease.position !== null && lease.position >= due) {
      await releaseLease(deps.db, lease);
      return false;
    }
    await holding(deps, lease, (held) => run(deps, state, held, due));
    return true;
  } catch (error) {
    if (state.signal.aborted) return false;
    state.retryAt = +state.now() + RETRY_MS;
    deps.log.error({ err: error }, "the nightly comparison with Stripe broke off; it is tried again");
    return false;
  }
}

/** The latest time that it should have begun. */
function lastDue(now: Date, timeZone: string): Date {
  const today = localDate(now, timeZone);
  const due = new Date(+periodStart(today, timeZone) + AT_MS);
  return due <= now ? due : new Date(+periodStart(addDays(today, -1), timeZone) + AT_MS);
}

async function run(deps: NightlyDeps, state: NightlyState, held: () => Lease, due: Date): Promise<void> {
  const caller = createCaller(deps, { signal: state.signal });
  const { asOf } = await caller.call((api) => api.balance.retrieve());
  const done = await reconcile(deps, { since: new Date(+asOf - LOOK_BACK_MS), caller });
  const told = { run: done.run, remaining: done.remaining, calls: done.calls };
  if (done.remaining === 0) deps.log.info(told, "the books agree with Stripe");
  else deps.log.error(told, "the books differ from Stripe: see /v1/reports/reconciliation");
  await finishPull(deps.db, held(), due);
}

/** Renews the lease as long as the work goes on, and lets go of it however that ends. */
async function holding(deps: NightlyDeps, taken: Lease, work: (held: () => Lease) => Promise<void>): Promise<void> {
  let lease = taken;
  const timer = setInterval(() => {
    deps.db
      .transaction()
      .execute(async (trx) => {
        lease = (await renewLease(trx, lease)) ?? lease;
      })
      .catch((error: unknown) => deps.log.warn({ err: error }, "a lease could not be renewed"));
  }, RENEW_EVERY_MS);
  try {
    await work(() => lease);
  } finally {
    clearInterval(timer);
    await releaseLease(deps.db, lease).catch(() => undefined);
  }
}
