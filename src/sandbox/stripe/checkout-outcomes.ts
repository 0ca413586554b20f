import type { Stripe } from "../../stripe/types.ts";
import { finalizeAndCollect, SETTLES_AFTER } from "./collection.ts";
import { createCustomer, emptyAddress, liveCustomer } from "./customers.ts";
import { newId } from "./ids.ts";
import { draftInvoice } from "./invoices.ts";
import { createPaymentIntent } from "./payment-intents.ts";
import { createPaymentMethod, type Means, type Payer } from "./payment-methods.ts";
import { book, decline, process, requireAction, succeed } from "./payments.ts";
import { customerDetails } from "./session-build.ts";
import { createSubscription, currentPeriod } from "./subscriptions.ts";
import { change, idOf, NO_CAUSE, type World } from "./world.ts";

export interface PayOptions {
  /** The bank asks its customer to confirm first. */
  readonly authenticate: boolean;
  /** Delayed methods only: whether the money will come. */
  readonly willSettle: boolean;
}

type Session = Stripe.Checkout.Session;

/** What a person does on the page by paying: completes an open session, once. */
export function payCheckout(world: World, session: Session, payer: Payer, means: Means, options: PayOptions): void {
  world.causedBy({ id: newId.request(), idempotency_key: newId.idempotencyKey() }, () => {
    if (session.mode === "subscription") startSubscription(world, session, payer, means, options);
    else payOnce(world, session, payer, means, options);
  });
}

/** A card that the bank refuses: the session stays open. A payment of its own leaves its failed attempt behind. */
export function declineCheckout(world: World, session: Session, payer: Payer, means: Means): void {
  const details = world.store.mustGet("checkout_details", session.id);
  change(world, "checkout_details", details, { declined: payer });
  if (session.mode !== "payment") return;
  world.causedBy({ id: newId.request(), idempotency_key: newId.idempotencyKey() }, () => {
    const intent = intentOf(world, session, session.customer === null ? null : idOf(session.customer));
    decline(world, intent, createPaymentMethod(world, means, payer, null));
    change(world, "checkout.session", session, { payment_intent: intent.id });
  });
}

function payOnce(world: World, session: Session, payer: Payer, means: Means, options: PayOptions): void {
  const customer = customerFor(world, session, payer);
  const intent = intentOf(world, session, customer?.id ?? null);
  const method = createPaymentMethod(world, means, payer, null);
  const delayed = means.type === "sepa_debit";
  const ready = options.authenticate && !delayed ? requireAction(world, intent, method) : intent;
  const { charge } = delayed
    ? process(world, ready, method)
    : succeed(world, ready, method, options.authenticate ? "succeeded_with_3ds" : "succeeded");
  if (delayed) world.schedule(world.now() + SETTLES_AFTER, options.willSettle ? "settle" : "fail_to_settle", intent.id);
  complete(world, session, payer, {
    customer: customer?.id ?? null,
    payment_intent: intent.id,
    payment_status: delayed ? "unpaid" : "paid",
  });
  if (customer !== undefined && customer.id !== session.customer) world.emit("customer.created", customer);
  if (!delayed && charge.balance_transaction === null) book(world, charge);
}

function startSubscription(world: World, session: Session, payer: Payer, means: Means, options: PayOptions): void {
  const details = world.store.mustGet("checkout_details", session.id);
  const customer = customerFor(world, session, payer) ?? createCustomer(world, payer);
  if (customer.id !== session.customer) world.emit("customer.created", customer);
  const method = createPaymentMethod(world, means, payer, customer.id);
  world.emit("payment_method.attached", method);
  const subscription = createSubscription(world, {
    customer: customer.id,
    items: details.line_items.flatMap((line) =>
      line.price === null ? [] : [{ price: line.price, quantity: line.quantity ?? 1 }],
    ),
    paymentMethod: method.id,
    description: details.subscription.description,
    metadata: details.subscription.metadata,
    billingMode: details.subscription.billing_mode,
  });
  const period = currentPeriod(subscription);
  const draft = draftInvoice(world, subscription, "subscription_create", period, {
    start: period.start,
    end: period.start,
  });
  change(world, "subscription", subscription, { latest_invoice: draft.id });
  world.emit("customer.subscription.created", world.store.mustGet("subscription", subscription.id));
  const invoice = finalizeAndCollect(world, draft, "Subscription creation", options);
  world.schedule(period.end, "renew", subscription.id);
  complete(world, session, payer, {
    customer: customer.id,
    invoice: invoice.id,
    payment_status: invoice.status === "paid" ? "paid" : "unpaid",
    subscription: subscription.id,
  });
}

function complete(world: World, session: Session, payer: Payer, changes: Partial<Session>): void {
  const completed = change(world, "checkout.session", session, {
    ...changes,
    consent: session.consent_collection === null ? null : consentOf(session.consent_collection),
    customer_details: {
      ...customerDetails(payer.email, payer.name),
      address: emptyAddress(payer.country),
      tax_ids: [],
    },
    status: "complete",
    url: null,
  });
  world.causedBy(NO_CAUSE, () => world.emit("checkout.session.completed", completed));
}

function consentOf(asked: Stripe.Checkout.Session.ConsentCollection): Stripe.Checkout.Session.Consent {
  return { promotions: null, terms_of_service: asked.terms_of_service === "required" ? "accepted" : null };
}

/** The customer that the session names, or a new one where it wants one. Whether that is told now is the caller's. */
function customerFor(world: World, session: Session, payer: Payer): Stripe.Customer | undefined {
  if (session.customer !== null) return liveCustomer(world, idOf(session.customer));
  if (session.customer_creation !== "always") return undefined;
  const locale = session.locale === null || session.locale === "auto" ? [] : [session.locale];
  return createCustomer(world, { ...payer, preferredLocales: locale, address: emptyAddress(payer.country) });
}

/** The session's PaymentIntent: made with the first attempt, used again by those that follow. */
function intentOf(world: World, session: Session, customer: string | null): Stripe.PaymentIntent {
  if (session.payment_intent !== null) {
    const before = world.store.mustGet("payment_intent", idOf(session.payment_intent));
    return customer === null || before.customer === customer
      ? before
      : change(world, "payment_intent", before, { customer });
  }
  const { payment } = world.store.mustGet("checkout_details", session.id);
  return createPaymentIntent(world, {
    amount: session.amount_total ?? 0,
    currency: session.currency ?? world.account.currency,
    customer,
    description: payment.description,
    metadata: payment.metadata,
    paymentMethodTypes: session.payment_method_types,
    receiptEmail: payment.receipt_email,
    statementDescriptor: payment.statement_descriptor,
    statementDescriptorSuffix: payment.statement_descriptor_suffix,
    invoice: null,
  });
}
