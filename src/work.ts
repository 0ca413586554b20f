import { forgetKeys } from "./checkout/forget.queries.ts";
import type { Deps } from "./deps.ts";
import { queueTimedMails } from "./donations/mails/timed.ts";
import { deriveDirty } from "./donations/settle.ts";
import { forgetLimits } from "./http/rate-limit.queries.ts";
import { purgePayloads } from "./inbox/operator.queries.ts";
import { processInbox } from "./inbox/process.ts";
import { startJobs } from "./jobs.ts";
import { ledgerLoopState, ledgerLoopStep } from "./ledger/loop.ts";
import { forgetRuns } from "./ledger/reconcile/forget.queries.ts";
import { nightlyState, nightlyStep } from "./ledger/reconcile/nightly.ts";
import { forgetMails } from "./mail/forget.queries.ts";
import { recoverMails } from "./mail/recover.ts";
import type { SendOptions } from "./mail/send.ts";
import { removeSpentJobs } from "./mail/spent-jobs.queries.ts";
import { refetchDue } from "./mirror/refetch.ts";
import { sendDueReminders } from "./reminders/due.ts";
import { forgetReminders } from "./reminders/forget.queries.ts";
import { rollupStep } from "./reports/rollups/step.ts";
import { MAIL_LEASE_MS } from "./shared/limits.ts";
import { type Loop, startLoop } from "./shared/loop.ts";
import { forgetSessions } from "./staff/session/sessions.queries.ts";

const IDLE_MS = 250;
const SLOW_IDLE_MS = 1_000;
const RECOVERY_IDLE_MS = 2_000;
/** Longer than Stripe can be asked for its events. */
const PAYLOAD_DAYS = 35;
const MINUTE_MS = 60_000;
const SPENT_MS = 10_000;
/** One row is read: product time may have jumped, in the sandbox. */
const TIMED_MS = 10_000;
const HOURLY_MS = 3_600_000;

export interface Work {
  /** An event has just been kept by this process. */
  wake(): void;
  /** Stops claiming and waits for what is under way. */
  stop(): Promise<void>;
}

/** Everything that goes on behind the HTTP side; any number of processes may do it at once. */
export function startWork(deps: Deps, mail: SendOptions = {}): Work {
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
    step: async () =>
      (await forgetKeys(deps.db)) +
      (await purgePayloads(deps.db, PAYLOAD_DAYS)) +
      (await forgetReminders(deps.db, deps.now())) +
      (await forgetMails(deps.db)) +
      (await forgetLimits(deps.db)) +
      (await forgetSessions(deps.db)) +
      (await forgetRuns(deps.db)),
  });
  const recovery = startLoop({
    name: "mail",
    idleMs: RECOVERY_IDLE_MS,
    log,
    step: () => recoverMails(deps, mail.leaseMs),
  });
  const spent = startLoop({
    name: "spent jobs",
    idleMs: SPENT_MS,
    log,
    step: () => removeSpentJobs(deps.db, 2 * (mail.leaseMs ?? MAIL_LEASE_MS)),
  });
  const jobs = startJobs(deps, mail);
  const reminders = startLoop({ name: "reminders", idleMs: SLOW_IDLE_MS, log, step: () => sendDueReminders(deps) });
  const stopping = new AbortController();
  const nightlyNotes = nightlyState(stopping.signal);
  const nightly = startLoop({
    name: "nightly",
    idleMs: MINUTE_MS,
    log,
    step: async () => Number(await nightlyStep(deps, nightlyNotes)),
  });
  const timed = startLoop({ name: "timed mails", idleMs: TIMED_MS, log, step: () => queueTimedMails(deps) });
  const loops: readonly Pick<Loop, "stop">[] = [
    inbox,
    derive,
    refetch,
    ledger,
    rollups,
    forget,
    nightly,
    reminders,
    timed,
    recovery,
    spent,
    jobs,
  ];
  return {
    wake: () => inbox.wake(),
    stop: async () => {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
