import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import { fileClock, memoryClock, type SandboxClock } from "../../src/sandbox/clock.ts";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { act, clientOf, DAY_MS, givenProduct, once, recurring, startStandIn } from "../support/stripe-stand-in.ts";

const HOUR_MS = 3_600_000;

interface Scene {
  clock: SandboxClock;
  standIn: StripeStandIn;
  stripe: Stripe;
  product: string;
}

/** A stand-in of its own whose clock shows `when` (UTC, in the future). */
async function scene(when?: string): Promise<Scene> {
  const clock = memoryClock();
  if (when !== undefined) clock.advance(new Date(when).getTime() - clock.now().getTime());
  const standIn = await startStandIn({ clock });
  onTestFinished(() => standIn.close());
  const stripe = clientOf(standIn);
  return { clock, standIn, stripe, product: await givenProduct(stripe) };
}

async function subscribe(
  { stripe, product }: Scene,
  interval: "month" | "year" = "month",
): Promise<Stripe.Subscription> {
  const session = await stripe.checkout.sessions.create(recurring(product, interval));
  await act(session, "pay");
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription"] });
  return done.subscription as Stripe.Subscription;
}

const day = (seconds: number | null | undefined) => new Date((seconds ?? 0) * 1000).toISOString().slice(0, 10);
const invoicesOf = async ({ stripe }: Scene, subscription: string) =>
  (await stripe.invoices.list({ subscription, limit: 100 })).data.reverse();

