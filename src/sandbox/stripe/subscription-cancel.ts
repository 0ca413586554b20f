import type { Stripe } from "../../stripe/types.ts";
import { change, type World } from "./world.ts";

/** What somebody said when cancelling. */
export interface CancellationNote {
  readonly comment?: string | null | undefined;
  readonly feedback?: string | null | undefined;
}

/** Ends a subscription at once; nothing is given back. */
export function cancelNow(world: World, before: Stripe.Subscription, note: CancellationNote = {}): Stripe.Subscription {
  return endSubscription(world, { ...before, ...requested(world, before, note) });
}

/** Ends a subscription whose time has come. Its drafts stay drafts and what is open is no longer collected, as at Stripe. */
export function endSubscription(world: World, before: Stripe.Subscription): Stripe.Subscription {
  const after = change(world, "subscription", before, {
    canceled_at: before.canceled_at ?? world.now(),
    ended_at: world.now(),
    status: "canceled",
  });
  for (const invoice of world.store.inOrder("invoice", { newestFirst: true, link: before.id })) {
    if (invoice.status === "draft" || invoice.status === "open") {
      change(world, "invoice", invoice, { auto_advance: false, next_payment_attempt: null });
    }
  }
  world.emit("customer.subscription.deleted", after);
  return after;
}

/** Lets a subscription run until `at`, or for as long as it is paid (null). */
export function cancelLater(
  world: World,
  before: Stripe.Subscription,
  at: number | null,
  atPeriodEnd: boolean,
  note: CancellationNote = {},
): Partial<Stripe.Subscription> {
  if (at === null) {
    return {
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    };
  }
  return { cancel_at: at, cancel_at_period_end: atPeriodEnd, ...requested(world, before, note) };
}

/** What somebody said, kept beside what was said before. */
export function noted(before: Stripe.Subscription, note: CancellationNote): Partial<Stripe.Subscription> {
  const details = before.cancellation_details;
  return {
    cancellation_details: {
      comment: note.comment === undefined ? (details?.comment ?? null) : note.comment,
      feedback: note.feedback === undefined ? (details?.feedback ?? null) : note.feedback,
      feedback_option: null,
      reason: details?.reason ?? null,
    },
  };
}

function requested(world: World, before: Stripe.Subscription, note: CancellationNote): Partial<Stripe.Subscription> {
  const { cancellation_details: details } = noted(before, note);
  return {
    canceled_at: before.canceled_at ?? world.now(),
    cancellation_details:
      details === null || details === undefined ? null : { ...details, reason: "cancellation_requested" },
  };
}

export const CANCELLATION_KEYS = [
  "cancel_at",
  "cancel_at_period_end",
  "canceled_at",
  "cancellation_details",
] as const satisfies readonly (keyof Stripe.Subscription)[];
