import { forgetKeys } from "./checkout/forget.queries.ts";
import type { Deps } from "./deps.ts";
import { deriveDirty } from "./donations/settle.ts";
import { purgePayloads } from "./inbox/operator.queries.ts";
import { processInbox } from "./inbox/process.ts";
import { ledgerLoopState, ledgerLoopStep } from "./ledger/loop.ts";
import { nightlyState, nightlyStep } from "./ledger/reconcile/nightly.ts";
import { refetchDue } from "./mirror/refetch.ts";
import { rollupStep } from "./reports/rollups/step.ts";
import { type Loop, startLoop } from "./shared/loop.ts";

const IDLE_MS = 250;
const SLOW_IDLE_MS = 1_000;
/** Longer than Stripe can be asked for its events. */
const PAYLOAD_DAYS = 35;
const MINUTE_MS = 60_000;
const HOURLY_MS = 3_600_000;

export interface Work {
  /** An event has just been kept by this process. */
  wake(): void;
  /** Stops claiming and waits for what is under way. */
  stop(): Promise<void>;
}

/** Everything that goes on behind the HTTP side; any number of processes may do it at once. */
export function startWork(deps: Deps): Work {
  const { log } = deps;
  const derive = startLoop({ name: "derive", idleMs: IDLE_MS, log, step: () => deriveDirty(deps) });
  const inbox = startLoop({
    name: "inbox",
    idleMs: IDLE_MS,
    log,
    step: async () => {
      const found = await processInbox(deps);
      if (found > 0) derive.wake();
      return found;
    },
  });
  const refetch = startLoop({ name: "refetch", idleMs: SLOW_IDLE_MS, log, step: () => refetchDue(deps) });
  const ledgerState = ledgerLoopState();
  const ledger = startLoop({
    name: "ledger",
    idleMs: SLOW_IDLE_MS,
    log,
    step: async () => {
      if ((await ledgerLoopStep(deps, ledgerState)) > 0) derive.wake();
      return 0;
    },
  });
  const rollups = startLoop({ name: "rollups", idleMs: SLOW_IDLE_MS, log, step: () => rollupStep(deps) });
  const forget = startLoop({
    name: "forget",
    idleMs: HOURLY_MS,
    log,
    step: async () => (await forgetKeys(deps.db)) + (await purgePayloads(deps.db, PAYLOAD_DAYS)),
  });
  const stopping = new AbortController();
  const nightlyNotes = nightlyState(stopping.signal);
  const nightly = startLoop({
    name: "nightly",
    idleMs: MINUTE_MS,
    log,
    step: async () => Number(await nightlyStep(deps, nightlyNotes)),
  });
  const loops: readonly Loop[] = [inbox, derive, refetch, ledger, rollups, forget, nightly];
  return {
    wake: () => inbox.wake(),
    stop: async () => {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
