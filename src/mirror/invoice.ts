import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";
import { readMetadata } from "./metadata.ts";

/** An uncollectible invoice can still be paid, a void one can't. */
const LIFECYCLE: readonly (string | null)[] = ["draft", "open", "uncollectible", "void", "paid"];

export const invoice: MirrorKind<"stripe_invoices", Stripe.Invoice> = {
  name: "invoice",
  table: "stripe_invoices",
  links: ["paid_at", "donation_id", "customer_id", "subscription_id"],
  sealed: [],
  toRow: (object, asOf) => {
    const subscription = object.parent?.subscription_details;
    return {
      id: object.id,
      as_of: asOf,
      rank: Math.max(0, LIFECYCLE.indexOf(object.status)),
      deleted: false,
      created: instant(object.created),
      paid_at: instant(object.status_transitions.paid_at),
      status: object.status,
      billing_reason: object.billing_reason,
      currency: fromStripeCurrency(object.currency),
      amount_due: object.amount_due,
      amount_paid: object.amount_paid,
      attempt_count: object.attempt_count,
      next_attempt_at: instant(object.next_payment_attempt),
      finalization_failed: object.last_finalization_error !== null,
      donation_id: readMetadata(subscription?.metadata).donation_id,
      customer_id: idOf(object.customer),
      subscription_id: idOf(subscription?.subscription),
    };
  },
  retrieve: (api, id) => api.invoices.retrieve(id),
};
