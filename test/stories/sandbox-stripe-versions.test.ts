import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  clientOf,
  control,
  DAY_MS,
  givenCharge,
  givenProduct,
  givenSubscription,
  startReceiver,
  startStandIn,
} from "../support/stripe-stand-in.ts";

type Old = Record<string, unknown> & { lines?: { data: Record<string, unknown>[] } };

async function scene(apiVersion: string) {
  const receiver = await startReceiver();
  const standIn = await startStandIn({ webhook: { ...receiver.webhook, apiVersion } });
  onTestFinished(async () => {
    await standIn.close();
    await receiver.close();
  });
  const stripe = clientOf(standIn);
  const product = await givenProduct(stripe);
  /** The newest event of this type as it arrived. */
  const got = async (type: string) => {
    await standIn.settled();
    const event = receiver.received.map((it) => it.event).findLast((it) => it.type === type);
    if (event === undefined) throw new Error(`No ${type} arrived.`);
    return { event, object: event.data.object as unknown as Old };
  };
  return { standIn, stripe, product, receiver, got };
}

describe("an endpoint of an older version at the simulated Stripe", () => {
  test.each(["2020-08-27", "2024-04-10"])(
    "%s: the fields of before basil, and none of those it brought",
    async (version) => {
      const { standIn, stripe, product, got } = await scene(version);
      const { id } = await givenSubscription(stripe, product);
      await standIn.advance(32 * DAY_MS);
      const { event, object: invoice } = await got("invoice.paid");
      expect(event.api_version).toBe(version);
      expect(invoice).toMatchObject({
        subscription: id,
        paid: true,
        subscription_details: { metadata: expect.anything() },
      });
      expect(invoice.payment_intent).toMatch(/^pi_/);
      expect(invoice.charge).toMatch(/^ch_/);
      expect(invoice).not.toHaveProperty("parent");
      expect(invoice.lines?.data[0]).toMatchObject({
        type: "subscription",
        subscription: id,
        price: { object: "price" },
      });
      expect(invoice.lines?.data[0]).not.toHaveProperty("pricing");
      expect((await got("payment_intent.succeeded")).object.invoice).toBe(invoice.id);
      const charge = (await got("charge.succeeded")).object;
      expect(charge.invoice).toBe(invoice.id);
      expect("refunds" in charge).toBe(version < "2022-11-15");
      const updated = await got("customer.subscription.updated");
      expect(updated.object.current_period_end).toBeGreaterThan(updated.event.created);
      expect(updated.event.data.previous_attributes).toHaveProperty("current_period_end");
      expect((await got("checkout.session.completed")).object.ui_mode).toBe("hosted");
    },
  );

  test("the API itself, and lists of events unless another version is of the day, stay at the newest", async () => {
    const { standIn, stripe, product, got } = await scene("2024-04-10");
    await givenCharge(stripe, product);
    const { event } = await got("charge.succeeded");
    const [listed] = (await stripe.events.list({ type: "charge.succeeded" })).data;
    expect(listed).toMatchObject({ id: event.id, api_version: "2026-10-28.endive" });
    await control(standIn, "api_version", { version: "2020-08-27" });
    const [older] = (await stripe.events.list({ type: "charge.succeeded" })).data;
    expect(older).toMatchObject({ id: event.id, api_version: "2020-08-27", data: { object: { invoice: null } } });
    expect(await stripe.events.retrieve(event.id)).toMatchObject({ api_version: "2026-10-28.endive" });
    await expect(control(standIn, "api_version", { version: "yesterday" })).rejects.toThrow(/400/);
  });

  test("one of the same shapes: only its name differs; set over HTTP", async () => {
    const { standIn, stripe, product, receiver, got } = await scene("2025-11-17.clover");
    await control(standIn, "webhook", { ...receiver.webhook, api_version: "2026-03-25.dahlia" });
    const { id } = await givenSubscription(stripe, product);
    const { event, object } = await got("invoice.paid");
    expect(event.api_version).toBe("2026-03-25.dahlia");
    expect(object).toMatchObject({ parent: { subscription_details: { subscription: id } } });
  });
});

describe("the simulated Stripe's events", () => {
  test("by several types, by time, and those that didn't arrive", async () => {
    const receiver = await startReceiver((count) => (count === 3 ? 500 : 200));
    const standIn = await startStandIn({ webhook: receiver.webhook });
    onTestFinished(async () => {
      await standIn.close();
      await receiver.close();
    });
    const stripe = clientOf(standIn);
    const product = await givenProduct(stripe);
    const charge = await givenCharge(stripe, product);
    await standIn.advance(DAY_MS);
    const refund = await stripe.refunds.create({ charge: charge.id });
    const list = async (params: Stripe.EventListParams) =>
      (await stripe.events.list({ limit: 100, ...params })).data.map((it) => it.type);
    expect(await list({ types: ["refund.created", "charge.refunded"], created: { gte: refund.created } })).toEqual([
      "charge.refunded",
      "refund.created",
    ]);
    expect(await list({ types: ["refund.created"], created: { lt: refund.created } })).toEqual([]);
    await standIn.settled();
    expect(await list({ delivery_success: false })).toEqual([]);
    standIn.setWebhook({ ...receiver.webhook, url: "http://127.0.0.1:1/closed" });
    await stripe.customers.create({ email: "late@example.org" });
    expect(await list({ delivery_success: false })).toEqual(["customer.created"]);
    expect((await stripe.customers.list({ email: "late@example.org" })).data).toHaveLength(1);
    await standIn.advance(31 * DAY_MS);
    expect(await list({ created: { gte: 0 } })).not.toContain("charge.succeeded");
  });
});
