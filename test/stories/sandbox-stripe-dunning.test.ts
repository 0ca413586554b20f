import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StripeStandInOptions } from "../../src/sandbox/stripe/server.ts";
import {
  balanceGap,
  clientOf,
  control,
  DAY_MS,
  eventsSince,
  givenProduct,
  givenSubscription,
  startStandIn,
} from "../support/stripe-stand-in.ts";

const DAY = 86_400;

async function scene(options: Partial<StripeStandInOptions> = {}) {
  const standIn = await startStandIn(options);
  onTestFinished(() => standIn.close());
  const stripe = clientOf(standIn);
  const product = await givenProduct(stripe);
  const subscription = await givenSubscription(stripe, product);
  const id = subscription.id;
  const customer = subscription.customer as string;
  const due = subscription.items.data[0]?.current_period_end ?? 0;
  return {
    standIn,
    stripe,
    product,
    id,
    customer,
    due,
    bank: (renewals: "ok" | "fail" | "authenticate") => control(standIn, `customers/${customer}`, { renewals }),
    /** To this many days after the renewal's invoice was finalized. */
    advanceTo: async (days: number) => {
      const target = (due + 3600 + days * DAY + 60) * 1000;
      const now = new Date((await standIn.advance(0)).now).getTime();
      await standIn.advance(Math.max(0, target - now));
    },
    now: () => stripe.subscriptions.retrieve(id),
    newest: async () => {
      const [invoice] = (await stripe.invoices.list({ subscription: id, limit: 1 })).data;
      if (invoice === undefined) throw new Error("There is no invoice.");
      return invoice;
    },
    since: async (time: number) => (await eventsSince(stripe, time)).map((it) => it.type),
  };
}

