import type { Stripe } from "../../stripe/types.ts";
import { liveCustomer } from "./customers.ts";
import { setDelinquent } from "./delinquency.ts";
import { markCanceled, markPaid, openPaymentOf } from "./invoice-payments.ts";
import { cancelIntent } from "./payments.ts";
import { change, idOf, previously, type World } from "./world.ts";

/** draft → open: numbered, and due. */
export function finalizeInvoice(world: World, before: Stripe.Invoice): Stripe.Invoice {
  const customer = liveCustomer(world, idOf(before.customer ?? ""));
  const sequence = customer?.next_invoice_sequence ?? 1;
  if (customer !== undefined) {
    change(world, "customer", customer, { currency: before.currency, next_invoice_sequence: sequence + 1 });
  }
  const after = change(world, "invoice", before, {
    automatically_finalizes_at: null,
    effective_at: world.now(),
    ending_balance: 0,
    hosted_invoice_url: `${world.baseUrl()}/i/${before.id}`,
    invoice_pdf: `${world.baseUrl()}/i/${before.id}/pdf`,
    next_payment_attempt: null,
    number: `${customer?.invoice_prefix ?? "SANDBOX1"}-${String(sequence).padStart(4, "0")}`,
    status: "open",
    status_transitions: { ...before.status_transitions, finalized_at: world.now() },
    webhooks_delivered_at: before.created,
  });
  world.emit("invoice.finalized", after);
  return after;
}

/** open | uncollectible → paid. */
export function payInvoice(world: World, before: Stripe.Invoice, attempts: number): Stripe.Invoice {
  const after = change(world, "invoice", before, {
    amount_paid: before.amount_due,
    amount_remaining: 0,
    attempt_count: Math.max(1, attempts),
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status: "paid",
    status_transitions: { ...before.status_transitions, paid_at: world.now() },
  });
  const previous = previously(
    before,
    after,
    "amount_paid",
    "amount_remaining",
    "attempt_count",
    "attempted",
    "auto_advance",
    "next_payment_attempt",
    "status",
  );
  world.emit("invoice.updated", after, { ...previous, status_transitions: { paid_at: null } });
  world.emit("invoice.paid", after);
  world.emit("invoice.payment_succeeded", after);
  const payment = openPaymentOf(world, after.id);
  if (payment !== undefined) markPaid(world, payment);
  setDelinquent(world, after, false);
  return after;
}

/** open → uncollectible: written off. It can still be paid. */
export function markUncollectible(world: World, before: Stripe.Invoice): Stripe.Invoice {
  const after = change(world, "invoice", before, {
    auto_advance: false,
    next_payment_attempt: null,
    status: "uncollectible",
    status_transitions: { ...before.status_transitions, marked_uncollectible_at: world.now() },
  });
  const previous = previously(before, after, "auto_advance", "next_payment_attempt", "status");
  world.emit("invoice.updated", after, { ...previous, status_transitions: { marked_uncollectible_at: null } });
  world.emit("invoice.marked_uncollectible", after);
  return after;
}

/** open | uncollectible → void: nobody owes it any more. */
export function voidInvoice(world: World, before: Stripe.Invoice): Stripe.Invoice {
  const after = change(world, "invoice", before, {
    auto_advance: false,
    next_payment_attempt: null,
    status: "void",
    status_transitions: { ...before.status_transitions, voided_at: world.now() },
  });
  world.emit("invoice.voided", after);
  const payment = openPaymentOf(world, after.id);
  if (payment !== undefined) {
    markCanceled(world, payment);
    cancelIntent(world, idOf(payment.payment.payment_intent ?? ""), "void_invoice");
  }
  return after;
}
