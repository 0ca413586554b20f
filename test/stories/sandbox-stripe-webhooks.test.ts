import { describe, expect, onTestFinished, test } from "vitest";
import { act, clientOf, givenProduct, once, startReceiver, startStandIn } from "../support/stripe-stand-in.ts";

/** A stand-in whose events go to an endpoint that answers as told; with nothing on its way. */
async function scene(answer?: (count: number) => number) {
  const receiver = await startReceiver(answer);
  const standIn = await startStandIn();
  onTestFinished(async () => {
    await standIn.close();
    await receiver.close();
  });
  const stripe = clientOf(standIn);
  const product = await givenProduct(stripe);
  standIn.setWebhook(receiver.webhook);
  const pay = async () => act(await stripe.checkout.sessions.create(once(product)), "pay");
  const madeIds = async () =>
    (await stripe.events.list({ limit: 100 })).data
      .map((it) => it.id)
      .reverse()
      .slice(1);
  return { receiver, standIn, stripe, pay, madeIds, gotIds: () => receiver.received.map((it) => it.event.id) };
}

describe("the simulated Stripe's webhooks", () => {
  test("are tried again with growing pauses until the endpoint answers 2xx", async () => {
    const { receiver, standIn, stripe, pay, madeIds, gotIds } = await scene((count) => (count <= 8 ? 500 : 200));
    await pay();
    const [open] = (await stripe.events.list({ delivery_success: false })).data;
    expect(open?.pending_webhooks).toBe(1);
    await standIn.settled();
    const made = await madeIds();
    expect(new Set(gotIds())).toEqual(new Set(made));
    expect(receiver.received).toHaveLength(made.length + 8);
    expect(standIn.deliveries.list().map((it) => it.state)).toEqual(made.map(() => "delivered"));
    expect(Math.max(...standIn.deliveries.list().map((it) => it.attempts))).toBeGreaterThan(1);
    expect((await stripe.events.list({ delivery_success: false })).data).toEqual([]);
    // A repeated delivery is the same event, signed anew.
    const [first] = receiver.received;
    const again = receiver.received.find((it) => it !== first && it.event.id === first?.event.id);
    expect(again?.body).toBe(first?.body);
  });

  test("wait for an endpoint that isn't there yet, and for one that comes up late", async () => {
    const { receiver, standIn, pay, madeIds, gotIds } = await scene();
    standIn.setWebhook({ ...receiver.webhook, url: "http://127.0.0.1:1/closed" });
    await pay();
    await expect
      .poll(() => standIn.deliveries.list().every((it) => it.state === "pending" && it.last_status === 0))
      .toBe(true);
    standIn.setWebhook(receiver.webhook);
    await standIn.settled();
    expect(gotIds().sort()).toEqual((await madeIds()).sort());
  });

  test("without an endpoint there is nothing to deliver", async () => {
    const { receiver, standIn, stripe, pay } = await scene();
    standIn.setWebhook(null);
    await pay();
    await standIn.settled();
    expect((await stripe.events.list({ limit: 1 })).data).toMatchObject([{ pending_webhooks: 0 }]);
    standIn.setWebhook(receiver.webhook);
    await standIn.settled();
    expect(receiver.received).toEqual([]);
  });

  test.each(["in_order", "reverse"] as const)("held back and then sent %s, late", async (order) => {
    const { standIn, pay, madeIds, gotIds } = await scene();
    standIn.deliveries.hold();
    await pay();
    await pay();
    await standIn.settled();
    expect(gotIds()).toEqual([]);
    expect(new Set(standIn.deliveries.list().map((it) => it.state))).toEqual(new Set(["held"]));
    await standIn.deliveries.release(order);
    const made = await madeIds();
    expect(gotIds()).toEqual(order === "reverse" ? made.reverse() : made);
    await pay();
    await standIn.settled();
    expect(gotIds()).toHaveLength(made.length + 6);
  });

  test("shuffled by a seed, each several times", async () => {
    const orders: string[][] = [];
    for (const seed of [1, 1, 2]) {
      const { receiver, standIn, pay, madeIds, gotIds } = await scene();
      standIn.deliveries.hold();
      await pay();
      await standIn.deliveries.release("shuffle", { seed, copies: 3 });
      const made = await madeIds();
      expect(gotIds().sort()).toEqual(made.flatMap((id) => [id, id, id]).sort());
      orders.push(receiver.types());
    }
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).not.toEqual(orders[0]);
    expect(orders[0]).not.toEqual([...(orders[0] ?? [])].sort());
  });
});
