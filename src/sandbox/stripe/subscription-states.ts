import type { Stripe } from "../../stripe/types.ts";
import { change, idOf, type World } from "./world.ts";

/** The subscription that an invoice is of. */
export function subscriptionOf(world: World, invoice: Stripe.Invoice): Stripe.Subscription {
  return world.store.mustGet("subscription", idOf(invoice.parent?.subscription_details?.subscription ?? ""));
}

/** Tells of a subscription's new status. */
export function setStatus(
  world: World,
  before: Stripe.Subscription,
  status: Stripe.Subscription.Status,
): Stripe.Subscription {
  if (before.status === status) return before;
  const after = change(world, "subscription", before, { status });
  world.emit("customer.subscription.updated", after, { status: before.status });
  return after;
}

/** incomplete, past_due or unpaid → active, once the latest invoice is paid or nobody owes it any more. */
export function activate(world: World, settled: Stripe.Invoice): void {
  const before = subscriptionOf(world, settled);
  if (before.status === "incomplete") setStatus(world, before, "active");
  if (before.status !== "past_due" && before.status !== "unpaid") return;
  if (!owesNewer(world, before, settled)) setStatus(world, before, "active");
}

/** Whether a later invoice of the subscription has been tried and is still open. */
function owesNewer(world: World, subscription: Stripe.Subscription, than: Stripe.Invoice): boolean {
  for (const invoice of world.store.inOrder("invoice", { newestFirst: true, link: subscription.id })) {
    if (invoice.id === than.id) return false;
    if (invoice.status === "open" && invoice.attempted) return true;
  }
  return false;
}
