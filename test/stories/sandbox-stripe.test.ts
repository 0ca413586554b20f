import type { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryClock } from "../../src/sandbox/clock.ts";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import {
  act,
  clientOf,
  givenProduct,
  once,
  recurring,
  startReceiver,
  startStandIn,
  WEBHOOK_SECRET,
} from "../support/stripe-stand-in.ts";

describe("a gift at the simulated Stripe, by the real client", () => {
  const clock = memoryClock();
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let standIn: StripeStandIn;
  let stripe: Stripe;
  let product: string;

  beforeAll(async () => {
    receiver = await startReceiver();
    standIn = await startStandIn({ clock, webhook: receiver.webhook });
    stripe = clientOf(standIn);
    product = await givenProduct(stripe);
    await standIn.settled();
  });
  afterAll(async () => {
    await standIn.close();
    await receiver.close();
  });

  test("once: paid, with charge, fee and the events in Stripe's order", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    expect(session).toMatchObject({
      status: "open",
      payment_status: "unpaid",
      amount_total: 1000,
      currency: "usd",
      customer: null,
    });
    receiver.received.length = 0;

    const answer = await act(session, "pay", { wallet: "apple_pay", card: "mastercard" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`http://127.0.0.1:9/thanks?session=${session.id}`);
    await standIn.settled();

    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge.balance_transaction", "customer", "line_items"],
    });
    expect(paid).toMatchObject({
      status: "complete",
      payment_status: "paid",
      url: null,
      client_reference_id: "donation-1",
    });
    expect(paid.customer_details).toMatchObject({
      email: "ada@example.org",
      name: "Ada Reader",
      address: { country: "DE" },
    });
    const intent = paid.payment_intent as Stripe.PaymentIntent;
    const charge = intent.latest_charge as Stripe.Charge;
    const booked = charge.balance_transaction as Stripe.BalanceTransaction;
    expect(intent).toMatchObject({
      status: "succeeded",
      amount_received: 1000,
      metadata: { donation_id: "donation-1" },
    });
    expect(charge).toMatchObject({
      paid: true,
      metadata: { donation_id: "donation-1" },
      billing_details: { email: "ada@example.org" },
    });
    expect(charge.payment_method_details?.card).toMatchObject({
      brand: "mastercard",
      country: "DE",
      wallet: { type: "apple_pay" },
    });
    expect(booked).toMatchObject({
      amount: 1000,
      fee: 59,
      net: 941,
      exchange_rate: null,
      type: "charge",
      status: "pending",
    });
    expect((paid.customer as Stripe.Customer).email).toBe("ada@example.org");
    expect(paid.line_items?.data[0]?.price?.unit_amount).toBe(1000);

    const events = (await stripe.events.list({ limit: 6 })).data.reverse();
    expect(events.map((it) => it.type)).toEqual([
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "checkout.session.completed",
      "customer.created",
      "charge.updated",
    ]);
    expect(receiver.types().sort()).toEqual(events.map((it) => it.type).sort());
    const before = events[1]?.data.object as Stripe.Charge;
    expect(before.balance_transaction).toBeNull();
    expect(events[5]?.data).toMatchObject({
      object: { balance_transaction: booked.id },
      previous_attributes: { balance_transaction: null },
    });
    for (const { body, headers } of receiver.received) {
      const signature = String(headers["stripe-signature"]);
      expect(stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET).api_version).toBe("2026-10-28.endive");
      expect(() => stripe.webhooks.constructEvent(body, signature, "whsec_other")).toThrow(/signature/);
    }
  });

  test("monthly: subscription, invoice and payment, without old fields", async () => {
    const session = await stripe.checkout.sessions.create(recurring(product));
    await act(session, "pay");
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "invoice"] });
    const subscription = done.subscription as Stripe.Subscription;
    const invoice = done.invoice as Stripe.Invoice;
    expect(done).toMatchObject({ status: "complete", payment_status: "paid", payment_intent: null });
    expect(subscription).toMatchObject({
      status: "active",
      metadata: { donation_id: "donation-2" },
      latest_invoice: invoice.id,
    });
    expect(invoice).toMatchObject({ status: "paid", billing_reason: "subscription_create", amount_paid: 500 });
    expect(invoice.parent?.subscription_details).toMatchObject({
      subscription: subscription.id,
      metadata: { donation_id: "donation-2" },
    });
    const payments = await stripe.invoicePayments.list({
      invoice: invoice.id,
      expand: ["data.payment.payment_intent.latest_charge"],
    });
    const intent = payments.data[0]?.payment.payment_intent as Stripe.PaymentIntent;
    expect(payments.data[0]?.status).toBe("paid");
    expect(intent).toMatchObject({ status: "succeeded", metadata: {}, description: "Subscription creation" });
    expect((intent.latest_charge as Stripe.Charge).balance_transaction).toMatch(/^txn_/);
    await standIn.settled();
  });
});
