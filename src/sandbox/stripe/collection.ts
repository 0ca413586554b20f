import type { Stripe } from "../../stripe/types.ts";
import { createInvoicePayment } from "./invoice-payments.ts";
import { finalizeInvoice, payInvoice, voidInvoice } from "./invoice-states.ts";
import { createPaymentIntent } from "./payment-intents.ts";
import { process, requireAction, settle, succeed } from "./payments.ts";
import { DAY, HOUR } from "./periods.ts";
import { change, idOf, type World } from "./world.ts";

/** How long a delayed method takes. */
export const SETTLES_AFTER = 3 * DAY;

/** How long a first payment may take before the subscription is given up. */
const INCOMPLETE_FOR = 23 * HOUR;

interface CollectOptions {
  readonly authenticate?: boolean;
  /** Delayed methods only: whether the money will come. */
  readonly willSettle?: boolean;
}

/**
 * Finalizes an invoice and charges the subscription's payment method. Its metadata doesn't reach the PaymentIntent.
 * This is where dunning will go: a method that refuses.
 */
export function finalizeAndCollect(
  world: World,
  draft: Stripe.Invoice,
  description: string,
  options: CollectOptions = {},
): Stripe.Invoice {
  const invoice = finalizeInvoice(world, draft);
  const subscription = subscriptionOf(world, invoice);
  const method = world.store.mustGet("payment_method", idOf(subscription.default_payment_method ?? ""));
  const intent = createPaymentIntent(world, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: idOf(subscription.customer),
    description,
    metadata: {},
    paymentMethodTypes: method.type === "card" ? ["card"] : ["card", method.type],
    invoice: invoice.id,
  });
  createInvoicePayment(world, invoice, intent.id);
  if (method.type !== "card") {
    const { intent: processing } = process(world, intent, method);
    const attempted = change(world, "invoice", invoice, { attempt_count: 1, attempted: true });
    world.schedule(
      world.now() + SETTLES_AFTER,
      options.willSettle === false ? "fail_to_settle" : "settle",
      processing.id,
    );
    return attempted;
  }
  const ready = options.authenticate === true ? requireAction(world, intent, method) : intent;
  succeed(world, ready, method, options.authenticate === true ? "succeeded_with_3ds" : "succeeded");
  const paid = payInvoice(world, invoice);
  activate(world, subscription.id);
  return paid;
}

/** The end of a delayed payment of an invoice. */
export function settleInvoice(
  world: World,
  intent: Stripe.PaymentIntent,
  invoiceId: string,
  wentThrough: boolean,
): void {
  settle(world, intent, wentThrough);
  const invoice = world.store.mustGet("invoice", invoiceId);
  const subscription = subscriptionOf(world, invoice);
  if (wentThrough) {
    payInvoice(world, invoice);
    activate(world, subscription.id);
    return;
  }
  world.emit("invoice.payment_failed", invoice);
  if (subscription.status === "incomplete") {
    world.schedule(Math.max(world.now(), subscription.created + INCOMPLETE_FOR), "expire_incomplete", subscription.id);
  }
}

/** incomplete → incomplete_expired: the first payment never came. */
export function expireIncomplete(world: World, id: string): void {
  const before = world.store.get("subscription", id);
  if (before?.status !== "incomplete") return;
  const after = change(world, "subscription", before, { ended_at: world.now(), status: "incomplete_expired" });
  world.emit("customer.subscription.updated", after, { ended_at: null, status: before.status });
  const invoice = before.latest_invoice === null ? undefined : world.store.get("invoice", idOf(before.latest_invoice));
  if (invoice?.status === "open") voidInvoice(world, invoice);
}

/** incomplete → active, once the first invoice is paid. */
function activate(world: World, id: string): void {
  const before = world.store.mustGet("subscription", id);
  if (before.status !== "incomplete") return;
  const after = change(world, "subscription", before, { status: "active" });
  world.emit("customer.subscription.updated", after, { status: before.status });
}

function subscriptionOf(world: World, invoice: Stripe.Invoice): Stripe.Subscription {
  return world.store.mustGet("subscription", idOf(invoice.parent?.subscription_details?.subscription ?? ""));
}
