import type { Stripe } from "../../stripe/types.ts";
import type { Reply } from "./api.ts";
import { answerBank, collect } from "./collection.ts";
import { liveCustomer } from "./customers.ts";
import { factsPage } from "./hosted-page.ts";
import { newId } from "./ids.ts";
import { invoicePage } from "./invoice-page.ts";
import { openPaymentOf } from "./invoice-payments.ts";
import { pageHeaders } from "./page-layout.ts";
import { attach } from "./payment-method-routes.ts";
import { createPaymentMethod } from "./payment-methods.ts";
import { subscriptionOf } from "./subscription-states.ts";
import { change, idOf, previously, type World } from "./world.ts";

const OUTCOMES = ["pay", "decline", "authenticate"] as const;
type Outcome = (typeof OUTCOMES)[number];

/** The hosted page of an invoice, where it can be paid with another card. https://docs.stripe.com/invoicing/hosted-invoice-page */
export function invoiceReply(world: World, method: string, id: string, body: string): Reply | undefined {
  const invoice = world.store.get("invoice", id);
  if (invoice === undefined) return html(404, factsPage("There is no such invoice", "Check the address."));
  if (method === "GET" || method === "HEAD") return show(world, invoice);
  if (method !== "POST") return undefined;
  const outcome = OUTCOMES.find((it) => it === (new URLSearchParams(body).get("outcome") ?? "pay"));
  if (outcome === undefined) return show(world, invoice, 422, "Choose one of the buttons below.");
  if (!isPayable(world, invoice)) return show(world, invoice, 409);
  world.causedBy({ id: newId.request(), idempotency_key: newId.idempotencyKey() }, () => pay(world, invoice, outcome));
  world.store.commit();
  return outcome === "decline"
    ? show(world, world.store.mustGet("invoice", id), 402, "Your card was declined. Nothing was charged.")
    : { status: 303, headers: { Location: `/i/${id}`, "Cache-Control": "no-store" }, body: "" };
}

function show(world: World, invoice: Stripe.Invoice, status = 200, alert: string | null = null): Reply {
  return html(status, invoicePage(world, invoice, alert, isPayable(world, invoice)));
}

/** Not while a bank debit for it is under way. */
function isPayable(world: World, invoice: Stripe.Invoice): boolean {
  if (invoice.status !== "open" && invoice.status !== "uncollectible") return false;
  return intentOf(world, invoice)?.status !== "processing";
}

function pay(world: World, invoice: Stripe.Invoice, outcome: Outcome): void {
  const waiting = intentOf(world, invoice);
  if (outcome === "authenticate" && waiting?.status === "requires_action") {
    answerBank(world, waiting, true);
    return;
  }
  const customer = liveCustomer(world, idOf(invoice.customer ?? ""));
  const payer = { email: customer?.email ?? null, name: customer?.name ?? null, country: "US" };
  const declined = outcome === "decline";
  const means = { type: "card", brand: "visa", wallet: null, country: "US", declined } as const;
  const card = createPaymentMethod(world, means, payer, null);
  const method = declined || customer === undefined ? card : attach(world, card, customer.id);
  collect(world, invoice, { method, byHand: true, authenticate: outcome === "authenticate" });
  if (!declined) payWith(world, invoice, method);
}

/** What paid the invoice pays the next ones too. */
function payWith(world: World, invoice: Stripe.Invoice, method: Stripe.PaymentMethod): void {
  const before = subscriptionOf(world, invoice);
  if (before.status === "canceled" || before.status === "incomplete_expired") return;
  const after = change(world, "subscription", before, { default_payment_method: method.id });
  world.emit("customer.subscription.updated", after, previously(before, after, "default_payment_method"));
}

function intentOf(world: World, invoice: Stripe.Invoice): Stripe.PaymentIntent | undefined {
  const intent = openPaymentOf(world, invoice.id)?.payment.payment_intent;
  return intent === undefined ? undefined : world.store.get("payment_intent", idOf(intent));
}

function html(status: number, body: string): Reply {
  return { status, headers: pageHeaders(), body };
}