describe("the simulated Stripe's clock", () => {
  test("31 days: the monthly gift renews once, the annual one doesn't, the once stays as it is", async () => {
    const here = await scene();
    const monthly = await subscribe(here);
    const annual = await subscribe(here, "year");
    const session = await here.stripe.checkout.sessions.create(once(here.product));
    await act(session, "pay");
    const { events } = await here.standIn.advance(31 * DAY_MS, { finishDrafts: true });
    expect(events).toBeGreaterThan(5);
    expect((await invoicesOf(here, monthly.id)).map((it) => [it.billing_reason, it.status])).toEqual([
      ["subscription_create", "paid"],
      ["subscription_cycle", "paid"],
    ]);
    expect(await invoicesOf(here, annual.id)).toHaveLength(1);
    expect((await here.stripe.balanceTransactions.list({ limit: 100 })).data).toHaveLength(4);
  });

  test("a renewal: a draft, an hour later finalized and paid, each event at its own moment", async () => {
    const here = await scene();
    const before = await subscribe(here);
    const due = before.items.data[0]?.current_period_end ?? 0;
    await here.standIn.advance(due * 1000 - here.clock.now().getTime() + 60_000);
    const [, draft] = await invoicesOf(here, before.id);
    expect(draft).toMatchObject({
      status: "draft",
      created: due,
      automatically_finalizes_at: due + 3600,
      number: null,
    });
    await here.standIn.advance(HOUR_MS);

    const [, paid] = await invoicesOf(here, before.id);
    expect(paid).toMatchObject({
      id: draft?.id,
      status: "paid",
      amount_paid: 500,
      status_transitions: { paid_at: due + 3600 },
    });
    expect(paid?.number).toMatch(/-0002$/);
    expect(paid?.parent?.subscription_details?.metadata).toEqual({ donation_id: "donation-2" });
    expect(paid?.lines.data[0]?.period.start).toBe(due);
    const [payment] = (
      await here.stripe.invoicePayments.list({
        invoice: paid?.id ?? "",
        expand: ["data.payment.payment_intent.latest_charge"],
      })
    ).data;
    const intent = payment?.payment.payment_intent as Stripe.PaymentIntent;
    expect(intent).toMatchObject({
      metadata: {},
      description: "Subscription update",
      created: due + 3600,
      latest_charge: { metadata: {}, created: due + 3600 },
    });

    const events = (await here.stripe.events.list({ created: { gte: due }, limit: 100 })).data.reverse();
    expect(events.map((it) => [it.type, it.created - due])).toEqual([
      ["invoice.created", 0],
      ["customer.subscription.updated", 0],
      ["invoice.finalized", 3600],
      ["payment_intent.created", 3600],
      ["charge.succeeded", 3600],
      ["payment_intent.succeeded", 3600],
      ["invoice.updated", 3600],
      ["invoice.paid", 3600],
      ["invoice.payment_succeeded", 3600],
      ["invoice_payment.paid", 3600],
    ]);
    expect(events[1]?.data.previous_attributes).toMatchObject({ latest_invoice: before.latest_invoice });
    expect(events.every((event) => event.request?.id === null)).toBe(true);
  });

  test.each([
    ["2087-01-31T10:30:00Z", "month", ["2087-01-31", "2087-02-28", "2087-03-31", "2087-04-30", "2087-05-31"]],
    ["2088-01-30T23:59:59Z", "month", ["2088-01-30", "2088-02-29", "2088-03-30", "2088-04-30", "2088-05-30"]],
    ["2088-02-29T00:00:00Z", "year", ["2088-02-29", "2089-02-28", "2090-02-28", "2091-02-28", "2092-02-29"]],
  ] as const)("from %s by the %s: right month ends", async (start, interval, days) => {
    const here = await scene(start);
    const subscription = await subscribe(here, interval);
    await here.standIn.advance((interval === "month" ? 125 : 1470) * DAY_MS);
    const invoices = await invoicesOf(here, subscription.id);
    expect(invoices.map((it) => day(it.lines.data[0]?.period.start)).slice(0, days.length)).toEqual(days);
    for (const [index, invoice] of invoices.entries()) {
      const next = invoices[index + 1];
      if (next !== undefined) expect(invoice.lines.data[0]?.period.end).toBe(next.lines.data[0]?.period.start);
      expect(invoice.created % 86_400).toBe((invoices[0]?.created ?? 0) % 86_400);
    }
  });

  test("one long advance and many short ones give the same renewals", async () => {
    const [a, b] = [await scene("2087-01-31T10:00:00Z"), await scene("2087-01-31T10:00:00Z")];
    const [inA, inB] = [await subscribe(a), await subscribe(b)];
    await a.standIn.advance(200 * DAY_MS);
    for (let step = 0; step < 50; step += 1) await b.standIn.advance(4 * DAY_MS);
    const [left, right] = [await invoicesOf(a, inA.id), await invoicesOf(b, inB.id)];
    expect(left).toHaveLength(7);
    expect(right.map((it) => [day(it.created), it.status])).toEqual(left.map((it) => [day(it.created), it.status]));
  });

  test("another amount counts from the next period on", async () => {
    const here = await scene();
    const subscription = await subscribe(here);
    const item = subscription.items.data[0]?.id ?? "";
    const price = {
      currency: "usd",
      product: here.product,
      unit_amount: 900,
      recurring: { interval: "month" as const },
    };
    await expect(
      here.stripe.subscriptions.update(subscription.id, { items: [{ id: item, price_data: price }] }),
    ).rejects.toMatchObject({ statusCode: 400 });
    const changed = await here.stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price_data: price }],
      proration_behavior: "none",
    });
    expect(changed.items.data[0]).toMatchObject({ id: item, price: { unit_amount: 900 } });
    expect(await invoicesOf(here, subscription.id)).toHaveLength(1);
    await here.standIn.advance(32 * DAY_MS);
    expect((await invoicesOf(here, subscription.id)).map((it) => it.amount_paid)).toEqual([500, 900]);
    const [event] = (await here.stripe.events.list({ type: "customer.subscription.updated", limit: 3 })).data.reverse();
    expect(event?.data.previous_attributes).toBeDefined();
  });

  test("cancelled at the period's end: active until then, no further invoice; taken back in time it goes on", async () => {
    const here = await scene();
    const [stops, stays] = [await subscribe(here), await subscribe(here)];
    const details = { cancellation_details: { feedback: "too_expensive", comment: "Sorry" } } as const;
    const asked = await here.stripe.subscriptions.update(stops.id, { cancel_at_period_end: true, ...details });
    expect(asked).toMatchObject({
      status: "active",
      cancel_at_period_end: true,
      cancel_at: asked.items.data[0]?.current_period_end,
    });
    expect(asked.cancellation_details).toMatchObject({
      reason: "cancellation_requested",
      feedback: "too_expensive",
      comment: "Sorry",
    });
    await here.stripe.subscriptions.update(stays.id, { cancel_at_period_end: true });
    const back = await here.stripe.subscriptions.update(stays.id, { cancel_at_period_end: false });
    expect(back).toMatchObject({ cancel_at: null, canceled_at: null, cancellation_details: { reason: null } });
    await here.standIn.advance(32 * DAY_MS);
    const over = await here.stripe.subscriptions.retrieve(stops.id);
    expect(over).toMatchObject({ status: "canceled", ended_at: asked.cancel_at });
    expect(await invoicesOf(here, stops.id)).toHaveLength(1);
    expect(await invoicesOf(here, stays.id)).toHaveLength(2);
    const [event] = (await here.stripe.events.list({ type: "customer.subscription.deleted" })).data;
    expect(event).toMatchObject({ created: asked.cancel_at, data: { object: { id: stops.id } } });
    expect((await here.stripe.subscriptions.list()).data.map((it) => it.id)).toEqual([stays.id]);
    expect((await here.stripe.subscriptions.list({ status: "canceled" })).data.map((it) => it.id)).toEqual([stops.id]);
  });

  test("cancelled at once, or with the customer: ends now and never renews", async () => {
    const here = await scene();
    const [first, second] = [await subscribe(here), await subscribe(here)];
    expect(await here.stripe.subscriptions.cancel(first.id)).toMatchObject({
      status: "canceled",
      cancellation_details: { reason: "cancellation_requested" },
    });
    await expect(here.stripe.subscriptions.cancel(first.id)).rejects.toMatchObject({ code: "resource_missing" });
    await here.stripe.customers.del(second.customer as string);
    expect((await here.stripe.subscriptions.retrieve(second.id)).status).toBe("canceled");
    await here.standIn.advance(62 * DAY_MS);
    expect((await here.stripe.invoices.list({ limit: 100 })).data).toHaveLength(2);
  });

  test("a bank debit renews too, three days later", async () => {
    const here = await scene();
    const session = await here.stripe.checkout.sessions.create(recurring(here.product));
    await act(session, "pay_later");
    await here.standIn.advance(40 * DAY_MS);
    const { subscription } = await here.stripe.checkout.sessions.retrieve(session.id);
    const invoices = await invoicesOf(here, subscription as string);
    expect(invoices.map((it) => it.status)).toEqual(["paid", "paid"]);
    const settled = (invoices[1]?.status_transitions.paid_at ?? 0) - (invoices[1]?.created ?? 0);
    expect(settled).toBe(3600 + 3 * 86_400);
  });

  test("a session expires at its own time, with a link to take it up again; what was paid doesn't", async () => {
    const here = await scene();
    const [left, paid] = [
      await here.stripe.checkout.sessions.create(once(here.product)),
      await here.stripe.checkout.sessions.create(once(here.product)),
    ];
    await act(left, "decline");
    await act(paid, "pay");
    await here.standIn.advance(23 * HOUR_MS);
    expect((await here.stripe.checkout.sessions.retrieve(left.id)).status).toBe("open");
    await here.standIn.advance(2 * HOUR_MS);
    const expired = await here.stripe.checkout.sessions.retrieve(left.id, { expand: ["payment_intent"] });
    expect(expired).toMatchObject({ status: "expired", payment_intent: { status: "canceled" } });
    expect(expired.after_expiration?.recovery?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/r\//);
    expect((await here.stripe.checkout.sessions.retrieve(paid.id)).status).toBe("complete");
    const events = (await here.stripe.events.list({ type: "checkout.session.expired" })).data;
    expect(events.map((it) => [it.created, (it.data.object as Stripe.Checkout.Session).id])).toEqual([
      [left.expires_at, left.id],
    ]);
  });

  test("money becomes available, events are forgotten after 30 days", async () => {
    const here = await scene();
    await act(await here.stripe.checkout.sessions.create(once(here.product)), "pay");
    expect((await here.stripe.balance.retrieve()).pending).toMatchObject([{ amount: 941, currency: "usd" }]);
    await here.standIn.advance(4 * DAY_MS);
    expect((await here.stripe.balance.retrieve()).available).toMatchObject([{ amount: 941, currency: "usd" }]);
    expect((await here.stripe.balanceTransactions.list()).data).toMatchObject([{ status: "available" }]);
    const [event] = (await here.stripe.events.list({ limit: 1 })).data;
    await here.standIn.advance(31 * DAY_MS);
    expect((await here.stripe.events.list()).data).toEqual([]);
    await expect(here.stripe.events.retrieve(event?.id ?? "")).rejects.toMatchObject({ statusCode: 404 });
  });

  test("advances that overlap follow one another", async () => {
    const here = await scene();
    const before = here.clock.now().getTime();
    await Promise.all([here.standIn.advance(DAY_MS), here.standIn.advance(DAY_MS), here.standIn.advance(DAY_MS)]);
    expect(Math.abs(here.clock.now().getTime() - before - 3 * DAY_MS)).toBeLessThan(2000);
  });

  test("hundreds of subscriptions renew, and a request that comes meanwhile is answered", async () => {
    const here = await scene();
    for (let batch = 0; batch < 30; batch += 1) await Promise.all(Array.from({ length: 10 }, () => subscribe(here)));
    const [{ events }, balance] = await Promise.all([
      here.standIn.advance(32 * DAY_MS),
      here.stripe.balance.retrieve(),
    ]);
    expect(events).toBe(300 * 10);
    expect(balance.object).toBe("balance");
  });
});

