import type { Stripe } from "../../stripe/types.ts";
import { finalizeAndCollect } from "./collection.ts";
import { DRAFT_FOR, draftInvoice, type Period } from "./invoices.ts";
import { periodEnd } from "./periods.ts";
import { recurringOf } from "./prices.ts";
import { endSubscription } from "./subscription-cancel.ts";
import { currentPeriod } from "./subscriptions.ts";
import { change, type World } from "./world.ts";

const RENEWING = new Set(["active", "past_due", "unpaid"]);

/** What a period's end brings: an invoice for the next one, or the subscription's end. */
export function renew(world: World, id: string): void {
  const before = world.store.get("subscription", id);
  if (before === undefined || !RENEWING.has(before.status)) return;
  if (before.cancel_at !== null && before.cancel_at <= world.now()) {
    endSubscription(world, before);
    return;
  }
  const over = currentPeriod(before);
  // A subscription can have more than one task: the one that was left from an earlier plan does nothing.
  if (over.end > world.now()) return;
  const period = periodAfter(before, over);
  const items = before.items.data.map((item) => ({
    ...item,
    current_period_end: period.end,
    current_period_start: period.start,
  }));
  const rolled = { ...before, items: { ...before.items, data: items } };
  // An unpaid subscription's invoices are left to be dealt with by hand.
  const stays = before.status === "unpaid" || before.pause_collection?.behavior === "keep_as_draft";
  const invoice = draftInvoice(world, rolled, "subscription_cycle", period, over, !stays);
  const after = change(world, "subscription", rolled, { latest_invoice: invoice.id });
  world.emit("customer.subscription.updated", after, {
    items: { data: before.items.data },
    latest_invoice: before.latest_invoice,
  });
  if (!stays) world.schedule(world.now() + DRAFT_FOR, "finalize_invoice", invoice.id);
  world.schedule(period.end, "renew", id);
}

/** What the hour after a renewal brings: the draft is finalized and paid. */
export function finalizeDraft(world: World, id: string): void {
  const invoice = world.store.get("invoice", id);
  if (invoice?.status !== "draft" || invoice.auto_advance === false) return;
  finalizeAndCollect(world, invoice, "Subscription update");
}

function periodAfter(subscription: Stripe.Subscription, over: Period): Period {
  const [item] = subscription.items.data;
  const recurring = item === undefined ? null : recurringOf(item.price);
  if (recurring === null) throw new Error(`Subscription ${subscription.id} does not recur.`);
  const { interval, intervalCount } = recurring;
  return { start: over.end, end: periodEnd(subscription.billing_cycle_anchor, interval, intervalCount, over.end) };
}
