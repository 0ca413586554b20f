import type { Stripe } from "../../stripe/types.ts";
import { setDelinquent } from "./delinquency.ts";
import { markUncollectible } from "./invoice-states.ts";
import { DAY } from "./periods.ts";
import { settingsOf } from "./settings.ts";
import { endSubscription } from "./subscription-cancel.ts";
import { setStatus, subscriptionOf } from "./subscription-states.ts";
import { change, previously, type World } from "./world.ts";

/**
 * An attempt to collect an invoice failed: it is tried again as the settings say, and after the last attempt the subscription
 * is given up. `counted` attempts were counted when they began; those made `by_hand` leave the schedule as it is.
 * https://docs.stripe.com/billing/revenue-recovery/smart-retries
 */
export function collectionFailed(
  world: World,
  before: Stripe.Invoice,
  attempt: "attempted" | "counted" | "by_hand",
  needsAction = false,
): Stripe.Invoice {
  const { dunning } = settingsOf(world);
  const subscription = subscriptionOf(world, before);
  const byHand = attempt === "by_hand" && before.attempted;
  const count = before.attempt_count + (attempt === "counted" || byHand ? 0 : 1);
  const isRetried = isCollectedAgain(subscription) && before.auto_advance === true && before.status === "open";
  const pause = isRetried ? dunning.retries[count - 1] : undefined;
  const next = byHand ? before.next_payment_attempt : pause === undefined ? null : world.now() + pause * DAY;
  const invoice = change(world, "invoice", before, {
    attempt_count: count,
    attempted: true,
    next_payment_attempt: next,
  });
  if (next !== null && next !== before.next_payment_attempt) world.schedule(next, "retry_invoice", invoice.id);
  const previous = previously(before, invoice, "attempt_count", "attempted", "next_payment_attempt");
  if (Object.keys(previous).length > 0) world.emit("invoice.updated", invoice, previous);
  world.emit("invoice.payment_failed", invoice);
  if (needsAction) world.emit("invoice.payment_action_required", invoice);
  setDelinquent(world, invoice, true);
  if (subscription.status === "active") setStatus(world, subscription, "past_due");
  if (!byHand && isRetried && pause === undefined) giveUp(world, invoice);
  return world.store.mustGet("invoice", invoice.id);
}

/** A first payment isn't tried again: the donor has the page before them. */
function isCollectedAgain(subscription: Stripe.Subscription): boolean {
  return subscription.status === "active" || subscription.status === "past_due";
}

/** After the last attempt. */
function giveUp(world: World, invoice: Stripe.Invoice): void {
  const { dunning } = settingsOf(world);
  const before = subscriptionOf(world, invoice);
  if (dunning.invoice === "uncollectible") markUncollectible(world, invoice);
  if (dunning.subscription === "unpaid") setStatus(world, before, "unpaid");
  if (dunning.subscription !== "cancel") return;
  const { comment = null, feedback = null } = before.cancellation_details ?? {};
  endSubscription(world, {
    ...before,
    cancellation_details: { comment, feedback, feedback_option: null, reason: "payment_failed" },
  });
}
