import type { Stripe } from "../../stripe/types.ts";
import type { SandboxClock } from "../clock.ts";
import { expireIncomplete, retryInvoice } from "./collection.ts";
import { evidenceDue } from "./disputes.ts";
import { buildEvent, pruneEvents } from "./events.ts";
import { Idempotency } from "./idempotency.ts";
import { Journal } from "./journal.ts";
import { payOut, payoutArrives, payoutOnItsWay, payoutReconciled, setPayouts } from "./payouts.ts";
import { DAY } from "./periods.ts";
import { failRefund, settleRefund, traceRefund } from "./refunds.ts";
import { finalizeDraft, renew } from "./renewals.ts";
import { Schedule, type Tasks } from "./schedule.ts";
import { expireWhenDue } from "./session-expiry.ts";
import { changeSettings, type Settings } from "./settings.ts";
import { settleDelayed } from "./settlement.ts";
import type { Webhook } from "./signed-posts.ts";
import { Store } from "./store.ts";
import { resumeWhenDue } from "./subscription-pause.ts";
import { Timeline } from "./timeline.ts";
import { inVersion } from "./versions.ts";
import { Deliveries } from "./webhooks.ts";
import { type Account, type Cause, NO_CAUSE, type World } from "./world.ts";

interface EngineOptions {
  readonly stateFile: string | null;
  readonly clock: SandboxClock;
  readonly webhook: Webhook | null;
  readonly account: Account;
  readonly payouts: "manual" | "daily" | undefined;
  readonly settings: Partial<Settings> | undefined;
  readonly baseUrl: () => string;
  readonly log: (line: object) => void;
}

/** The simulated Stripe without its HTTP side. */
export interface Engine {
  readonly world: World;
  readonly timeline: Timeline;
  readonly idempotency: Idempotency;
  readonly deliveries: Deliveries;
  /** How many events there have been since the start. */
  readonly emitted: () => number;
  readonly setWebhook: (webhook: Webhook | null) => void;
  readonly close: () => void;
}

export function startEngine(options: EngineOptions): Engine {
  const store = new Store(options.stateFile === null ? null : new Journal(options.stateFile));
  const idempotency = new Idempotency(store);
  const schedule = new Schedule(store);
  const deliveries = new Deliveries(
    store,
    options.webhook,
    (event, version) => inVersion(world, event, version ?? null),
    options.log,
  );
  const endpoint = endpointNote(store);
  if (options.webhook !== null) endpoint.set(true);
  let cause: Cause = NO_CAUSE;
  let emitted = 0;

  const world: World = {
    store,
    account: options.account,
    baseUrl: options.baseUrl,
    now: () => timeline.now(),
    cause: () => cause,
    causedBy: (its, run) => {
      const before = cause;
      cause = its;
      try {
        return run();
      } finally {
        cause = before;
      }
    },
    emit: (type: Stripe.Event.Type, object: object, previous?: object) => {
      const event = buildEvent(type, timeline.now(), object, previous, cause, endpoint.isSet());
      store.put("event", event);
      emitted += 1;
      if (event.pending_webhooks > 0) deliveries.add(event);
    },
    schedule: (at, task, target) => schedule.add(at, task, target),
  };

  const tasks: Tasks = {
    expire_session: expireWhenDue,
    renew,
    finalize_invoice: finalizeDraft,
    settle: (_, id) => settleDelayed(world, id, true),
    fail_to_settle: (_, id) => settleDelayed(world, id, false),
    expire_incomplete: expireIncomplete,
    retry_invoice: retryInvoice,
    resume_collection: resumeWhenDue,
    settle_refund: settleRefund,
    fail_refund: failRefund,
    trace_refund: traceRefund,
    evidence_due: evidenceDue,
    pay_out: payOut,
    payout_on_its_way: payoutOnItsWay,
    payout_arrives: payoutArrives,
    payout_reconciled: payoutReconciled,
    forget_old: () => {
      idempotency.prune(world.now());
      pruneEvents(world);
      world.schedule(world.now() + DAY, "forget_old", "");
    },
  };

  const timeline = new Timeline(options.clock, schedule, (due) => {
    try {
      tasks[due.task](world, due.target);
    } catch (error) {
      options.log({
        msg: "the simulated Stripe failed",
        task: due.task,
        error: error instanceof Error ? error.stack : String(error),
      });
    } finally {
      store.commit();
    }
  });

  if (options.payouts !== undefined) setPayouts(world, options.payouts);
  if (options.settings !== undefined) changeSettings(world, options.settings);
  if (schedule.next() === undefined || !hasCleaning(store)) world.schedule(timeline.now() + DAY, "forget_old", "");
  store.commit();

  return {
    world,
    timeline,
    idempotency,
    deliveries,
    emitted: () => emitted,
    setWebhook: (webhook) => {
      endpoint.set(webhook !== null);
      store.commit();
      deliveries.setWebhook(webhook);
    },
    close: () => {
      deliveries.close();
      store.close();
    },
  };
}

/** Whether an endpoint exists outlives a restart: events of the moments until its URL is known again wait for it. */
function endpointNote(store: Store) {
  return {
    isSet: () => store.get("note", "endpoint")?.value === "set",
    set: (isSet: boolean) => {
      const value = isSet ? "set" : "none";
      if (store.get("note", "endpoint")?.value !== value) store.put("note", { id: "endpoint", value });
    },
  };
}

function hasCleaning(store: Store): boolean {
  for (const due of store.all("due")) if (due.task === "forget_old") return true;
  return false;
}
