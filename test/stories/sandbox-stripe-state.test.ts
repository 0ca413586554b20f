import { fork } from "node:child_process";
import { once as onceEmitted } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stripe } from "stripe";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { memoryClock, type SandboxClock } from "../../src/sandbox/clock.ts";
import type { StripeStandInOptions } from "../../src/sandbox/stripe/server.ts";
import { SetupError } from "../../src/shared/errors.ts";
import {
  act,
  balanceGap,
  clientOf,
  DAY_MS,
  givenCharge,
  givenProduct,
  once,
  recurring,
  startReceiver,
  startStandIn,
} from "../support/stripe-stand-in.ts";

describe("the simulated Stripe's state", () => {
  let stateFile: string;
  let clock: SandboxClock;

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "stripe-"));
    stateFile = join(folder, "stripe.jsonl");
    clock = memoryClock();
    return () => rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: Partial<StripeStandInOptions> = {}) {
    const standIn = await startStandIn({ stateFile, clock, ...options });
    onTestFinished(() => standIn.close());
    return { standIn, stripe: clientOf(standIn) };
  }

  /** Everything that can be asked for, to compare. */
  async function everything(stripe: Stripe): Promise<unknown> {
    const page = { limit: 100 };
    return Promise.all([
      stripe.checkout.sessions.list(page),
      stripe.customers.list(page),
      stripe.paymentIntents.list(page),
      stripe.charges.list(page),
      stripe.balanceTransactions.list(page),
      stripe.subscriptions.list({ ...page, status: "all" }),
      stripe.invoices.list(page),
      stripe.invoicePayments.list(page),
      stripe.products.list(page),
      stripe.prices.list(page),
      stripe.refunds.list(page),
      stripe.disputes.list(page),
      stripe.payouts.list(page),
      stripe.events.list(page),
    ]).then((lists) => lists.map((it) => it.data));
  }

  async function givenSomeGifts(stripe: Stripe): Promise<string> {
    const product = await givenProduct(stripe);
    const paid = await givenCharge(stripe, product, 5000);
    await stripe.refunds.create({ charge: paid.id, amount: 100, metadata: { sandbox: "fail" } });
    await act(await stripe.checkout.sessions.create(once(product)), "decline");
    await act(await stripe.checkout.sessions.create(recurring(product)), "pay");
    await act(await stripe.checkout.sessions.create(recurring(product, "year")), "pay_later");
    await stripe.customers.del((await stripe.customers.create({})).id);
    return product;
  }

  test("survives a restart: the same objects, in the same order, and what is due still comes", async () => {
    const first = await start({ payouts: "daily" });
    await givenSomeGifts(first.stripe);
    const before = await everything(first.stripe);
    await first.standIn.close();
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);

    const second = await start({ port: first.standIn.port });
    expect(await everything(second.stripe)).toEqual(before);
    await second.standIn.advance(32 * DAY_MS);
    const reasons = (await second.stripe.invoices.list({ status: "paid" })).data.map((it) => it.billing_reason);
    expect(reasons.sort()).toEqual(["subscription_create", "subscription_create", "subscription_cycle"]);
    expect((await second.stripe.checkout.sessions.list({ status: "expired" })).data).toHaveLength(1);
    expect((await second.stripe.refunds.list()).data.map((it) => it.status)).toEqual(["failed"]);
    expect((await second.stripe.payouts.list({ status: "paid" })).data.length).toBeGreaterThan(1);
    expect(await balanceGap(second.stripe)).toEqual({ usd: 0 });
  });

  test("what came due while it was away happens at the next start, dated at its own moment", async () => {
    const first = await start();
    await givenSomeGifts(first.stripe);
    await first.standIn.close();
    clock.advance(40 * DAY_MS);
    const second = await start();
    const [renewal] = (await second.stripe.invoices.list({ limit: 1 })).data;
    expect(renewal).toMatchObject({ billing_reason: "subscription_cycle", status: "paid" });
    expect(clock.now().getTime() / 1000 - (renewal?.created ?? 0)).toBeGreaterThan(8 * 86_400);
  });

  test("kept answers survive a restart: the same key gives the same session, a 500 included", async () => {
    const first = await start();
    const product = await givenProduct(first.stripe);
    const session = await first.stripe.checkout.sessions.create(once(product), { idempotencyKey: "one" });
    first.standIn.failNext({ kind: "replayed_500" });
    await expect(first.stripe.customers.create({}, { idempotencyKey: "two" })).rejects.toMatchObject({
      statusCode: 500,
    });
    await first.standIn.close();
    const second = await start({ port: first.standIn.port });
    expect((await second.stripe.checkout.sessions.create(once(product), { idempotencyKey: "one" })).id).toBe(
      session.id,
    );
    await expect(
      second.stripe.checkout.sessions.create(once(product, 1100), { idempotencyKey: "one" }),
    ).rejects.toMatchObject({ type: "StripeIdempotencyError" });
    await expect(second.stripe.customers.create({}, { idempotencyKey: "two" })).rejects.toMatchObject({
      statusCode: 500,
    });
    expect((await second.stripe.checkout.sessions.list()).data).toHaveLength(1);
  });

  test("events that weren't delivered are delivered after the restart, the others not again", async () => {
    const receiver = await startReceiver();
    onTestFinished(async () => void (await receiver.close()));
    const first = await start({ webhook: receiver.webhook });
    const product = await givenProduct(first.stripe);
    await first.standIn.settled();
    expect(receiver.types()).toEqual(["product.created"]);
    first.standIn.deliveries.hold();
    await act(await first.stripe.checkout.sessions.create(once(product)), "pay");
    await first.standIn.close();

    const second = await start();
    await act(await second.stripe.checkout.sessions.create(once(product)), "pay");
    second.standIn.setWebhook(receiver.webhook);
    await second.standIn.settled();
    const ids = receiver.received.map((it) => it.event.id);
    expect(ids).toHaveLength(13);
    expect(new Set(ids).size).toBe(13);
  });

  test("a last line that a crash tore off is left out, and nothing else", async () => {
    const first = await start();
    await givenSomeGifts(first.stripe);
    const before = await everything(first.stripe);
    await first.standIn.close();
    appendFileSync(stateFile, '[["customer",{"id":"cus_torn","object":"cust');
    const second = await start();
    expect(await everything(second.stripe)).toEqual(before);
    await second.stripe.customers.create({ email: "after@example.org" });
    await second.standIn.close();
    const third = await start();
    expect((await third.stripe.customers.list({ email: "after@example.org" })).data).toHaveLength(1);
  });

  test("is compacted at the start: what was overwritten is gone from the file", async () => {
    const first = await start();
    const customer = await first.stripe.customers.create({ email: "first@example.org" });
    for (let count = 0; count < 50; count += 1)
      await first.stripe.customers.update(customer.id, { description: `version ${count}` });
    await first.standIn.advance(32 * DAY_MS);
    await first.standIn.close();
    const size = statSync(stateFile).size;
    const second = await start();
    expect(statSync(stateFile).size).toBeLessThan(size / 10);
    expect(readFileSync(stateFile, "utf8")).not.toContain("version 10");
    expect((await second.stripe.customers.retrieve(customer.id)) as Stripe.Customer).toMatchObject({
      description: "version 49",
    });
  });

  test.each(["hello", "null", "{}", '[["customer"]]', '[["customer",{"object":"customer"}]]', "\0\0\0"])(
    "what is something else (%j) is an error that names the file and the line, and the file stays as it is",
    async (garbage) => {
      const first = await start();
      await givenSomeGifts(first.stripe);
      await first.standIn.close();
      const [line, ...lines] = readFileSync(stateFile, "utf8").split("\n");
      const spoilt = [line, garbage, ...lines].join("\n");
      writeFileSync(stateFile, spoilt);
      await expect(start()).rejects.toThrow(
        /stripe\.jsonl is damaged: .*line 2\. Restore it, or remove the whole DATA_DIR/,
      );
      expect(readFileSync(stateFile, "utf8")).toBe(spoilt);
    },
  );

  test("survives kill -9 at any moment: what was answered is there", async () => {
    const program = new URL("../support/stripe-stand-in-process.ts", import.meta.url);
    const child = fork(program, [stateFile], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [port] = (await onceEmitted(child, "message")) as [number];
    const stripe = clientOf({ port } as Parameters<typeof clientOf>[0]);
    const product = await givenProduct(stripe);
    const answered: string[] = [];
    const giving = (async () => {
      for (;;) {
        const session = await stripe.checkout.sessions.create(once(product));
        const answer = await act(session, "pay");
        if (answer.status === 303) answered.push(session.id);
        if (answered.length === 20) child.kill("SIGKILL");
      }
    })();
    await expect(giving).rejects.toThrow();
    const { stripe: after } = await start();
    expect(answered.length).toBeGreaterThanOrEqual(20);
    for (const id of answered) {
      const session = await after.checkout.sessions.retrieve(id, {
        expand: ["payment_intent.latest_charge.balance_transaction"],
      });
      expect(session).toMatchObject({
        payment_status: "paid",
        payment_intent: { latest_charge: { balance_transaction: { net: 941 } } },
      });
    }
  });
});

describe("where the simulated Stripe doesn't run", () => {
  test("in production", async () => {
    await expect(startStandIn({ environment: "production" })).rejects.toBeInstanceOf(SetupError);
  });

  test("on a taken port: the error names it and says what to do", async () => {
    const first = await startStandIn();
    onTestFinished(() => first.close());
    const second = startStandIn({ port: first.port });
    await expect(second).rejects.toBeInstanceOf(SetupError);
    await expect(second).rejects.toThrow(new RegExp(`Port ${first.port} is taken.*SANDBOX_STRIPE_PORT`));
  });
});
