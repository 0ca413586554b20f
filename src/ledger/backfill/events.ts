import type { MirrorKindName } from "../../mirror/kind.ts";
import { mirrorKind } from "../../mirror/kinds.ts";
import type { Stripe } from "../../stripe/types.ts";
import type { Range } from "../lists/lists.ts";

/** How far back Stripe lists events. https://docs.stripe.com/api/events/list */
export const EVENTS_REACH_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Events that tell of a change to what was made before, in two lists: Stripe takes twenty types a request. What is made new, and subscriptions
 * and disputes, come by their own lists.
 */
export const EVENT_LISTS: Readonly<Record<string, readonly string[]>> = {
  "events of payments": [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.succeeded",
    "charge.updated",
    "charge.failed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.finalization_failed",
    "invoice.marked_uncollectible",
    "invoice.voided",
    "invoice.finalized",
    "invoice_payment.paid",
  ],
  "events of refunds, payouts and donors": [
    "refund.updated",
    "refund.failed",
    "payout.updated",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
    "payout.reconciliation_completed",
    "customer.updated",
    "customer.deleted",
    "payment_method.attached",
    "payment_method.updated",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "radar.early_fraud_warning.updated",
  ],
};

export async function eventPage(
  api: Stripe,
  types: readonly string[],
  range: Range,
): Promise<Stripe.Response<Stripe.ApiList<Stripe.Event>>> {
  return await api.events.list({ ...range, types: [...types], limit: 100 });
}

/** The objects from before the period that these events tell of, once each. Events are hints: in which version they speak is chance. */
export function olderObjects(
  events: readonly Stripe.Event[],
  since: Date,
): ReadonlyMap<MirrorKindName, ReadonlySet<string>> {
  const found = new Map<MirrorKindName, Set<string>>();
  for (const { data } of events) {
    const { id, object, created } = data.object as { id?: unknown; object?: unknown; created?: unknown };
    const kind = mirrorKind(String(object));
    if (kind === null || typeof id !== "string") continue;
    const isListed = kind.name !== "payment_method" && typeof created === "number" && created * 1000 >= +since;
    if (isListed) continue;
    const ids = found.get(kind.name);
    if (ids === undefined) found.set(kind.name, new Set([id]));
    else ids.add(id);
  }
  return found;
}
