import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StripeStandInOptions } from "../../src/sandbox/stripe/server.ts";
import {
  act,
  balanceGap,
  clientOf,
  control,
  DAY_MS,
  eventsSince,
  givenCharge,
  givenProduct,
  once,
  startStandIn,
} from "../support/stripe-stand-in.ts";

async function scene(options: Partial<StripeStandInOptions> = {}) {
  const standIn = await startStandIn(options);
  onTestFinished(() => standIn.close());
  const stripe = clientOf(standIn);
  const product = await givenProduct(stripe);
  return { standIn, stripe, product };
}

const REFUND_KEYS = [
  "amount",
  "balance_transaction",
  "charge",
  "created",
  "currency",
  "customer",
  "customer_account",
  "destination_details",
  "id",
  "metadata",
  "object",
  "payment_intent",
  "payment_method",
  "reason",
  "receipt_number",
  "source_transfer_reversal",
  "status",
  "transfer_reversal",
];

describe("refunds of the simulated Stripe", () => {
  test("in full: at once, with a row of the balance and the events of Stripe", async () => {
    const { stripe, product } = await scene();
    const charge = await givenCharge(stripe, product, 1000);
    const refund = await stripe.refunds.create({
      payment_intent: charge.payment_intent as string,
      reason: "requested_by_customer",
      metadata: { ticket: "7" },
      expand: ["balance_transaction", "charge"],
    });
    expect(
      Object.keys(refund)
        .filter((key) => key !== "lastResponse")
        .sort(),
    ).toEqual(REFUND_KEYS);
    expect(refund).toMatchObject({
      amount: 1000,
      currency: "usd",
      metadata: { ticket: "7" },
      reason: "requested_by_customer",
      status: "succeeded",
      destination_details: { type: "card", card: { type: "refund", reference_status: "pending" } },
      balance_transaction: {
        amount: -1000,
        fee: 0,
        fee_details: [],
        net: -1000,
        type: "refund",
        reporting_category: "refund",
        source: refund.id,
      },
      charge: { id: charge.id, amount_refunded: 1000, refunded: true },
    });
    const types = await eventsSince(stripe, refund.created, "refund", "charge.refund");
    expect(types.map((it) => [it.type, it.data.previous_attributes])).toEqual([
      ["refund.created", undefined],
      ["charge.refunded", { amount_refunded: 0, refunded: false }],
    ]);
    expect(await balanceGap(stripe)).toEqual({ usd: 0 });
    const { refunds } = await stripe.charges.retrieve(charge.id, { expand: ["refunds"] });
    expect(refunds?.data.map((it) => it.id)).toEqual([refund.id]);
  });

  test("in parts, until nothing is left; what is too much is refused", async () => {
    const { stripe, product } = await scene();
    const charge = await givenCharge(stripe, product, 1000);
    const first = await stripe.refunds.create({ charge: charge.id, amount: 300 });
    expect(await stripe.charges.retrieve(charge.id)).toMatchObject({ amount_refunded: 300, refunded: false });
    await expect(stripe.refunds.create({ charge: charge.id, amount: 701 })).rejects.toMatchObject({
      type: "StripeInvalidRequestError",
      statusCode: 400,
      param: "amount",
      message: expect.stringMatching(/greater than unrefunded amount/),
    });
    const second = await stripe.refunds.create({ charge: charge.id });
    expect(second.amount).toBe(700);
    await expect(stripe.refunds.create({ charge: charge.id })).rejects.toMatchObject({
      code: "charge_already_refunded",
    });
    const listed = await stripe.refunds.list({ charge: charge.id });
    expect(listed.data.map((it) => it.id)).toEqual([second.id, first.id]);
    const updated = await stripe.refunds.update(first.id, { metadata: { why: "double" } });
    expect(updated.metadata).toEqual({ why: "double" });
    for (const amount of ["0", "-1", "1.5"]) {
      await expect(stripe.refunds.create({ charge: charge.id, amount: amount as never })).rejects.toMatchObject({
        param: "amount",
      });
    }
    await expect(stripe.refunds.create({})).rejects.toMatchObject({ code: "parameter_missing" });
    await expect(stripe.refunds.create({ charge: "ch_none" })).rejects.toMatchObject({ code: "resource_missing" });
  });

  test("one that fails: the money is back, the charge says so, the events come later", async () => {
    const { standIn, stripe, product } = await scene();
    const charge = await givenCharge(stripe, product, 1000);
    const refund = await stripe.refunds.create({ charge: charge.id, amount: 400, metadata: { sandbox: "fail" } });
    expect(refund.status).toBe("succeeded");
    await standIn.advance(6 * DAY_MS);
    const failed = await stripe.refunds.retrieve(refund.id, { expand: ["failure_balance_transaction"] });
    expect(failed).toMatchObject({
      status: "failed",
      failure_reason: "unknown",
      failure_balance_transaction: { amount: 400, fee: 0, type: "refund_failure", source: refund.id },
    });
    expect(await stripe.charges.retrieve(charge.id)).toMatchObject({ amount_refunded: 0, refunded: false });
    const types = (await eventsSince(stripe, refund.created + 60, "refund", "charge.refund")).map((it) => it.type);
    expect(types).toEqual(["refund.updated", "charge.refund.updated", "refund.failed"]);
    const again = await stripe.refunds.create({ charge: charge.id });
    expect(again.amount).toBe(1000);
    await control(standIn, `refunds/${again.id}`, { to: "failed", failure_reason: "lost_or_stolen_card" });
    expect((await stripe.refunds.retrieve(again.id)).failure_reason).toBe("lost_or_stolen_card");
    expect(await balanceGap(stripe)).toEqual({ usd: 0 });
  });

  test("of a bank debit: pending, settled by the clock or failed or cancelled", async () => {
    const { standIn, stripe, product } = await scene({ settlementCurrency: "eur" });
    const charge = await givenCharge(stripe, product, 1000, "eur", "pay_later");
    await expect(stripe.refunds.create({ charge: charge.id })).rejects.toMatchObject({ statusCode: 400 });
    await standIn.advance(4 * DAY_MS);
    const parts = await Promise.all(
      ["ok", "fail", "requires_action"].map((sandbox) =>
        stripe.refunds.create({ charge: charge.id, amount: 200, metadata: { sandbox } }),
      ),
    );
    expect(parts.map((it) => [it.id.slice(0, 4), it.status, it.pending_reason])).toEqual([
      ["pyr_", "pending", "processing"],
      ["pyr_", "pending", "processing"],
      ["pyr_", "requires_action", undefined],
    ]);
    const [settles, fails, waits] = parts as unknown as [Stripe.Refund, Stripe.Refund, Stripe.Refund];
    const [row] = (await stripe.balanceTransactions.list({ source: settles.id })).data;
    expect(row).toMatchObject({ type: "payment_refund", amount: -200, fee: 0 });
    const canceled = await stripe.refunds.cancel(waits.id);
    expect(canceled).toMatchObject({ status: "canceled" });
    expect(canceled.failure_balance_transaction).toMatch(/^txn_/);
    await expect(stripe.refunds.cancel(waits.id)).rejects.toMatchObject({ statusCode: 400 });
    await standIn.advance(6 * DAY_MS);
    expect((await stripe.refunds.retrieve(settles.id)).status).toBe("succeeded");
    expect((await stripe.refunds.retrieve(settles.id)).pending_reason).toBeUndefined();
    expect((await stripe.refunds.retrieve(fails.id)).status).toBe("failed");
    expect((await stripe.charges.retrieve(charge.id)).amount_refunded).toBe(200);
    expect(await balanceGap(stripe)).toEqual({ eur: 0 });
  });

  test("in another currency than the account's: exactly what came goes", async () => {
    const { stripe, product } = await scene({ settlementCurrencies: ["gbp"] });
    const converted = await givenCharge(stripe, product, 1234, "eur");
    const refund = await stripe.refunds.create({ charge: converted.id, expand: ["balance_transaction"] });
    const came = await stripe.balanceTransactions.retrieve(converted.balance_transaction as string);
    const went = refund.balance_transaction as Stripe.BalanceTransaction;
    expect([went.amount, went.currency, went.exchange_rate]).toEqual([-came.amount, "usd", came.exchange_rate]);
    const own = await givenCharge(stripe, product, 1000, "gbp");
    const kept = await stripe.balanceTransactions.retrieve(own.balance_transaction as string);
    expect(kept).toMatchObject({ amount: 1000, currency: "gbp", exchange_rate: null });
    expect(await balanceGap(stripe)).toEqual({ usd: 0, gbp: 0 });
  });

  test("a settled bank debit that comes back all the same", async () => {
    const { standIn, stripe, product } = await scene({ settlementCurrency: "eur" });
    const charge = await givenCharge(stripe, product, 1000, "eur", "pay_later");
    await standIn.advance(4 * DAY_MS);
    await control(standIn, `charges/${charge.id}`, { to: "failed" });
    const failed = await stripe.charges.retrieve(charge.id, { expand: ["failure_balance_transaction"] });
    expect(failed).toMatchObject({
      status: "failed",
      failure_balance_transaction: { amount: -1000, type: "payment_failure_refund" },
    });
    const card = await givenCharge(stripe, product);
    await expect(control(standIn, `charges/${card.id}`, { to: "failed" })).rejects.toThrow(/bank debit/);
  });
});

