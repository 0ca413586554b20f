import { describe, expect, test } from "vitest";
import { type Account, expectBooksToAddUp, openAccount } from "../support/account.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";

/** Stripe's fee on 10.00 USD is 0.59. */
const MONTHLY = { frequency: "monthly", amount: 1000 };

async function monthly(here: Account) {
  const id = await here.given(MONTHLY);
  const { stripe_customer: customer, stripe_subscription: subscription } = await here.donationOf(id);
  const bank = (renewals: "ok" | "fail" | "authenticate") => here.control(`customers/${customer}`, { renewals });
  return { id, customer: customer ?? "", subscription: subscription ?? "", bank };
}

async function newestInvoice(here: Account, subscription: string) {
  const [invoice] = (await here.stripe.invoices.list({ subscription, limit: 1 })).data;
  return invoice?.id ?? "";
}

async function mirrored(here: Account, subscription: string) {
  const found = here.app.db.selectFrom("stripe_subscriptions").selectAll().where("id", "=", subscription);
  return await found.executeTakeFirstOrThrow();
}

describe("a renewal", () => {
  test("givewp #7890, #7449: counts as a gift although no metadata reaches its PaymentIntent, and the first payment is none", async () => {
    const here = await openAccount();
    const { id } = await monthly(here);
    await here.days(32);
    await here.days(31);
    const rows = await here.payments(id);
    expect(rows).toMatchObject(
      [1, 2, 3].map((installment) => ({ installment, status: "paid", amount: 1000, fee: 59 })),
    );
    for (const row of rows.slice(1)) {
      const intent = await here.stripe.paymentIntents.retrieve(String(row.stripe_payment_intent));
      expect(intent.metadata).toEqual({});
    }
    expect(await here.summary()).toEqual([
      {
        ...{ frequency: "monthly", currency: "USD", donations: 1, payments: 3 },
        ...{ gross: 3000, refunded: 0, disputed: 0, fees: 177, net: 2823 },
      },
    ]);
    await expectBooksToAddUp(here);
  });

  test("that fails is failed with its reason and next try, moves no money, and is paid when a retry goes through", async () => {
    const here = await openAccount();
    const { id, bank } = await monthly(here);
    await bank("fail");
    await here.days(32);
    const [, failed] = await here.paymentRows(id);
    expect(failed).toMatchObject({
      status: "failed",
      amount: 1000,
      failure_code: "card_declined",
      net: null,
      paid_at: null,
    });
    expect(+(failed?.next_attempt_at ?? 0)).toBeGreaterThan(+here.app.clock.now());
    expect(await here.donationOf(id)).toMatchObject({ status: "paid", subscription_status: "past_due" });
    expect(await here.summary()).toMatchObject([{ payments: 1, gross: 1000, fees: 59 }]);
    await bank("ok");
    await here.days(8);
    const [, paid] = await here.paymentRows(id);
    expect(paid).toMatchObject({ id: failed?.id, status: "paid", failure_code: null, next_attempt_at: null, net: 941 });
    expect(await here.donationOf(id)).toMatchObject({ status: "paid", subscription_status: "active" });
    expect(await here.summary()).toMatchObject([{ payments: 2, gross: 2000, fees: 118, net: 1882 }]);
    await expectBooksToAddUp(here);
  });

  test("that fails to the end cancels the gift for that reason, and the earlier payments stay", async () => {
    const here = await openAccount();
    const { id, subscription, bank } = await monthly(here);
    await bank("fail");
    await here.days(60);
    expect(await here.donationOf(id)).toMatchObject({ status: "paid", subscription_status: "canceled" });
    expect(await mirrored(here, subscription)).toMatchObject({
      ...{ status: "canceled", cancellation_reason: "payment_failed" },
      ended_at: expect.any(Date),
    });
    const rows = await here.paymentRows(id);
    expect(rows.map((row) => [row.status, row.next_attempt_at])).toEqual([
      ["paid", null],
      ["failed", null],
    ]);
    await here.days(40);
    expect(await here.paymentRows(id)).toHaveLength(2);
    expect(await here.summary()).toMatchObject([{ payments: 1, gross: 1000, net: 941 }]);
    await expectBooksToAddUp(here);
  });

  test("that is written off and paid later all the same counts when it is paid", async () => {
    const here = await openAccount({
      stripe: { dunning: { retries: [3], subscription: "unpaid", invoice: "uncollectible" } },
    });
    const { id, subscription, bank } = await monthly(here);
    await bank("fail");
    await here.days(40);
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "unpaid" });
    const invoice = await newestInvoice(here, subscription);
    const state = async () =>
      await here.app.db.selectFrom("stripe_invoices").select("status").where("id", "=", invoice).executeTakeFirst();
    expect(await state()).toEqual({ status: "uncollectible" });
    expect((await here.paymentRows(id)).map((row) => row.status)).toEqual(["paid", "failed"]);
    await bank("ok");
    await here.stripe.invoices.pay(invoice);
    await here.settle();
    expect(await state()).toEqual({ status: "paid" });
    expect(await here.payments(id)).toMatchObject([{ status: "paid" }, { status: "paid", amount: 1000, net: 941 }]);
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "active" });
    expect(await here.summary()).toMatchObject([{ payments: 2, gross: 2000, net: 1882 }]);
    await expectBooksToAddUp(here);
  });

  test("that the donor's bank asks about waits for the donor, and is paid once they have answered", async () => {
    const here = await openAccount();
    const { id, bank } = await monthly(here);
    await bank("authenticate");
    await here.days(32);
    const [, asked] = await here.paymentRows(id);
    expect(asked).toMatchObject({ status: "failed", action_required: true, net: null });
    await here.control(`payment_intents/${asked?.stripe_payment_intent}`, { outcome: "authenticate" });
    const [, paid] = await here.paymentRows(id);
    expect(paid).toMatchObject({ id: asked?.id, status: "paid", action_required: false, failure_code: null, net: 941 });
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "active" });
    await expectBooksToAddUp(here);
  });

  test("by bank debit is under way until it settles", async () => {
    const here = await openAccount();
    const answer = await start(here.app, { ...MONTHLY, currency: "EUR" });
    const { id, url } = (await answer.json()) as Start;
    await onStripesPage(url, "pay_later");
    await here.days(6);
    expect(await here.payments(id)).toMatchObject([{ status: "paid" }]);
    const { stripe_subscription } = await here.donationOf(id);
    const subscription = await here.stripe.subscriptions.retrieve(stripe_subscription ?? "");
    const due = (subscription.items.data[0]?.current_period_end ?? 0) * 1000 + 2 * 3_600_000;
    await here.days((due - +here.app.clock.now()) / 86_400_000);
    expect(await here.payments(id)).toMatchObject([{ status: "paid" }, { status: "processing", settled_gross: null }]);
    expect(await here.summary()).toMatchObject([{ payments: 1 }]);
    await here.days(5);
    expect(await here.payments(id)).toMatchObject([{ status: "paid" }, { status: "paid" }]);
    expect(await here.summary()).toMatchObject([{ payments: 2 }]);
    await expectBooksToAddUp(here);
  });

  test("givewp #8074: told by events in a version before basil, from an endpoint that was made in another, is not lost", async () => {
    const here = await openAccount();
    const { url } = here.app;
    here.app.standIn.setWebhook({
      url: `${url}/webhooks/stripe`,
      secret: here.app.webhookSecret,
      apiVersion: "2024-06-20",
    });
    const { id } = await monthly(here);
    await here.days(32);
    expect(await here.payments(id)).toMatchObject([
      { installment: 1, status: "paid", net: 941 },
      { installment: 2, status: "paid", net: 941 },
    ]);
    const states = await here.app.db.selectFrom("stripe_events").select(["state", "api_version"]).distinct().execute();
    expect(states.filter((row) => row.api_version !== "2024-06-20")).toEqual([]);
    expect(states.map((row) => row.state).sort()).toEqual(["applied", "ignored"]);
    await expectBooksToAddUp(here);
  });
});

