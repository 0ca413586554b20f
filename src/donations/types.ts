import type { Insertable, Selectable } from "kysely";
import type { DB, Donations } from "../db/schema.ts";
import type { Frequency } from "../newsroom.ts";

export type { Frequency };

/** `created` before Stripe has answered; the rest is what the reader's gift has come to. Refunds and disputes never overwrite it. */
export type DonationStatus = "created" | "open" | "processing" | "paid" | "failed" | "expired";

export type PaymentStatus = "processing" | "paid" | "failed";

export type Donation = Selectable<Donations>;
export type NewDonation = Insertable<Donations>;
export type Session = Selectable<DB["stripe_sessions"]>;
export type Subscription = Selectable<DB["stripe_subscriptions"]>;
export type PaymentIntent = Selectable<DB["stripe_payment_intents"]>;
export type Invoice = Selectable<DB["stripe_invoices"]>;
export type InvoicePayment = Selectable<DB["stripe_invoice_payments"]>;
export type Charge = Selectable<DB["stripe_charges"]>;
export type BalanceTransaction = Selectable<DB["balance_transactions"]>;
export type Refund = Selectable<DB["stripe_refunds"]>;
export type Dispute = Selectable<DB["stripe_disputes"]>;
export type PaymentRow = Selectable<DB["payments"]>;
export type MovementRow = Selectable<DB["payment_movements"]>;

/** A donor's customer at Stripe: who it is stays in the vault, the hash only tells that two are one. */
export type Customer = Pick<Selectable<DB["stripe_customers"]>, "id" | "email_hash">;

/** Everything the mirror and the ledger know of one donation. */
export interface DonationGraph {
  readonly id: string;
  readonly donation: Donation | null;
  readonly sessions: readonly Session[];
  readonly subscriptions: readonly Subscription[];
  readonly paymentIntents: readonly PaymentIntent[];
  readonly invoices: readonly Invoice[];
  readonly invoicePayments: readonly InvoicePayment[];
  readonly charges: readonly Charge[];
  readonly refunds: readonly Refund[];
  readonly disputes: readonly Dispute[];
  /** Of its charges, refunds and disputes. */
  readonly balanceTransactions: readonly BalanceTransaction[];
  readonly customers: readonly Customer[];
}

/** The columns of a donation that follow from the mirror; all others are what the reader chose. */
export type DerivedDonation = Pick<
  Donation,
  | "status"
  | "subscription_status"
  | "donor_id"
  | "stripe_session"
  | "stripe_payment_intent"
  | "stripe_subscription"
  | "stripe_customer"
  | "running_amount"
  | "paused"
>;
