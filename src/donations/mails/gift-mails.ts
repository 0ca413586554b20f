import type { NewMail } from "../../mail/queue.queries.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import type { Derived } from "../derive.ts";
import type { DonationGraph } from "../types.ts";
import { failureCauses } from "./failure-causes.ts";
import { type Cause, giftOf } from "./gift.ts";
import { paymentCauses } from "./payment-causes.ts";
import { subscriptionCauses } from "./subscription-causes.ts";

/** What is older is no news: Stripe delivers its events for three days, and a restore or a backfill brings back whole years. */
const NEWS_MS = 3 * 24 * 60 * 60 * 1000;

/** A gift as its books were just written; the graph's donation is what stood there before. */
export interface WrittenGift {
  readonly graph: DonationGraph;
  readonly derived: Derived;
}

/** What the mails of a batch go by, besides the gifts. */
export interface MailTimes {
  /** Product time. */
  readonly now: Date;
  readonly newsroom: Pick<NewsroomConfig, "time_zone" | "mail">;
}

/**
 * What a gift as it is now calls for: a pure function of what the books were made of and of what they held before. It may name a cause again
 * and again, as a mail is written once for each.
 */
export function giftCauses({ graph, derived }: WrittenGift, { now, newsroom }: MailTimes): readonly Cause[] {
  const donation = { ...graph.donation, ...derived.foreign };
  if (donation.no_mail === true) return [];
  const gift = giftOf(graph, derived, newsroom.time_zone);
  return [...paymentCauses(gift), ...failureCauses(gift), ...subscriptionCauses(gift)].filter(
    ({ kind, at }) => +now - +at <= NEWS_MS && (kind !== "renewal_receipt" || newsroom.mail.renewal_receipts),
  );
}

/** The mail for a cause. What happened to a gift before this database knew it is history: that is noted, and nobody is mailed. */
export function mailOf({ graph, derived }: WrittenGift, cause: Cause, { now, newsroom }: MailTimes): NewMail {
  const donation = { ...graph.donation, ...derived.foreign };
  const since = derived.foreign === null ? null : graph.donation === null ? now : graph.donation.known_since;
  return {
    kind: cause.kind,
    cause: cause.cause,
    data: cause.data(),
    donationId: graph.id,
    locale: donation.locale ?? null,
    discreet: donation.discreet === true || newsroom.mail.discreet,
    ...(since !== null && cause.at <= since ? { suppressed: "history" } : {}),
  } as NewMail;
}