describe("a pause", () => {
  test.each(["void", "mark_uncollectible", "keep_as_draft"] as const)(
    "that lets renewals go (%s) makes no payment and no failure, and ends when it is lifted",
    async (behavior) => {
      const here = await openAccount();
      const { id, subscription } = await monthly(here);
      await here.stripe.subscriptions.update(subscription, { pause_collection: { behavior } });
      await here.settle();
      expect(await mirrored(here, subscription)).toMatchObject({ status: "active", pause_behavior: behavior });
      await here.days(32);
      expect((await here.paymentRows(id)).map((row) => row.status)).toEqual(["paid"]);
      await here.stripe.subscriptions.update(subscription, { pause_collection: "" });
      await here.settle();
      expect(await mirrored(here, subscription)).toMatchObject({ pause_behavior: null });
      await here.days(31);
      expect((await here.payments(id)).map(({ installment, status }) => [installment, status])).toEqual([
        [1, "paid"],
        [2, "paid"],
      ]);
      expect(await here.summary()).toMatchObject([{ payments: 2, gross: 2000 }]);
      await expectBooksToAddUp(here);
    },
  );

  test("by Stripe itself is a state of its own, and the gift goes on when it is resumed", async () => {
    const here = await openAccount();
    const { id, subscription } = await monthly(here);
    await here.control(`subscriptions/${subscription}`, { status: "paused" });
    expect(await here.donationOf(id)).toMatchObject({ status: "paid", subscription_status: "paused" });
    await here.days(40);
    expect(await here.payments(id)).toHaveLength(1);
    await here.stripe.subscriptions.resume(subscription);
    await here.settle();
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "active" });
    expect(await here.payments(id)).toMatchObject([{ status: "paid" }, { status: "paid" }]);
    await expectBooksToAddUp(here);
  });
});

