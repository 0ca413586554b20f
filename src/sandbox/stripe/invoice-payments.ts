import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { oneOf, parseParams, text, timeRange } from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, type World } from "./world.ts";

/** Ties an invoice to the PaymentIntent that pays it. */
export function createInvoicePayment(world: World, invoice: Stripe.Invoice, intent: string): Stripe.InvoicePayment {
  return world.store.put("invoice_payment", {
    id: newId.invoicePayment(),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: world.now(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent, type: "payment_intent" },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

export function markPaid(world: World, before: Stripe.InvoicePayment): void {
  const after = change(world, "invoice_payment", before, {
    amount_paid: before.amount_requested,
    status: "paid",
    status_transitions: { canceled_at: null, paid_at: world.now() },
  });
  world.emit("invoice_payment.paid", after);
}

export function markCanceled(world: World, before: Stripe.InvoicePayment): void {
  change(world, "invoice_payment", before, {
    status: "canceled",
    status_transitions: { canceled_at: world.now(), paid_at: null },
  });
}

/** The open payment of an invoice. */
export function openPaymentOf(world: World, invoice: string): Stripe.InvoicePayment | undefined {
  const page = list(world, "invoice_payment", "", { limit: 1 }, { link: invoice, where: (it) => it.status === "open" });
  return page.data[0];
}

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  invoice: text().optional(),
  payment: z
    .strictObject({ type: oneOf("payment_intent", "charge", "payment_record"), payment_intent: text().optional() })
    .optional(),
  status: oneOf("open", "paid", "canceled").optional(),
});

export const invoicePaymentRoutes: Routes = {
  "GET /v1/invoice_payments": (world, { form }) => {
    const { created, invoice, payment, status, ...page } = parseParams(listParams, form);
    return list(world, "invoice_payment", "/v1/invoice_payments", page, {
      link: invoice ?? payment?.payment_intent,
      created,
      where: (it) =>
        (invoice === undefined || it.invoice === invoice) &&
        (payment === undefined || it.payment.payment_intent === payment.payment_intent) &&
        (status === undefined || it.status === status),
    });
  },
  "GET /v1/invoice_payments/:id": (world, { id }) => found(world, "invoice_payment", id),
};
