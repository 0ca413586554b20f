import type { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryClock } from "../../src/sandbox/clock.ts";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import {
  act,
  CANCEL,
  clientOf,
  DAY_MS,
  givenProduct,
  once,
  recurring,
  startReceiver,
  startStandIn,
  WEBHOOK_SECRET,
} from "../support/stripe-stand-in.ts";

describe("what a donor does on the simulated Stripe's page, seen by the real client", () => {
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
  });
  afterAll(async () => {
    await standIn.close();
    await receiver.close();
  });

  /** The types of the events that `run` causes, in the order in which they were made. */
  async function eventsOf(run: () => Promise<unknown>): Promise<Stripe.Event[]> {
    const [last] = (await stripe.events.list({ limit: 1 })).data;
    await run();
    const page = await stripe.events.list({ limit: 100, ...(last === undefined ? {} : { ending_before: last.id }) });
    return page.data.reverse();
  }
  const typesOf = async (run: () => Promise<unknown>) => (await eventsOf(run)).map((event) => event.type);

  async function paidOnce(amount: number, currency: string, country: string): Promise<Stripe.BalanceTransaction> {
    const session = await stripe.checkout.sessions.create(once(product, amount, currency));
    await act(session, "pay", { country });
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge.balance_transaction"],
    });
    const intent = paid.payment_intent as Stripe.PaymentIntent;
    return (intent.latest_charge as Stripe.Charge).balance_transaction as Stripe.BalanceTransaction;
  }

  test("once: paid, with charge, fee, metadata and the events in Stripe's order", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    expect(session).toMatchObject({ status: "open", payment_status: "unpaid", amount_total: 1000, customer: null });
    const events = await eventsOf(async () => {
      const answer = await act(session, "pay", { wallet: "apple_pay", card: "mastercard" });
      expect(answer.status).toBe(303);
      expect(answer.headers.get("location")).toBe(`http://127.0.0.1:9/thanks?session=${session.id}`);
    });
    expect(events.map((event) => event.type)).toEqual([
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "checkout.session.completed",
      "customer.created",
      "charge.updated",
    ]);

    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge.balance_transaction", "customer", "line_items"],
    });
    const intent = paid.payment_intent as Stripe.PaymentIntent;
    const charge = intent.latest_charge as Stripe.Charge;
    const booked = charge.balance_transaction as Stripe.BalanceTransaction;
    const gift = { metadata: { donation_id: "donation-1" }, description: "A gift" };
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
    expect(paid.line_items?.data[0]?.price).toMatchObject({ unit_amount: 1000, product, type: "one_time" });
    expect(paid.customer).toMatchObject({ email: "ada@example.org", name: "Ada Reader", preferred_locales: ["de"] });
    expect(intent).toMatchObject({
      status: "succeeded",
      amount_received: 1000,
      statement_descriptor_suffix: "GIFT",
      ...gift,
    });
    expect(charge).toMatchObject({
      paid: true,
      status: "succeeded",
      billing_details: { email: "ada@example.org" },
      ...gift,
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
      currency: "usd",
      exchange_rate: null,
      type: "charge",
    });
    expect(booked.fee_details).toMatchObject([{ amount: 59, type: "stripe_fee" }]);

    expect(events[1]?.data.object).toMatchObject({ id: charge.id, balance_transaction: null });
    expect(events[5]?.data).toMatchObject({
      object: { balance_transaction: booked.id },
      previous_attributes: { balance_transaction: null },
    });
    expect(events[1]?.request?.id).toMatch(/^req_/);
    expect(events[3]?.request).toEqual({ id: null, idempotency_key: null });
  });

  test("every event arrives, signed so that the client's own check passes", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    const events = await eventsOf(() => act(session, "pay"));
    await standIn.settled();
    for (const { id } of events) {
      const got = receiver.received.find(({ event }) => event.id === id);
      const signature = String(got?.headers["stripe-signature"]);
      const checked = stripe.webhooks.constructEvent(got?.body ?? "", signature, WEBHOOK_SECRET);
      expect(checked).toMatchObject({ api_version: "2026-10-28.endive", livemode: false, pending_webhooks: 1 });
      expect(() => stripe.webhooks.constructEvent(got?.body ?? "", signature, "whsec_other")).toThrow(/signature/);
    }
    const after = await stripe.events.list({ delivery_success: true, limit: events.length });
    expect(after.data.every((event) => event.pending_webhooks === 0)).toBe(true);
  });

  test("monthly: subscription, invoice and its payment; metadata stays away from the payment", async () => {
    const session = await stripe.checkout.sessions.create(recurring(product));
    const types = await typesOf(() => act(session, "pay"));
    expect(types).toEqual(
      expect.arrayContaining([
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice_payment.paid",
        "customer.subscription.updated",
      ]),
    );
    expect(types.at(-1)).toBe("checkout.session.completed");

    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "invoice.payments"] });
    const subscription = done.subscription as Stripe.Subscription;
    const invoice = done.invoice as Stripe.Invoice;
    const metadata = { donation_id: "donation-2" };
    expect(done).toMatchObject({ status: "complete", payment_status: "paid", payment_intent: null });
    expect(subscription).toMatchObject({
      status: "active",
      metadata,
      latest_invoice: invoice.id,
      billing_mode: { type: "flexible" },
    });
    expect(subscription.items.data[0]?.price).toMatchObject({
      unit_amount: 500,
      recurring: { interval: "month" },
      product,
    });
    expect(invoice).toMatchObject({ status: "paid", billing_reason: "subscription_create", amount_paid: 500 });
    expect(invoice.parent?.subscription_details).toMatchObject({ subscription: subscription.id, metadata });
    expect(invoice.payments?.data).toMatchObject([
      { status: "paid", amount_paid: 500, payment: { type: "payment_intent" } },
    ]);

    const [payment] = (await stripe.invoicePayments.list({ invoice: invoice.id })).data;
    const id = payment?.payment.payment_intent as string;
    const intent = await stripe.paymentIntents.retrieve(id, { expand: ["latest_charge.balance_transaction"] });
    expect(intent).toMatchObject({ status: "succeeded", metadata: {}, description: "Subscription creation" });
    expect((intent.latest_charge as Stripe.Charge).metadata).toEqual({});
    const byPayment = await stripe.invoicePayments.list({ payment: { type: "payment_intent", payment_intent: id } });
    expect(byPayment.data.map((it) => it.invoice)).toEqual([invoice.id]);
  });

  test("declined: back to the page with a message, still open; then paid with the same PaymentIntent", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    const events = await eventsOf(async () => {
      const answer = await act(session, "decline");
      expect([answer.status, answer.headers.get("location")]).toEqual([303, session.url]);
    });
    expect(events.map((event) => event.type)).toEqual([
      "payment_intent.created",
      "charge.failed",
      "payment_intent.payment_failed",
    ]);
    const failed = events[2]?.data.object as Stripe.PaymentIntent;
    expect(failed.last_payment_error).toMatchObject({
      code: "card_declined",
      decline_code: "generic_decline",
      type: "card_error",
    });
    const page = await (await fetch(session.url ?? "")).text();
    expect(page).toContain("Your card was declined.");
    expect(page).toContain('value="ada@example.org"');
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");

    await act(session, "pay");
    const intent = await stripe.paymentIntents.retrieve(failed.id);
    expect(intent).toMatchObject({ status: "succeeded", last_payment_error: null });
    const charges = await stripe.charges.list({ payment_intent: failed.id });
    expect(charges.data.map((charge) => charge.status)).toEqual(["succeeded", "failed"]);
  });

  test("a declined subscription leaves nothing behind", async () => {
    const session = await stripe.checkout.sessions.create(recurring(product));
    expect(await typesOf(() => act(session, "decline"))).toEqual([]);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: "open", subscription: null });
  });

  test.each(["payment", "subscription"] as const)("authenticate: the bank asks first, in %s mode", async (mode) => {
    const params = mode === "payment" ? once(product) : recurring(product);
    const session = await stripe.checkout.sessions.create(params);
    const events = await eventsOf(() => act(session, "authenticate"));
    const types = events.map((event) => event.type);
    expect(types.indexOf("payment_intent.requires_action")).toBeGreaterThan(types.indexOf("payment_intent.created"));
    expect(types.indexOf("payment_intent.succeeded")).toBeGreaterThan(types.indexOf("payment_intent.requires_action"));
    const charge = events.find((event) => event.type === "charge.succeeded")?.data.object as Stripe.Charge;
    expect(charge.payment_method_details?.card?.three_d_secure).toMatchObject({ result: "authenticated" });
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("paid");
  });

  test("pay later, once: processing for three days, then the money comes", async () => {
    const session = await stripe.checkout.sessions.create(once(product, 2000));
    expect(await typesOf(() => act(session, "pay_later"))).toEqual([
      "payment_intent.created",
      "charge.pending",
      "payment_intent.processing",
      "checkout.session.completed",
      "customer.created",
    ]);
    const waiting = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
    expect(waiting).toMatchObject({
      status: "complete",
      payment_status: "unpaid",
      payment_intent: { status: "processing" },
    });
    const types = await typesOf(() => standIn.advance(3 * DAY_MS));
    expect(types).toEqual(expect.arrayContaining(["charge.succeeded", "payment_intent.succeeded", "charge.updated"]));
    expect(types).toContain("checkout.session.async_payment_succeeded");
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge.balance_transaction"],
    });
    const charge = (paid.payment_intent as Stripe.PaymentIntent).latest_charge as Stripe.Charge;
    expect(paid.payment_status).toBe("paid");
    expect(charge.id).toMatch(/^py_/);
    expect(charge.balance_transaction).toMatchObject({ type: "payment", reporting_category: "charge", amount: 2000 });
  });

  test("pay later and fail, once", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    await act(session, "pay_later_fail");
    const types = await typesOf(() => standIn.advance(3 * DAY_MS));
    expect(types).toEqual(expect.arrayContaining(["charge.failed", "payment_intent.payment_failed"]));
    expect(types).toContain("checkout.session.async_payment_failed");
    const failed = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent.latest_charge"] });
    expect(failed).toMatchObject({ status: "complete", payment_status: "unpaid" });
    expect((failed.payment_intent as Stripe.PaymentIntent).latest_charge).toMatchObject({
      status: "failed",
      balance_transaction: null,
    });
  });

  test("pay later, monthly: incomplete until the money comes", async () => {
    const session = await stripe.checkout.sessions.create(recurring(product));
    await act(session, "pay_later");
    const waiting = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription.latest_invoice"] });
    expect(waiting).toMatchObject({
      payment_status: "unpaid",
      subscription: { status: "incomplete", latest_invoice: { status: "open" } },
    });
    const types = await typesOf(() => standIn.advance(3 * DAY_MS));
    expect(types).toEqual(
      expect.arrayContaining(["invoice.paid", "invoice_payment.paid", "checkout.session.async_payment_succeeded"]),
    );
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription.latest_invoice"] });
    expect(paid).toMatchObject({
      payment_status: "paid",
      subscription: { status: "active", latest_invoice: { status: "paid" } },
    });
  });

  test("pay later and fail, monthly: the subscription never starts", async () => {
    const session = await stripe.checkout.sessions.create(recurring(product));
    await act(session, "pay_later_fail");
    const types = await typesOf(() => standIn.advance(3 * DAY_MS));
    expect(types).toEqual(
      expect.arrayContaining([
        "invoice.payment_failed",
        "checkout.session.async_payment_failed",
        "customer.subscription.updated",
        "invoice.voided",
      ]),
    );
    const over = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription.latest_invoice"] });
    expect(over.subscription).toMatchObject({ status: "incomplete_expired", latest_invoice: { status: "void" } });
  });

  test("cancel: back to the article, nothing happened", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    expect(
      await typesOf(async () => {
        const answer = await act(session, "cancel");
        expect([answer.status, answer.headers.get("location")]).toEqual([303, CANCEL]);
      }),
    ).toEqual([]);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
  });

  test.each(["payment", "subscription"] as const)("a double click pays once, in %s mode", async (mode) => {
    const session = await stripe.checkout.sessions.create(mode === "payment" ? once(product) : recurring(product));
    const events = await eventsOf(async () => {
      const answers = await Promise.all([act(session, "pay"), act(session, "pay"), act(session, "pay_later")]);
      expect(answers.map((it) => it.status).sort()).toEqual([303, 409, 409]);
      expect(await answers.find((it) => it.status === 409)?.text()).toContain("This payment is complete");
    });
    expect(events.filter((event) => event.type === "charge.succeeded")).toHaveLength(1);
    expect(await (await fetch(session.url ?? "")).text()).toContain("nothing was charged a second time");
  });

  test("an expired page says so and takes no money; its recovery link opens a copy that can be paid", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    const expired = await stripe.checkout.sessions.expire(session.id);
    expect(expired).toMatchObject({ status: "expired", url: null });
    const answer = await act(session, "pay");
    expect(answer.status).toBe(410);
    expect(await answer.text()).toContain("has expired");
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toMatchObject({ statusCode: 400 });

    const recovered = await fetch(expired.after_expiration?.recovery?.url ?? "", { redirect: "manual" });
    const url = recovered.headers.get("location");
    const copy = (await stripe.checkout.sessions.list({ limit: 1 })).data[0];
    expect(copy).toMatchObject({
      url,
      status: "open",
      recovered_from: session.id,
      metadata: { donation_id: "donation-1" },
    });
    await act({ url }, "pay");
    const paid = await stripe.checkout.sessions.retrieve(copy?.id ?? "", { expand: ["payment_intent"] });
    expect(paid.payment_intent).toMatchObject({ metadata: { donation_id: "donation-1" } });
  });

  test("other currencies are converted at a stated rate, and the fee is taken from what was settled", async () => {
    const euro = await paidOnce(1000, "eur", "DE");
    expect(euro).toMatchObject({ amount: 1086, exchange_rate: 1.086366105, fee: 61, net: 1025, currency: "usd" });
    const yen = await paidOnce(1000, "jpy", "JP");
    expect(yen).toMatchObject({ amount: 668, exchange_rate: 0.006683598, fee: 49, net: 619 });
    const dinar = await paidOnce(5000, "kwd", "KW");
    expect(dinar).toMatchObject({ amount: 1628, fee: 77, net: 1551 });
    const krona = await paidOnce(150_000, "isk", "IS");
    expect(krona).toMatchObject({ amount: 1085 });
  });

  test("an account in euro pays the European fee on European cards", async () => {
    const other = await startStandIn({ settlementCurrency: "eur" });
    const client = clientOf(other);
    const gift = await givenProduct(client);
    for (const [country, fee] of [
      ["DE", 40],
      ["US", 59],
    ] as const) {
      const session = await client.checkout.sessions.create(once(gift, 1000, "eur"));
      await act(session, "pay", { country });
      const [booked] = (await client.balanceTransactions.list({ limit: 1 })).data;
      expect(booked).toMatchObject({ currency: "eur", amount: 1000, fee, exchange_rate: null });
    }
    expect(await client.accounts.retrieveCurrent()).toMatchObject({ country: "DE", default_currency: "eur" });
    await other.close();
  });

  test("a session for a known customer uses it and makes no other", async () => {
    const customer = await stripe.customers.create({ email: "known@example.org", name: "Known Reader" });
    const { customer_creation: _, ...params } = once(product);
    const session = await stripe.checkout.sessions.create({ ...params, customer: customer.id });
    expect(session).toMatchObject({ customer: customer.id, customer_creation: null });
    expect(await typesOf(() => act(session, "pay"))).not.toContain("customer.created");
    expect((await stripe.checkout.sessions.list({ customer: customer.id })).data.map((it) => it.id)).toEqual([
      session.id,
    ]);
    expect((await stripe.charges.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("what can't be right on the page is said on the page, and nothing is charged", async () => {
    const session = await stripe.checkout.sessions.create(once(product));
    for (const fields of [
      { email: "" },
      { email: "no address" },
      { country: "Atlantis" },
      { card: "diners" },
    ] as Record<string, string>[]) {
      const answer = await act(session, "pay", fields);
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain('role="alert"');
    }
    expect((await act(session, "steal")).status).toBe(422);
    const answer = await act(session, "pay", { email: "", name: '<script>alert("x")</script>' });
    expect(await answer.text()).not.toContain("<script>");
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
  });
});
