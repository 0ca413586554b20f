import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StripeStandInOptions } from "../../src/sandbox/stripe/server.ts";
import {
  balanceGap,
  clientOf,
  control,
  DAY_MS,
  eventsSince,
  givenCharge,
  givenProduct,
  startStandIn,
} from "../support/stripe-stand-in.ts";

async function scene(options: Partial<StripeStandInOptions> = {}) {
  const standIn = await startStandIn(options);
  onTestFinished(() => standIn.close());
  const stripe = clientOf(standIn);
  const product = await givenProduct(stripe);
  const payouts = async () => (await stripe.payouts.list({ limit: 100 })).data.reverse();
  return { standIn, stripe, product, payouts };
}

const linesOf = async (stripe: Stripe, payout: string) =>
  (await stripe.balanceTransactions.list({ payout, limit: 100 })).data;

describe("payouts of the simulated Stripe", () => {
  test("daily: what is available goes, its lines add up to it, and it is told step by step", async () => {
    const { standIn, stripe, product, payouts } = await scene({ payouts: "daily" });
    const charge = await givenCharge(stripe, product, 1000);
    await stripe.refunds.create({ charge: charge.id, amount: 200 });
    await standIn.advance(4 * DAY_MS);
    const [payout] = await payouts();
    expect(payout).toMatchObject({
      object: "payout",
      amount: 741,
      automatic: true,
      currency: "usd",
      description: "STRIPE PAYOUT",
      method: "standard",
      type: "bank_account",
      failure_code: null,
    });
    await standIn.advance(3 * DAY_MS);
    const paid = await stripe.payouts.retrieve(payout?.id ?? "", { expand: ["balance_transaction"] });
    expect(paid).toMatchObject({
      status: "paid",
      reconciliation_status: "completed",
      trace_id: { status: "supported" },
      balance_transaction: { amount: -741, net: -741, fee: 0, type: "payout", reporting_category: "payout" },
    });
    expect((await eventsSince(stripe, charge.created, "payout")).map((it) => it.type)).toEqual([
      "payout.created",
      "payout.updated",
      "payout.updated",
      "payout.reconciliation_completed",
      "payout.updated",
      "payout.paid",
    ]);
    const lines = await linesOf(stripe, paid.id);
    expect(lines.map((it) => it.type)).toEqual(["payout", "refund", "charge"]);
    expect(lines.filter((it) => it.type !== "payout").reduce((sum, it) => sum + it.net, 0)).toBe(paid.amount);
    expect((await stripe.balance.retrieve()).available).toMatchObject([{ amount: 0, currency: "usd" }]);
    expect(await balanceGap(stripe)).toEqual({ usd: 0 });
  });

  test("an automatic payout's lines are known once it is reconciled, a manual one's never", async () => {
    const { standIn, stripe, product, payouts } = await scene({ payouts: "daily" });
    await givenCharge(stripe, product, 1000);
    for (let hours = 0; (await payouts()).length === 0 && hours < 120; hours += 1) await standIn.advance(3_600_000);
    const [payout] = await payouts();
    expect(payout?.reconciliation_status).toBe("in_progress");
    expect((await linesOf(stripe, payout?.id ?? "")).map((it) => it.type)).toEqual(["payout"]);
    await control(standIn, `payouts/${payout?.id}`, { to: "reconciled" });
    expect(await linesOf(stripe, payout?.id ?? "")).toHaveLength(2);
    await control(standIn, "payouts", { schedule: "manual" });
    await givenCharge(stripe, product, 5000);
    await standIn.advance(4 * DAY_MS);
    expect(await payouts()).toHaveLength(1);
    const manual = await stripe.payouts.create({ amount: 100, currency: "usd" });
    expect(manual).toMatchObject({ automatic: false, reconciliation_status: "not_applicable", status: "pending" });
    await expect(linesOf(stripe, manual.id)).rejects.toMatchObject({ statusCode: 400 });
  });

  test("by hand: within the balance only, cancelled in time or paid", async () => {
    const { standIn, stripe, product } = await scene();
    await givenCharge(stripe, product, 10_000);
    await expect(stripe.payouts.create({ amount: 100, currency: "usd" })).rejects.toMatchObject({
      code: "balance_insufficient",
    });
    await standIn.advance(4 * DAY_MS);
    const [stops, goes] = [
      await stripe.payouts.create({ amount: 1000, currency: "usd", metadata: { by: "hand" } }),
      await stripe.payouts.create({ amount: 2000, currency: "usd" }),
    ];
    expect(await stripe.payouts.cancel(stops.id)).toMatchObject({ status: "canceled" });
    await standIn.advance(4 * DAY_MS);
    expect((await stripe.payouts.retrieve(goes.id)).status).toBe("paid");
    expect((await stripe.payouts.list({ status: "canceled" })).data.map((it) => it.id)).toEqual([stops.id]);
    const [row] = (await stripe.balanceTransactions.list({ source: stops.id, type: "payout_cancel" })).data;
    expect(row).toMatchObject({ amount: 1000, reporting_category: "payout_reversal" });
    await expect(stripe.payouts.cancel(goes.id)).rejects.toMatchObject({ statusCode: 400 });
    expect((await stripe.balance.retrieve()).available).toMatchObject([{ amount: 10_000 - 320 - 2000 }]);
  });

  test("one that fails, at its arrival or after it was paid: its money goes with a later one", async () => {
    const { standIn, stripe, product, payouts } = await scene({ payouts: "daily" });
    await control(standIn, "payouts", { failing: 1 });
    await givenCharge(stripe, product, 1000);
    await standIn.advance(10 * DAY_MS);
    const [failed, again] = await payouts();
    expect(failed).toMatchObject({
      status: "failed",
      failure_code: "account_closed",
      failure_message: "The bank account has been closed",
    });
    expect(again).toMatchObject({ status: "paid", amount: failed?.amount });
    const lines = await linesOf(stripe, again?.id ?? "");
    expect(lines.map((it) => [it.type, it.source])).toContainEqual(["payout_failure", failed?.id]);
    await control(standIn, `payouts/${again?.id}`, { to: "failed", failure_code: "no_account" });
    await standIn.advance(5 * DAY_MS);
    expect((await payouts()).map((it) => it.status)).toEqual(["failed", "failed", "paid"]);
    expect((await eventsSince(stripe, failed?.created ?? 0, "payout.failed")).length).toBe(2);
    expect(await balanceGap(stripe)).toEqual({ usd: 0 });
  });

  test("each settlement currency by itself; fees of Stripe's own; a balance below zero waits", async () => {
    const { standIn, stripe, product, payouts } = await scene({ payouts: "daily", settlementCurrencies: ["eur"] });
    const dollars = await givenCharge(stripe, product, 1000, "usd");
    await givenCharge(stripe, product, 2000, "eur");
    await control(standIn, "balance_transactions", {
      type: "stripe_fee",
      amount: -150,
      currency: "eur",
      description: "Radar (2026-11)",
    });
    const [fee] = (await stripe.balanceTransactions.list({ type: "stripe_fee" })).data;
    expect(fee).toMatchObject({ net: -150, reporting_category: "fee", source: null, status: "available" });
    await control(standIn, "disputes", { charge: dollars.id });
    await standIn.advance(8 * DAY_MS);
    const made = await payouts();
    expect(made.map((it) => it.currency)).toEqual(["eur"]);
    expect((await stripe.balance.retrieve()).available).toMatchObject([
      { currency: "usd", amount: 941 - 2500 },
      { currency: "eur", amount: 0 },
    ]);
    await givenCharge(stripe, product, 10_000, "usd");
    await standIn.advance(8 * DAY_MS);
    const [, later] = await payouts();
    expect(later).toMatchObject({ currency: "usd", amount: 941 - 2500 + 10_000 - 320 });
    expect(await balanceGap(stripe)).toEqual({ usd: 0, eur: 0 });
  });

  test("turned on late, every row since the beginning goes", async () => {
    const { standIn, stripe, product, payouts } = await scene();
    await givenCharge(stripe, product, 1000);
    await standIn.advance(4 * DAY_MS);
    expect(standIn.control("POST", "/payouts", { schedule: "daily" })).toEqual({ schedule: "daily", failing: 0 });
    await givenCharge(stripe, product, 1000);
    await standIn.advance(5 * DAY_MS);
    expect((await payouts()).map((it) => it.amount)).toEqual([941, 941]);
  });
});