describe("disputes of the simulated Stripe", () => {
  test("won: the money and the fee go and come back, each with its row and its event", async () => {
    const { standIn, stripe, product } = await scene();
    const charge = await givenCharge(stripe, product, 1000);
    const { id } = await control<{ id: string }>(standIn, "disputes", { charge: charge.id, reason: "fraudulent" });
    const dispute = await stripe.disputes.retrieve(id);
    expect(dispute).toMatchObject({
      object: "dispute",
      amount: 1000,
      currency: "usd",
      status: "needs_response",
      is_charge_refundable: false,
      payment_intent: charge.payment_intent,
      evidence_details: { has_evidence: false, past_due: false, submission_count: 0 },
      payment_method_details: { type: "card", card: { case_type: "chargeback", network_reason_code: "10.4" } },
      balance_transactions: [
        { amount: -1000, fee: 1500, net: -2500, type: "adjustment", reporting_category: "dispute", source: id },
      ],
    });
    expect(dispute.evidence_details.due_by ?? 0).toBeGreaterThan(dispute.created + 7 * 86_400);
    expect((await stripe.charges.retrieve(charge.id)).disputed).toBe(true);
    await expect(stripe.refunds.create({ charge: charge.id })).rejects.toMatchObject({ code: "charge_disputed" });
    const staged = await stripe.disputes.update(id, { evidence: { customer_name: "Ada" }, submit: false });
    expect(staged).toMatchObject({ status: "needs_response", evidence_details: { has_evidence: true } });
    const sent = await stripe.disputes.update(id, { evidence: { uncategorized_text: "A gift." } });
    expect(sent).toMatchObject({ status: "under_review", evidence_details: { submission_count: 1 } });
    await control(standIn, `disputes/${id}`, { to: "won" });
    const won = await stripe.disputes.retrieve(id);
    expect(won.balance_transactions[1]).toMatchObject({
      amount: 1000,
      fee: -1500,
      net: 2500,
      reporting_category: "dispute_reversal",
    });
    expect((await eventsSince(stripe, dispute.created, "charge.dispute")).map((it) => it.type)).toEqual([
      "charge.dispute.created",
      "charge.dispute.funds_withdrawn",
      "charge.dispute.updated",
      "charge.dispute.updated",
      "charge.dispute.closed",
      "charge.dispute.funds_reinstated",
    ]);
    expect(await balanceGap(stripe)).toEqual({ usd: 0 });
    await expect(control(standIn, `disputes/${id}`, { to: "lost" })).rejects.toThrow(/from won to lost/);
  });

  test("lost, appealed and won after all; closed by us; decided by test evidence", async () => {
    const { standIn, stripe, product } = await scene();
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => givenCharge(stripe, product)));
    const open = (charge: Stripe.Charge | undefined) =>
      control<{ id: string }>(standIn, "disputes", { charge: charge?.id });
    const [first, second, third] = [await open(a), await open(b), await open(c)];
    for (const to of ["under_review", "lost", "appeal_needs_response", "appeal_under_review", "won"]) {
      await control(standIn, `disputes/${first.id}`, { to });
    }
    expect((await stripe.disputes.retrieve(first.id)).balance_transactions.map((it) => it.net)).toEqual([-2500, 2500]);
    expect(await stripe.disputes.close(second.id)).toMatchObject({ status: "lost" });
    await expect(stripe.disputes.close(second.id)).rejects.toMatchObject({ statusCode: 400 });
    const decided = await stripe.disputes.update(third.id, { evidence: { uncategorized_text: "winning_evidence" } });
    expect(decided).toMatchObject({ status: "won", evidence_details: { submission_count: 1 } });
    expect((await stripe.disputes.list({ limit: 100 })).data.map((it) => it.status)).toEqual(["won", "lost", "won"]);
    expect((await stripe.disputes.list({ charge: b?.id ?? "" })).data).toHaveLength(1);
  });

  test("an inquiry moves nothing: it closes, or becomes a dispute", async () => {
    const { standIn, stripe, product } = await scene();
    const [a, b] = [await givenCharge(stripe, product), await givenCharge(stripe, product)];
    const ask = (charge: Stripe.Charge) =>
      control<{ id: string }>(standIn, "disputes", { charge: charge.id, kind: "inquiry", reason: "general" });
    const [closes, grows] = [await ask(a), await ask(b)];
    expect(await stripe.disputes.retrieve(closes.id)).toMatchObject({
      status: "warning_needs_response",
      is_charge_refundable: true,
      balance_transactions: [],
    });
    await stripe.refunds.create({ charge: a.id });
    await control(standIn, `disputes/${closes.id}`, { to: "warning_closed" });
    expect((await stripe.disputes.retrieve(closes.id)).balance_transactions).toEqual([]);
    await control(standIn, `disputes/${grows.id}`, { to: "warning_under_review" });
    await control(standIn, `disputes/${grows.id}`, { to: "needs_response" });
    expect(await stripe.disputes.retrieve(grows.id)).toMatchObject({
      status: "needs_response",
      is_charge_refundable: false,
      payment_method_details: { card: { case_type: "chargeback" } },
      balance_transactions: [{ net: -2500 }],
    });
    expect(await balanceGap(stripe)).toEqual({ usd: 0 });
  });

  test("the day for an answer passes", async () => {
    const { standIn, stripe, product } = await scene();
    const charge = await givenCharge(stripe, product);
    const { id } = await control<{ id: string }>(standIn, "disputes", { charge: charge.id, amount: 400 });
    await standIn.advance(12 * DAY_MS);
    expect(await stripe.disputes.retrieve(id)).toMatchObject({
      amount: 400,
      status: "needs_response",
      evidence_details: { past_due: true },
      balance_transactions: [{ amount: -400, status: "available" }],
    });
    await expect(control(standIn, "disputes", { charge: "ch_none" })).rejects.toThrow(/^Error: 400|No such charge/);
    await expect(control(standIn, "disputes", { charge: charge.id, reason: "because" })).rejects.toThrow(/400/);
  });

  test("an early fraud warning: acted on by a refund", async () => {
    const { standIn, stripe, product } = await scene();
    const charge = await givenCharge(stripe, product);
    const { id } = await control<{ id: string }>(standIn, "early_fraud_warnings", { charge: charge.id });
    expect(await stripe.radar.earlyFraudWarnings.retrieve(id)).toMatchObject({
      object: "radar.early_fraud_warning",
      actionable: true,
      charge: charge.id,
      payment_intent: charge.payment_intent,
      fraud_type: "unauthorized_use_of_card",
      livemode: false,
    });
    await stripe.refunds.create({ charge: charge.id });
    const [warning] = (await stripe.radar.earlyFraudWarnings.list({ charge: charge.id })).data;
    expect(warning?.actionable).toBe(false);
    expect((await eventsSince(stripe, charge.created, "radar")).map((it) => it.type)).toEqual([
      "radar.early_fraud_warning.created",
      "radar.early_fraud_warning.updated",
    ]);
  });
});

