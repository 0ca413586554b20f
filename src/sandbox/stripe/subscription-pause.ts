import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { finalizeAndCollect } from "./collection.ts";
import { refusal } from "./errors.ts";
import { draftInvoice } from "./invoices.ts";
import { integer, oneOf } from "./params.ts";
import { periodEnd } from "./periods.ts";
import { recurringOf } from "./prices.ts";
import { setStatus } from "./subscription-states.ts";
import { currentPeriod } from "./subscriptions.ts";
import { change, type World } from "./world.ts";

export const pauseParams = z.union([
  z.literal("").transform(() => null),
  z.strictObject({
    behavior: oneOf("keep_as_draft", "mark_uncollectible", "void"),
    resumes_at: integer(0).optional(),
  }),
]);

/** What `pause_collection` becomes; the subscription's status stays. https://docs.stripe.com/billing/subscriptions/pause-payment */
export function pausedAs(world: World, sent: z.output<typeof pauseParams>): Stripe.Subscription["pause_collection"] {
  if (sent === null) return null;
  if (sent.resumes_at !== undefined && sent.resumes_at <= world.now()) {
    throw refusal(null, "resumes_at must be in the future.", "pause_collection[resumes_at]");
  }
  return { behavior: sent.behavior, resumes_at: sent.resumes_at ?? null };
}

/** What the clock brings to a pause with an end. */
export function resumeWhenDue(world: World, id: string): void {
  const before = world.store.get("subscription", id);
  const pause = before?.pause_collection;
  if (before === undefined || typeof pause?.resumes_at !== "number" || pause.resumes_at > world.now()) return;
  const after = change(world, "subscription", before, { pause_collection: null });
  world.emit("customer.subscription.updated", after, { pause_collection: pause });
}

/** active → paused: what the end of a trial without a payment method does. No invoices are made. */
export function pauseSubscription(world: World, before: Stripe.Subscription): Stripe.Subscription {
  const after = setStatus(world, before, "paused");
  world.emit("customer.subscription.paused", after);
  return after;
}

/** paused → active; a period that ended meanwhile is followed by one that begins now, and is paid at once. */
export function resumeSubscription(world: World, before: Stripe.Subscription): Stripe.Subscription {
  if (before.status !== "paused") {
    throw refusal(null, `This subscription cannot be resumed: its status is ${before.status}.`);
  }
  const over = currentPeriod(before);
  const now = world.now();
  const resumed = setStatus(world, over.end > now ? before : restarted(before, now), "active");
  world.emit("customer.subscription.resumed", resumed);
  const period = currentPeriod(resumed);
  world.schedule(period.end, "renew", resumed.id);
  if (over.end > now) return resumed;
  const draft = draftInvoice(world, resumed, "subscription_update", period, over);
  change(world, "subscription", resumed, { latest_invoice: draft.id });
  finalizeAndCollect(world, draft, "Subscription update");
  return world.store.mustGet("subscription", resumed.id);
}

function restarted(subscription: Stripe.Subscription, now: number): Stripe.Subscription {
  const data = subscription.items.data.map((item) => {
    const recurring = recurringOf(item.price);
    if (recurring === null) throw new Error(`Price ${item.price.id} does not recur.`);
    const end = periodEnd(now, recurring.interval, recurring.intervalCount, now);
    return { ...item, current_period_end: end, current_period_start: now };
  });
  return { ...subscription, billing_cycle_anchor: now, items: { ...subscription.items, data } };
}
