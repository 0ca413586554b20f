import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../../src/sandbox/stripe/arrange.ts";
import {
  balanceGap,
  clientOf,
  control,
  DAY_MS,
  givenCharge,
  givenProduct,
  givenSubscription,
  startStandIn,
} from "../support/stripe-stand-in.ts";

const CURRENCIES = ["usd", "eur", "gbp", "jpy"] as const;
const STEPS = 150;

/** Months of everything at once, by a seed. What Stripe would refuse is refused here too and changes nothing. */
async function live(seed: number) {
  const faults: object[] = [];
  const standIn = await startStandIn({
    payouts: "daily",
    settlementCurrencies: ["eur"],
    log: (line) => faults.push(line),
  });
  onTestFinished(() => standIn.close());
  const stripe = clientOf(standIn);
  const product = await givenProduct(stripe);
  const random = seededRandom(seed);
  const some = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const anyCharge = async () => some((await stripe.charges.list({ limit: 30 })).data)?.id ?? "none";
  const anySubscription = async () => some((await stripe.subscriptions.list({ limit: 30, status: "all" })).data);
  const actions: (() => Promise<unknown>)[] = [
    () =>
      givenCharge(
        stripe,
        product,
        500 + Math.floor(random() * 5000),
        some(CURRENCIES),
        some(["pay", "pay", "pay_later", "authenticate"]),
      ),
    () => givenSubscription(stripe, product, "month", some(["pay", "pay_later", "pay_later_fail"])),
    async () =>
      stripe.refunds.create({
        charge: await anyCharge(),
        amount: 100 + Math.floor(random() * 500),
        metadata: { sandbox: some(["ok", "fail", "pending", "pending_fail", "requires_action"]) ?? "ok" },
      }),
    async () => control(standIn, "disputes", { charge: await anyCharge(), kind: some(["dispute", "inquiry"]) }),
    async () =>
      control(standIn, `disputes/${some((await stripe.disputes.list({ limit: 30 })).data)?.id}`, {
        to: some(["under_review", "won", "lost", "warning_closed", "needs_response", "appeal_under_review"]),
      }),
    async () =>
      control(standIn, `customers/${(await anySubscription())?.customer as string}`, {
        renewals: some(["ok", "fail", "authenticate"]),
      }),
    async () =>
      stripe.subscriptions.update(
        (await anySubscription())?.id ?? "none",
        some<Stripe.SubscriptionUpdateParams>([
          { cancel_at_period_end: true },
          { cancel_at_period_end: false },
          { pause_collection: { behavior: "void" } },
          { pause_collection: { behavior: "keep_as_draft" } },
          { pause_collection: "" },
        ]) ?? {},
      ),
    async () =>
      control(standIn, `payouts/${some((await stripe.payouts.list({ limit: 3 })).data)?.id}`, {
        to: some(["failed", "paid"]),
      }),
    async () => {
      const open = (await stripe.invoices.list({ limit: 20, status: some(["open", "uncollectible"]) ?? "open" })).data;
      const id = some(open)?.id ?? "none";
      const asked = some(["pay", "voidInvoice", "markUncollectible"] as const) ?? "pay";
      return stripe.invoices[asked](id);
    },
    async () =>
      control(standIn, `customers/${(await anySubscription())?.customer as string}/card`, {
        last4: some(["4242", "0341"]),
      }),
    () => standIn.advance(Math.floor(random() * 6 * DAY_MS)),
  ];
  let done = 0;
  for (let step = 0; step < STEPS; step += 1) {
    await some(actions)?.().then(
      () => {
        done += 1;
      },
      (error: Error & { statusCode?: number }) => {
        const status = error.statusCode ?? Number(/^\d{3}/.exec(error.message)?.[0] ?? 500);
        if (status >= 500) throw error;
      },
    );
  }
  expect(done).toBeGreaterThan(STEPS / 2);
  await standIn.advance(60 * DAY_MS);
  // Nothing new goes out any more, and what went out is reconciled.
  standIn.control("POST", "/payouts", { schedule: "manual" });
  await standIn.advance(DAY_MS);
  expect(faults).toEqual([]);
  return stripe;
}

describe("the simulated Stripe's own books", () => {
  test.each([1, 2, 3, 4])("of seed %s: balance, payouts and refunds add up to the cent", async (seed) => {
    const stripe = await live(seed);
    for (const gap of Object.values(await balanceGap(stripe))) expect(gap).toBe(0);
    let payouts = 0;
    for await (const payout of stripe.payouts.list({ limit: 100 })) {
      let sum = 0;
      for await (const line of stripe.balanceTransactions.list({ payout: payout.id, limit: 100 })) {
        if (line.id !== payout.balance_transaction) sum += line.net;
      }
      expect(sum).toBe(payout.amount);
      payouts += 1;
    }
    expect(payouts).toBeGreaterThan(5);
    for await (const charge of stripe.charges.list({ limit: 100, expand: ["data.refunds"] })) {
      const kept = (charge.refunds?.data ?? []).filter((it) => it.status !== "failed" && it.status !== "canceled");
      expect(charge.amount_refunded).toBe(kept.reduce((sum, it) => sum + it.amount, 0));
      expect(charge.amount_refunded).toBeLessThanOrEqual(charge.amount_captured);
      if (charge.status === "succeeded") expect(charge.balance_transaction).not.toBeNull();
    }
  });

  test("many payments at once by a seed, to measure with", async () => {
    const standIn = await startStandIn();
    onTestFinished(() => standIn.close());
    const stripe = clientOf(standIn);
    const bulk = { count: 300, seed: 7, donation_ids: true, metadata: { frequency: "once" } };
    const made = await control<{ count: number; gross: number; net: number }>(standIn, "payments", bulk);
    const amounts: number[] = [];
    for await (const charge of stripe.charges.list({ limit: 100 })) {
      expect(charge.metadata).toMatchObject({
        frequency: "once",
        donation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      amounts.push(charge.amount);
    }
    expect(amounts).toHaveLength(300);
    expect(amounts.reduce((sum, it) => sum + it, 0)).toBe(made.gross);
    expect((await stripe.balance.retrieve()).pending[0]?.amount).toBe(made.net);
    expect((await stripe.events.list()).data).toEqual([]);
  });
});
