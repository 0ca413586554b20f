import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

const LIFECYCLE: readonly string[] = ["open", "canceled", "paid"];

/** Ties an invoice to the PaymentIntent that pays it: neither of the two names the other. */
export const invoicePayment: MirrorKind<"stripe_invoice_payments", Stripe.InvoicePayment> = {
  name: "invoice_payment",
  table: "stripe_invoice_payments",
  links: ["paid_at", "invoice_id", "payment_intent_id", "charge_id"],
  sealed: [],
  toRow: (object, asOf) => ({
    id: object.id,
    as_of: asOf,
    rank: Math.max(0, LIFECYCLE.indexOf(object.status)),
    deleted: false,
    created: instant(object.created),
    paid_at: instant(object.status_transitions.paid_at),
    status: object.status,
    amount_paid: object.amount_paid,
    currency: fromStripeCurrency(object.currency),
    invoice_id: idOf(object.invoice),
    payment_intent_id: idOf(object.payment.payment_intent),
    charge_id: idOf(object.payment.charge),
  }),
  retrieve: (api, id) => api.invoicePayments.retrieve(id),
};
