import type { Stripe } from "../../stripe/types.ts";
import { bankAnswer, cardAnswer } from "./customer-bank.ts";
import { collectionFailed } from "./dunning.ts";
import { createInvoicePayment, openPaymentOf } from "./invoice-payments.ts";
import { finalizeInvoice, markUncollectible, payInvoice, voidInvoice } from "./invoice-states.ts";
import { createPaymentIntent } from "./payment-intents.ts";
import { defaultMethodOf } from "./payment-methods.ts";
import { decline, process, requireAction, settle, succeed } from "./payments.ts";
import { DAY, HOUR } from "./periods.ts";
import { activate, subscriptionOf } from "./subscription-states.ts";
import { change, idOf, type World } from "./world.ts";

/** How long a delayed method takes. */
export const SETTLES_AFTER = 3 * DAY;

/** How long a first payment may take before the subscription is given up. */
const INCOMPLETE_FOR = 23 * HOUR;

interface CollectOptions {
  /** The customer is there and confirms. */
  readonly authenticate?: boolean;
  /** Delayed methods only: whether the money will come. */
  readonly willSettle?: boolean;
  /** A method that the customer has just chosen, in place of the subscription's. */
  readonly method?: Stripe.PaymentMethod;
  /** Asked for by the API: doesn't count for the schedule of retries. */
  readonly byHand?: boolean;
}

/**
 * Finalizes an invoice and charges the subscription's payment method. Its metadata doesn't reach the PaymentIntent. While
 * collection is paused nothing is charged. https://docs.stripe.com/billing/subscriptions/pause-payment
 */
export function finalizeAndCollect(
  world: World,
  draft: Stripe.Invoice,
  description: string,
  options: CollectOptions = {},
): Stripe.Invoice {
  const invoice = finalizeInvoice(world, draft);
  const paused = subscriptionOf(world, invoice).pause_collection?.behavior;
  if (paused === "void") return voidInvoice(world, invoice);
  if (paused === "mark_uncollectible") return markUncollectible(world, invoice);
  return collect(world, invoice, options, description);
}

/** One attempt to collect an open invoice, through the PaymentIntent that it has or a new one. */
export function collect(
  world: World,
  invoice: Stripe.Invoice,
  options: CollectOptions = {},
  description = "Payment for Invoice",
): Stripe.Invoice {
  const subscription = subscriptionOf(world, invoice);
  const customer = idOf(subscription.customer);
  const method = options.method ?? defaultMethodOf(world, subscription);
  const intent = intentFor(world, invoice, customer, method, description);
  const answer = options.method === undefined ? bankAnswer(world, customer, method) : cardAnswer(world, method);
  if (method.type !== "card") {
    const { intent: processing } = process(world, intent, method);
    const settles = options.willSettle ?? answer !== "fail";
    world.schedule(world.now() + SETTLES_AFTER, settles ? "settle" : "fail_to_settle", processing.id);
    const attempts = options.byHand === true ? Math.max(1, invoice.attempt_count) : invoice.attempt_count + 1;
    return change(world, "invoice", invoice, { attempt_count: attempts, attempted: true, next_payment_attempt: null });
  }
  if (options.authenticate !== true && answer === "fail") {
    decline(world, intent, method);
    return collectionFailed(world, invoice, options.byHand === true ? "by_hand" : "attempted");
  }
  if (options.authenticate !== true && answer === "authenticate") {
    requireAction(world, intent, method);
    return collectionFailed(world, invoice, options.byHand === true ? "by_hand" : "attempted", true);
  }
  const ready = options.authenticate === true ? requireAction(world, intent, method) : intent;
  succeed(world, ready, method, options.authenticate === true ? "succeeded_with_3ds" : "succeeded");
  const paid = payInvoice(world, invoice, options.byHand === true ? invoice.attempt_count : invoice.attempt_count + 1);
  activate(world, paid);
  return paid;
}

function intentFor(
  world: World,
  invoice: Stripe.Invoice,
  customer: string,
  method: Stripe.PaymentMethod,
  description: string,
): Stripe.PaymentIntent {
  const open = openPaymentOf(world, invoice.id)?.payment.payment_intent;
  if (open !== undefined) return world.store.mustGet("payment_intent", idOf(open));
  const intent = createPaymentIntent(world, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer,
    description,
    metadata: {},
    paymentMethodTypes: method.type === "card" ? ["card"] : ["card", method.type],
    invoice: invoice.id,
  });
  createInvoicePayment(world, invoice, intent.id);
  return intent;
}

/** The customer confirms a payment that its bank asked about, or doesn't. */
export function answerBank(world: World, intent: Stripe.PaymentIntent, confirmed: boolean): void {
  const id = intent.payment_details?.order_reference;
  const method = world.store.mustGet("payment_method", idOf(intent.payment_method ?? ""));
  if (!confirmed) {
    decline(world, intent, method);
    return;
  }
  succeed(world, intent, method, "succeeded_with_3ds");
  if (typeof id !== "string") return;
  const invoice = world.store.mustGet("invoice", id);
  activate(world, payInvoice(world, invoice, invoice.attempt_count));
}

/** What the clock brings to an invoice that wasn't paid. */
export function retryInvoice(world: World, id: string): void {
  const invoice = world.store.get("invoice", id);
  if (invoice?.status !== "open" || invoice.auto_advance === false) return;
  // Of several tasks only the one of the present plan counts.
  if (invoice.next_payment_attempt === null || invoice.next_payment_attempt > world.now()) return;
  collect(world, invoice);
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
  if (wentThrough) {
    activate(world, payInvoice(world, invoice, invoice.attempt_count));
    return;
  }
  const subscription = subscriptionOf(world, invoice);
  collectionFailed(world, invoice, "counted");
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
