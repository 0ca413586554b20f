import { type Cause, type Gift, isEnding, nextOn } from "./gift.ts";

/** What became of a running gift: another amount, a pause, its end. */
export function subscriptionCauses(gift: Gift): readonly Cause[] {
  return [changed(gift), paused(gift), cancelled(gift)].filter((cause) => cause !== null);
}

/** Only a change of what this database held before is news; what it sees for the first time was agreed to. */
function changed(gift: Gift): Cause | null {
  const { graph, derived, subscription, frequency } = gift;
  const before = known(gift)?.running_amount ?? null;
  const amount = derived.donation.running_amount;
  if (subscription === undefined || subscription.status === "canceled") return null;
  if (before === null || amount === null || amount === before) return null;
  return {
    kind: "amount_changed",
    cause: `${graph.id}:${subscription.as_of.toISOString()}`,
    at: subscription.as_of,
    data: () => ({ frequency, amount, currency: subscription.currency, before, next_on: nextOn(gift) }),
  };
}

function paused(gift: Gift): Cause | null {
  const { graph, derived, subscription, day } = gift;
  if (subscription === undefined || known(gift)?.paused !== false || !derived.donation.paused) return null;
  const resumes = subscription.pause_resumes_at;
  return {
    kind: "paused",
    cause: `${graph.id}:${subscription.as_of.toISOString()}`,
    at: subscription.as_of,
    data: () => ({ ...runningGift(gift), resumes_on: resumes === null ? null : day(resumes) }),
  };
}

/** At once, or at the end of what is paid: then this is said once, when it is asked for. One that never got any money just didn't begin. */
function cancelled(gift: Gift): Cause | null {
  const { derived, subscription, day } = gift;
  if (subscription === undefined || !isEnding(subscription)) return null;
  if (!derived.payments.some((payment) => payment.status !== "failed")) return null;
  const at = subscription.canceled_at ?? subscription.ended_at;
  if (at === null) return null;
  const ends = subscription.status === "canceled" ? null : (subscription.cancel_at ?? subscription.current_period_end);
  const by = whoEnded(subscription.cancellation_reason);
  return {
    kind: "cancelled",
    cause: `${subscription.id}:${Math.floor(+at / 1000)}`,
    at,
    data: () => ({ ...runningGift(gift), ends_on: ends === null ? null : day(ends), by }),
  };
}

/** The donation as it was, if it ran on this subscription then. */
function known({ graph, subscription }: Gift) {
  return graph.donation?.stripe_subscription === subscription?.id ? graph.donation : null;
}

function runningGift({ graph, derived, frequency }: Gift) {
  const donation = derived.foreign ?? graph.donation;
  const amount = derived.donation.running_amount ?? Number(donation?.amount ?? 0);
  return { frequency, amount, currency: donation?.currency ?? "" };
}

/** https://docs.stripe.com/api/subscriptions/object#subscription_object-cancellation_details-reason */
function whoEnded(reason: string | null): "reader" | "payment_failed" | "other" {
  if (reason === "cancellation_requested") return "reader";
  return reason === "payment_failed" ? "payment_failed" : "other";
}
