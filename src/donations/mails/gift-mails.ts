import type { NewMail } from "../../mail/queue.queries.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import type { Derived } from "../derive.ts";
import type { DonationGraph } from "../types.ts";
import { failureCauses } from "./failure-causes.ts";
import { type Cause, giftOf, type Said } from "./gift.ts";
import { paymentCauses } from "./payment-causes.ts";
import { subscriptionCauses } from "./subscription-causes.ts";

/** What is older is no news: Stripe delivers its events for three days, and a restore or a backfill brings back whole years. */
const NEWS_MS = 3 * 24 * 60 * 60 * 1000;

/** What the mails of a batch go by, besides the gifts. */
export interface MailTimes {
  /** Product time. */
  readonly now: Date;
  readonly newsroom: Pick<NewsroomConfig, "time_zone" | "mail">;
}

/**
 * The mails that a gift as it is now calls for: a pure function of what the books were made of and of what they held before. It may give one
 * again and again, as a mail is written once for each cause.
 */
export function giftMails(graph: DonationGraph, derived: Derived, { now, newsroom }: MailTimes): readonly NewMail[] {
  const donation = { ...graph.donation, ...derived.foreign };
  if (donation.no_mail === true) return [];
  const gift = giftOf(graph, derived, newsroom.time_zone);
  const causes = [...paymentCauses(gift), ...failureCauses(gift), ...subscriptionCauses(gift)];
  const history = historyOf(graph, derived, now);
  return causes
    .filter((cause) => +now - +cause.at <= NEWS_MS)
    .map((cause) => ({ said: cause.mail(), isHistory: isBefore(cause, history) }))
    .filter(({ said }) => isWanted(said, newsroom))
    .map(({ said, isHistory }) => ({
      ...said,
      donationId: graph.id,
      locale: donation.locale ?? null,
      discreet: donation.discreet === true || newsroom.mail.discreet,
      ...(isHistory ? { suppressed: "history" } : {}),
    }));
}

function isWanted(said: Said, newsroom: MailTimes["newsroom"]): boolean {
  return said.kind !== "renewal_receipt" || newsroom.mail.renewal_receipts;
}

/** Until when what happened to a gift isn't news: for one that came from Stripe, the moment at which this database first saw it. */
function historyOf(graph: DonationGraph, derived: Derived, now: Date): Date | null {
  if (derived.foreign === null) return null;
  return graph.donation === null ? now : graph.donation.known_since;
}

function isBefore(cause: Cause, history: Date | null): boolean {
  return history !== null && cause.at <= history;
}