describe("a renewal that fails at the simulated Stripe", () => {
  test("is tried after 3, 5 and 7 days more, and then the subscription ends for that reason", async () => {
    const here = await scene();
    await here.bank("fail");
    await here.advanceTo(0);
    const failed = await here.newest();
    const finalized = here.due + 3600;
    expect(failed).toMatchObject({
      status: "open",
      attempt_count: 1,
      attempted: true,
      auto_advance: true,
      next_payment_attempt: finalized + 3 * DAY,
      amount_remaining: 500,
    });
    expect(await here.now()).toMatchObject({ status: "past_due", latest_invoice: failed.id });
    expect((await here.stripe.customers.retrieve(here.customer)) as Stripe.Customer).toMatchObject({
      delinquent: true,
    });
    expect(await here.since(finalized)).toEqual([
      "invoice.finalized",
      "payment_intent.created",
      "charge.failed",
      "payment_intent.payment_failed",
      "invoice.updated",
      "invoice.payment_failed",
      "customer.updated",
      "customer.subscription.updated",
    ]);
    await here.advanceTo(3);
    expect(await here.newest()).toMatchObject({ attempt_count: 2, next_payment_attempt: finalized + 8 * DAY });
    await here.advanceTo(8);
    expect(await here.newest()).toMatchObject({ attempt_count: 3, next_payment_attempt: finalized + 15 * DAY });
    await here.advanceTo(15);
    expect(await here.newest()).toMatchObject({
      id: failed.id,
      status: "open",
      attempt_count: 4,
      auto_advance: false,
      next_payment_attempt: null,
    });
    expect(await here.now()).toMatchObject({
      status: "canceled",
      ended_at: finalized + 15 * DAY,
      cancellation_details: { reason: "payment_failed" },
    });
    const [over] = (await here.stripe.events.list({ type: "customer.subscription.deleted" })).data;
    expect(over?.data.object).toMatchObject({ cancellation_details: { reason: "payment_failed" } });
    await here.standIn.advance(40 * DAY_MS);
    expect((await here.stripe.invoices.list({ subscription: here.id })).data).toHaveLength(2);
    expect(
      (await here.stripe.charges.list({ customer: here.customer, limit: 100 })).data.map((it) => it.status),
    ).toEqual(["failed", "failed", "failed", "failed", "succeeded"]);
    expect(await balanceGap(here.stripe)).toEqual({ usd: 0 });
  });

  test("recovers at a retry: paid, active, no longer owing, and the next one renews", async () => {
    const here = await scene();
    await here.bank("fail");
    await here.advanceTo(3);
    await here.bank("ok");
    await here.advanceTo(8);
    expect(await here.newest()).toMatchObject({ status: "paid", attempt_count: 3, next_payment_attempt: null });
    expect((await here.now()).status).toBe("active");
    expect(await here.since(here.due + 3600 + 8 * DAY)).toEqual([
      "charge.succeeded",
      "payment_intent.succeeded",
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "invoice_payment.paid",
      "customer.updated",
      "customer.subscription.updated",
    ]);
    const payments = (await here.stripe.invoicePayments.list({ invoice: (await here.newest()).id })).data;
    expect(payments.map((it) => it.status)).toEqual(["paid"]);
    await here.standIn.advance(31 * DAY_MS);
    expect((await here.stripe.invoices.list({ subscription: here.id, status: "paid" })).data).toHaveLength(3);
  });

  test("by another card, paid by hand; what is declined by hand is the request's error", async () => {
    const here = await scene();
    await here.bank("fail");
    await here.advanceTo(1);
    const { id, next_payment_attempt: planned } = await here.newest();
    await expect(here.stripe.invoices.pay(id)).rejects.toMatchObject({
      type: "StripeCardError",
      statusCode: 402,
      code: "card_declined",
      decline_code: "generic_decline",
      payment_intent: { status: "requires_payment_method" },
    });
    expect(await here.newest()).toMatchObject({ attempt_count: 1, next_payment_attempt: planned });
    const bad = await here.stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: here.customer });
    await expect(here.stripe.invoices.pay(id, { payment_method: bad.id })).rejects.toMatchObject({ statusCode: 402 });
    const card = await here.stripe.paymentMethods.attach("pm_card_visa", { customer: here.customer });
    const paid = await here.stripe.invoices.pay(id, { payment_method: card.id });
    expect(paid).toMatchObject({ status: "paid", attempt_count: 1 });
    expect((await here.now()).status).toBe("active");
    await expect(here.stripe.invoices.pay(id)).rejects.toMatchObject({ code: "invoice_already_paid" });
    await here.advanceTo(20);
    expect((await here.stripe.charges.list({ customer: here.customer, limit: 100 })).data).toHaveLength(5);
  });

  test("the donor changes the card: the next retry goes through", async () => {
    const here = await scene();
    const old = (await here.now()).default_payment_method as string;
    await control(here.standIn, `customers/${here.customer}/card`, { last4: "0341" });
    await here.advanceTo(0);
    expect((await here.now()).status).toBe("past_due");
    const at = (await here.newest()).created;
    const card = await control<{ id: string }>(here.standIn, `customers/${here.customer}/card`, { detach_old: true });
    expect((await here.now()).default_payment_method).toBe(card.id);
    await here.advanceTo(3);
    expect(await here.newest()).toMatchObject({ status: "paid", attempt_count: 2 });
    const types = await here.since(at);
    for (const type of ["payment_method.attached", "payment_method.detached", "customer.updated"]) {
      expect(types).toContain(type);
    }
    expect((await here.stripe.paymentMethods.retrieve(old)).customer).toBe(here.customer);
    const renewed = await control<{ id: string }>(here.standIn, `payment_methods/${card.id}`, { exp_year: 2040 });
    expect((await here.stripe.paymentMethods.retrieve(renewed.id)).card?.exp_year).toBe(2040);
    const [told] = (await here.stripe.events.list({ type: "payment_method.automatically_updated" })).data;
    expect(told?.data.previous_attributes).toMatchObject({ card: { exp_year: expect.any(Number) } });
    expect(await here.stripe.paymentMethods.detach(card.id)).toMatchObject({ customer: null });
  });

  test("the bank asks for authentication: given, it is paid; ignored, it is tried again", async () => {
    const here = await scene();
    await here.bank("authenticate");
    await here.advanceTo(0);
    const asked = await here.newest();
    const [payment] = (
      await here.stripe.invoicePayments.list({ invoice: asked.id, expand: ["data.payment.payment_intent"] })
    ).data;
    const intent = payment?.payment.payment_intent as Stripe.PaymentIntent;
    expect(intent).toMatchObject({ status: "requires_action", next_action: { type: "use_stripe_sdk" } });
    expect((await here.now()).status).toBe("past_due");
    const types = await here.since(here.due + 3600);
    expect(types).toEqual(
      expect.arrayContaining(["payment_intent.requires_action", "invoice.payment_action_required"]),
    );
    await expect(here.stripe.invoices.pay(asked.id)).rejects.toMatchObject({
      code: "invoice_payment_intent_requires_action",
    });
    await control(here.standIn, `payment_intents/${intent.id}`, { outcome: "authenticate" });
    expect(await here.newest()).toMatchObject({ id: asked.id, status: "paid" });
    expect((await here.now()).status).toBe("active");
    const [charge] = (await here.stripe.charges.list({ payment_intent: intent.id })).data;
    expect(charge?.payment_method_details?.card?.three_d_secure?.result).toBe("authenticated");
    await expect(control(here.standIn, `payment_intents/${intent.id}`, { outcome: "authenticate" })).rejects.toThrow(
      /400/,
    );
  });

  test("left unpaid by the settings: its invoices pile up as drafts until the open one is paid", async () => {
    const here = await scene({ dunning: { retries: [1], subscription: "unpaid", invoice: "open" } });
    await here.bank("fail");
    await here.advanceTo(1);
    expect((await here.now()).status).toBe("unpaid");
    const open = await here.newest();
    await here.standIn.advance(32 * DAY_MS);
    expect(await here.newest()).toMatchObject({ status: "draft", auto_advance: false });
    await here.bank("ok");
    expect((await here.stripe.invoices.pay(open.id)).status).toBe("paid");
    expect((await here.now()).status).toBe("active");
  });

  test("written off by the settings, and paid all the same", async () => {
    const here = await scene();
    await control(here.standIn, "dunning", { retries: [], subscription: "past_due", invoice: "uncollectible" });
    await here.bank("fail");
    await here.advanceTo(0);
    const written = await here.newest();
    expect(written).toMatchObject({ status: "uncollectible", status_transitions: { paid_at: null } });
    expect((await here.now()).status).toBe("past_due");
    await here.bank("ok");
    expect(await here.stripe.invoices.pay(written.id)).toMatchObject({ status: "paid", amount_remaining: 0 });
    expect(await here.since(written.created)).toEqual(
      expect.arrayContaining(["invoice.marked_uncollectible", "invoice.paid"]),
    );
  });

  test("marked uncollectible or voided by hand: the subscription goes on", async () => {
    const here = await scene();
    await here.bank("fail");
    await here.advanceTo(0);
    const marked = await here.stripe.invoices.markUncollectible((await here.newest()).id);
    expect(marked.status_transitions.marked_uncollectible_at).not.toBeNull();
    expect((await here.now()).status).toBe("active");
    const voided = await here.stripe.invoices.voidInvoice(marked.id);
    expect(voided.status).toBe("void");
    await expect(here.stripe.invoices.pay(voided.id)).rejects.toMatchObject({ statusCode: 400 });
    await expect(here.stripe.invoices.markUncollectible(voided.id)).rejects.toMatchObject({ statusCode: 400 });
    await here.advanceTo(20);
    expect((await here.now()).status).toBe("active");
  });

  test("a bank debit that comes back is tried again too; a revoked mandate never goes through", async () => {
    const standIn = await startStandIn({ settlementCurrency: "eur" });
    onTestFinished(() => standIn.close());
    const stripe = clientOf(standIn);
    const { id, customer } = await givenSubscription(stripe, await givenProduct(stripe), "month", "pay_later");
    await standIn.advance(4 * DAY_MS);
    const [charge] = (await stripe.charges.list({ customer: customer as string })).data;
    const mandate = charge?.payment_method_details?.sepa_debit?.mandate as string;
    expect(await stripe.mandates.retrieve(mandate)).toMatchObject({ status: "active", type: "multi_use" });
    await control(standIn, `mandates/${mandate}`, { status: "inactive" });
    expect((await stripe.events.list({ type: "mandate.updated" })).data).toHaveLength(1);
    const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
    const now = Date.parse((await standIn.advance(0)).now);
    await standIn.advance(((item?.current_period_end ?? 0) + 5 * DAY) * 1000 - now);
    const [invoice] = (await stripe.invoices.list({ subscription: id, limit: 1 })).data;
    expect(invoice).toMatchObject({ status: "open", attempt_count: 1 });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe("past_due");
    await standIn.advance(30 * DAY_MS);
    expect((await stripe.subscriptions.retrieve(id)).cancellation_details?.reason).toBe("payment_failed");
  });
});