describe("the clock in DATA_DIR", () => {
  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), "clock-"));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    return made;
  }

  test("is shared: what one process advances, another sees within a second, and a later one finds it", async () => {
    const dir = folder();
    const [one, other] = [fileClock(dir), fileClock(dir)];
    onTestFinished(() => {
      one.close();
      other.close();
    });
    one.advance(5 * DAY_MS);
    expect(one.offsetMs()).toBe(5 * DAY_MS);
    await expect.poll(() => other.offsetMs(), { timeout: 1000 }).toBe(5 * DAY_MS);
    other.advance(DAY_MS);
    await expect.poll(() => one.now().getTime() - Date.now(), { timeout: 1000 }).toBeGreaterThan(6 * DAY_MS - 1000);
    const later = fileClock(dir);
    onTestFinished(() => later.close());
    expect(later.offsetMs()).toBe(6 * DAY_MS);
    expect(JSON.parse(readFileSync(join(dir, "clock.json"), "utf8"))).toEqual({ offset_ms: 6 * DAY_MS });
    expect(statSync(join(dir, "clock.json")).mode & 0o777).toBe(0o600);
  });

  test.each(["", "{", "null", '{"offset_ms":-1}', '{"offset_ms":1.5}'])(
    "that is damaged (%j) is told of",
    (content) => {
      const dir = folder();
      const warnings: string[] = [];
      const open = () => {
        const clock = fileClock(dir, (warning) => warnings.push(warning));
        clock.close();
        return clock;
      };
      open().advance(DAY_MS);
      expect(open().offsetMs()).toBe(DAY_MS);
      expect(warnings).toEqual([]);
      writeFileSync(join(dir, "clock.json"), content);
      expect(open().offsetMs()).toBe(0);
      expect(warnings).toEqual([expect.stringMatching(/clock\.json is damaged: .* The books may be ahead of it/)]);
    },
  );

  test("never goes back", () => {
    const clock = memoryClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(1.5)).toThrow(RangeError);
  });
});