describe("the end of a gift", () => {
  test("at the end of its period leaves it active until then", async () => {
    const here = await openAccount();
    const { id, subscription } = await monthly(here);
    await here.stripe.subscriptions.update(subscription, {
      cancel_at_period_end: true,
      cancellation_details: { feedback: "too_expensive" },
    });
    await here.settle();
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "active" });
    expect(await mirrored(here, subscription)).toMatchObject({
      ...{ cancel_at_period_end: true, cancellation_reason: "cancellation_requested" },
      current_period_end: expect.any(Date),
    });
    await here.days(40);
    expect(await here.donationOf(id)).toMatchObject({ status: "paid", subscription_status: "canceled" });
    expect(await here.payments(id)).toHaveLength(1);
    await expectBooksToAddUp(here);
  });

  test.each([
    [true, false],
    [false, true],
  ])(
    "cashier-stripe #1759, stripe-sync-engine (strict <): cancelled (%s) and then (%s) within one second, with all deliveries shuffled",
    async (...wishes) => {
      const here = await openAccount();
      const { id, subscription } = await monthly(here);
      if (!wishes[0]) await here.stripe.subscriptions.update(subscription, { cancel_at_period_end: true });
      await here.app.standIn.advance(60_000);
      here.app.standIn.deliveries.hold();
      here.app.standIn.freeze(true);
      for (const wish of wishes) await here.stripe.subscriptions.update(subscription, { cancel_at_period_end: wish });
      here.app.standIn.freeze(false);
      await here.app.standIn.deliveries.release("reverse", { copies: 2 });
      await here.settle();
      expect(await mirrored(here, subscription)).toMatchObject({ cancel_at_period_end: wishes[1] });
      await here.days(40);
      expect(await here.payments(id)).toHaveLength(wishes[1] ? 1 : 2);
      expect(await here.donationOf(id)).toMatchObject({ subscription_status: wishes[1] ? "canceled" : "active" });
      await expectBooksToAddUp(here);
    },
  );
});