describe("a pause at the simulated Stripe", () => {
  test.each([
    ["void", "void"],
    ["mark_uncollectible", "uncollectible"],
    ["keep_as_draft", "draft"],
  ] as const)("%s: nothing is charged, the status stays, and it resumes", async (behavior, status) => {
    const here = await scene();
    const resumesAt = here.due + 10 * DAY;
    const paused = await here.stripe.subscriptions.update(here.id, {
      pause_collection: { behavior, resumes_at: resumesAt },
    });
    expect(paused).toMatchObject({ status: "active", pause_collection: { behavior, resumes_at: resumesAt } });
    const [told] = (await here.stripe.events.list({ type: "customer.subscription.updated", limit: 1 })).data;
    expect(told?.data.previous_attributes).toEqual({ pause_collection: null });
    await here.advanceTo(1);
    expect(await here.newest()).toMatchObject({ status, amount_paid: 0 });
    expect((await here.stripe.charges.list({ customer: here.customer })).data).toHaveLength(1);
    await here.advanceTo(11);
    expect((await here.now()).pause_collection).toBeNull();
    await here.advanceTo(40);
    expect(await here.newest()).toMatchObject({ status: "paid" });
  });

  test("taken back by hand; a kept draft is finalized by hand", async () => {
    const here = await scene();
    await here.stripe.subscriptions.update(here.id, { pause_collection: { behavior: "keep_as_draft" } });
    await here.advanceTo(1);
    const resumed = await here.stripe.subscriptions.update(here.id, { pause_collection: "" });
    expect(resumed.pause_collection).toBeNull();
    const draft = await here.newest();
    expect(draft.status).toBe("draft");
    const done = await here.stripe.invoices.finalizeInvoice(draft.id, { auto_advance: true });
    expect(done.status).toBe("paid");
    await expect(here.stripe.invoices.finalizeInvoice(draft.id)).rejects.toMatchObject({ statusCode: 400 });
    await expect(
      here.stripe.subscriptions.update(here.id, { pause_collection: { behavior: "void", resumes_at: 1 } }),
    ).rejects.toMatchObject({ param: "pause_collection[resumes_at]" });
  });

  test("the status paused and its end", async () => {
    const here = await scene();
    await control(here.standIn, `subscriptions/${here.id}`, { status: "paused" });
    expect((await here.now()).status).toBe("paused");
    expect((await here.stripe.events.list({ type: "customer.subscription.paused" })).data).toHaveLength(1);
    await here.advanceTo(5);
    expect((await here.stripe.invoices.list({ subscription: here.id })).data).toHaveLength(1);
    const resumed = await here.stripe.subscriptions.resume(here.id);
    expect(resumed.status).toBe("active");
    expect(await here.newest()).toMatchObject({ status: "paid", billing_reason: "subscription_update" });
    expect((await here.stripe.events.list({ type: "customer.subscription.resumed" })).data).toHaveLength(1);
    await here.standIn.advance(32 * DAY_MS);
    expect((await here.stripe.invoices.list({ subscription: here.id })).data).toHaveLength(3);
  });
});

describe("the simulated Stripe's clock, stopped", () => {
  test("cancelling and taking it back happen within one second", async () => {
    const here = await scene();
    const { now } = await control<{ now: string }>(here.standIn, "clock", { frozen: true });
    await here.stripe.subscriptions.update(here.id, { cancel_at_period_end: true });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await here.stripe.subscriptions.update(here.id, { cancel_at_period_end: false });
    const events = await eventsSince(here.stripe, Date.parse(now) / 1000, "customer.subscription.updated");
    expect(events.slice(-2).map((it) => it.created)).toEqual([Date.parse(now) / 1000, Date.parse(now) / 1000]);
    const later = await here.standIn.advance(DAY_MS);
    expect(Date.parse(later.now) - Date.parse(now)).toBeGreaterThanOrEqual(DAY_MS);
    expect((await here.stripe.customers.create({})).created).toBe(Date.parse(now) / 1000 + DAY);
    await control(here.standIn, "clock", { frozen: false });
    const after = (await here.stripe.customers.create({})).created;
    expect(after).toBeGreaterThanOrEqual(Date.parse(now) / 1000 + DAY);
  });
});
