/*
 * Every kind of mail, with what its text needs. Amounts are integers of Stripe's minor units with their currency; days are YYYY-MM-DD;
 * instants are ISO 8601 in UTC. Nothing in here names a person: the address is looked up when the mail is sent.
 */
import type { Frequency } from "../newsroom.ts";

interface Money {
  readonly amount: number;
  readonly currency: string;
}

interface Gift extends Money {
  readonly frequency: Frequency;
}

export interface MailData {
  /** A gift of once has arrived. */
  thank_you: Gift & { readonly paid_on: string };
  /** The first payment of a regular gift has arrived. */
  recurring_started: Gift & { readonly paid_on: string; readonly next_on: string | null };
  renewal_receipt: Gift & { readonly paid_on: string; readonly next_on: string | null; readonly installment: number };
  /** `reason` is the key of a sentence in the copy; `next_try_on` is null when Stripe tries no more. */
  payment_failed: Gift & { readonly reason: FailureReason; readonly next_try_on: string | null };
  /** The reader's bank asks for a confirmation. */
  action_required: Gift;
  /** The card of a running gift ends with the month (YYYY-MM). */
  card_expiring: Gift & { readonly expires: string; readonly next_on: string | null };
  /** An annual gift renews soon. */
  annual_upcoming: Gift & { readonly renews_on: string };
  /** Once a year to those who give monthly: what they gave in these twelve months. */
  yearly_note: Gift & { readonly since: string; readonly total: number; readonly payments: number };
  amount_changed: Gift & { readonly before: number; readonly next_on: string | null };
  paused: Gift & { readonly resumes_on: string | null };
  /** `ends_on` when the gift still runs to the end of a period that is paid; `by` tells who ended it. */
  cancelled: Gift & { readonly ends_on: string | null; readonly by: "reader" | "payment_failed" | "other" };
  /** `amount` is what goes back; `of` what was paid. */
  refunded: Gift & { readonly of: number };
  reminder: {
    readonly frequency: Frequency | null;
    readonly amount: number | null;
    readonly currency: string | null;
    readonly asked_on: string;
  };
  /** Asks whether a reminder is wanted at all; sent before anything else to an address that has to confirm. */
  reminder_confirm: { readonly due_on: string };
  /** The link by which readers see and stop their gifts; `until` is when it ends by product time, as it is told. */
  manage_link: { readonly expires_at: string; readonly until?: string };
  /** The link by which a member of staff signs in, once. */
  staff_sign_in: { readonly expires_at: string };
}

export type MailKind = keyof MailData;

export const MAIL_KINDS = [
  "thank_you",
  "recurring_started",
  "renewal_receipt",
  "payment_failed",
  "action_required",
  "card_expiring",
  "annual_upcoming",
  "yearly_note",
  "amount_changed",
  "paused",
  "cancelled",
  "refunded",
  "reminder",
  "reminder_confirm",
  "manage_link",
  "staff_sign_in",
] as const satisfies readonly MailKind[];

/** Why a payment failed, in as many ways as a reader can act on; Stripe's decline codes are mapped onto them. */
export const FAILURE_REASONS = [
  "card_expired",
  "insufficient_funds",
  "card_declined",
  "details_incorrect",
  "authentication_failed",
  "bank_debit_failed",
  "other",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The addresses that a mail of a kind may lead to; the sender makes those that fit, the template uses them. */
export interface MailLinks {
  /** Stops this gift without signing in: a page with one button. In every mail about a running gift. */
  readonly stop: string | null;
  /** To pay a failed payment, to use another card, or to confirm with the bank. */
  readonly fix: string | null;
  /** Back to the form, filled in: for a reminder, after a cancellation, after a failed gift. */
  readonly give: string | null;
  /** All of the reader's gifts. */
  readonly manage: string | null;
  /** Confirms what the mail asks about. */
  readonly confirm: string | null;
  /** Ends this kind of mail; also stands in List-Unsubscribe, with its one-click address. */
  readonly unsubscribe: { readonly page: string; readonly oneClick: string } | null;
}
