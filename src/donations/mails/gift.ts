import type { MailData, MailKind } from "../../mail/kinds.ts";
import type { Frequency } from "../../newsroom.ts";
import { localDate } from "../../shared/period.ts";
import type { Derived } from "../derive.ts";
import type { DonationGraph, Subscription } from "../types.ts";

/** Something that happened to a gift, and the mail that it calls for. */
export type Cause = { [K in MailKind]: CauseOf<K> }[MailKind];

interface CauseOf<K extends MailKind> {
  readonly kind: K;
  readonly cause: string;
  /** When it happened, by Stripe's clock. */
  readonly at: Date;
  /** Made only for a mail that is new: most causes are met again and again. */
  readonly data: () => MailData[K];
}

/** A gift as it is now, with what the database held before. */
export interface Gift {
  readonly graph: DonationGraph;
  readonly derived: Derived;
  readonly frequency: Frequency;
  /** The subscription that the gift runs on. */
  readonly subscription: Subscription | undefined;
  /** The day of an instant where the newsroom is. */
  readonly day: (instant: Date) => string;
}

export function giftOf(graph: DonationGraph, derived: Derived, timeZone: string): Gift {
  return {
    graph,
    derived,
    frequency: (derived.foreign ?? graph.donation)?.frequency as Frequency,
    subscription: graph.subscriptions.find((row) => row.id === derived.donation.stripe_subscription),
    day: (instant) => localDate(instant, timeZone),
  };
}

/** Whether the gift ends with what is paid, or has ended. */
export function isEnding(subscription: Subscription): boolean {
  return subscription.status === "canceled" || subscription.cancel_at_period_end || subscription.cancel_at !== null;
}

/** The day of the next payment; null when none is planned. */
export function nextOn({ derived, subscription, day }: Gift): string | null {
  if (subscription === undefined || isEnding(subscription) || derived.donation.paused) return null;
  return subscription.current_period_end === null ? null : day(subscription.current_period_end);
}

/**
 * When a row came to say what it says: the time of its event, which Stripe gives in whole seconds. Null for one that was fetched, as a backfill
 * does: it may have been so for long.
 */
export function toldAt(row: { readonly as_of: Date }): Date | null {
  return row.as_of.getMilliseconds() === 0 ? row.as_of : null;
}