describe("lists of the simulated Stripe", () => {
  test("refunds, disputes and payouts by time, in both directions, also where little is in range", async () => {
    const { standIn, stripe, product } = await scene();
    const times: number[] = [];
    for (let day = 0; day < 6; day += 1) {
      const charge = await givenCharge(stripe, product);
      const refund = await stripe.refunds.create({ charge: charge.id, amount: 100 });
      times.push(refund.created);
      await standIn.advance(DAY_MS);
    }
    const created = { gte: times[1] ?? 0, lt: times[4] ?? 0 };
    const inRange = async (params: Stripe.RefundListParams) => (await stripe.refunds.list(params)).data;
    expect((await inRange({ created })).map((it) => it.created)).toEqual([times[3], times[2], times[1]]);
    const [newest, ...older] = await inRange({ created });
    expect(await inRange({ created, starting_after: newest?.id ?? "" })).toEqual(older);
    const oldest = older.at(-1);
    expect((await inRange({ created, ending_before: oldest?.id ?? "" })).map((it) => it.id)).toEqual(
      [newest, older[0]].map((it) => it?.id),
    );
    expect((await stripe.charges.list({ created: { gt: times[5] ?? 0 } })).data).toEqual([]);
    expect((await stripe.charges.list({ created: { lte: times[0] ?? 0 } })).data).toHaveLength(1);
    await act(await stripe.checkout.sessions.create(once(product)), "cancel");
    expect(
      (await stripe.checkout.sessions.list({ created: { gte: (times[5] ?? 0) - 60 }, limit: 100 })).data.length,
    ).toBe(2);
  });
});
