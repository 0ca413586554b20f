import { expect, test } from "vitest";
import { type Account, DAY_MS, expectBooksToAddUp, openAccount } from "../support/account.ts";

/** Net of 50.00 USD is 48.25, of 20.00 USD 19.12. */
async function paidOutDaily(here: Account): Promise<readonly [string, string]> {
  await here.control("payouts", { schedule: "daily" });
  return [await here.given({ amount: 5000 }), await here.given({ frequency: "monthly", amount: 2000 })];
}

async function payouts(here: Account) {
  return await here.app.db.selectFrom("stripe_payouts").selectAll().orderBy("created").execute();
}

async function payoutOf(here: Account, donationId: string): Promise<unknown> {
  return (await here.payments(donationId))[0]?.payout_id;
}

test("a gift says which payout carries it, and when that arrives, once Stripe has reconciled it", async () => {
  const here = await openAccount();
  const [once, monthly] = await paidOutDaily(here);
  expect(await payoutOf(here, once)).toBeNull();
  await here.days(4);
  const [payout, ...others] = await payouts(here);
  expect(others).toEqual([]);
  expect(payout).toMatchObject({
    ...{
      amount: 4825 + 1912,
      currency: "USD",
      automatic: true,
      reconciliation_status: "completed",
      failure_code: null,
    },
  });
  for (const id of [once, monthly]) {
    expect(await here.payments(id)).toMatchObject([
      { payout_id: payout?.id, payout_arrival: payout?.arrival_date.toISOString() },
    ]);
  }
  const lines = await here.app.db
    .selectFrom("payout_lines as l")
    .innerJoin("balance_transactions as b", "b.id", "l.balance_transaction_id")
    .select(["b.net", "b.type"])
    .execute();
  expect(lines.map((line) => line.type)).toEqual(["charge", "charge"]);
  expect(lines.reduce((sum, line) => sum + line.net, 0)).toBe(payout?.amount);
  await here.days(4);
  expect((await payouts(here)).map((row) => row.status)).toEqual(["paid"]);
  expect(await here.journal()).toMatchObject({ payouts: 6737 });
  expect((await here.journal()).stripe_balance).toBeUndefined();
  await expectBooksToAddUp(here);
});

test("a payout counts in no gift, whatever becomes of it", async () => {
  const here = await openAccount();
  await paidOutDaily(here);
  const before = await here.summary();
  await here.days(10);
  expect(await here.summary()).toEqual(before);
  expect(before.map(({ frequency, net }) => [frequency, net])).toEqual([
    ["once", 4825],
    ["monthly", 1912],
  ]);
});

test("a payout that the bank sends back is paid again: the gift is on none until then, and then on the one that arrived", async () => {
  const here = await openAccount();
  const [once] = await paidOutDaily(here);
  await here.control("payouts", { failing: 1 });
  await here.days(4);
  const [first] = await payouts(here);
  expect(await payoutOf(here, once)).toBe(first?.id);
  const sentBack = async () => (await payouts(here))[0]?.status === "failed";
  for (let hours = 0; hours < 72 && !(await sentBack()); hours++) await here.days(1 / 24);
  expect(await payoutOf(here, once)).toBeNull();
  await here.days(10);
  const [failed, second, ...others] = await payouts(here);
  expect(others).toEqual([]);
  expect(failed).toMatchObject({ id: first?.id, status: "failed", failure_code: "account_closed" });
  expect(failed?.failure_balance_transaction_id).toMatch(/^txn_/);
  expect(second).toMatchObject({ status: "paid", amount: 6737 });
  expect(await here.payments(once)).toMatchObject([
    { payout_id: second?.id, payout_arrival: second?.arrival_date.toISOString() },
  ]);
  expect(await here.journal()).toMatchObject({ payouts: 6737 });
  await expectBooksToAddUp(here);
});

test("a payout by hand has no lines that Stripe could tell, and the balance is right all the same", async () => {
  const here = await openAccount();
  const id = await here.given({ amount: 5000 });
  await here.app.standIn.advance(5 * DAY_MS);
  await here.stripe.payouts.create({ amount: 4000, currency: "usd" });
  await here.days(4);
  expect(await payouts(here)).toMatchObject([
    { automatic: false, status: "paid", amount: 4000, reconciliation_status: "not_applicable" },
  ]);
  expect(await payoutOf(here, id)).toBeNull();
  expect(await here.journal()).toMatchObject({ payouts: 4000, stripe_balance: 825 });
  await expectBooksToAddUp(here);
});

test("a payout that is cancelled never left", async () => {
  const here = await openAccount();
  await here.given({ amount: 5000 });
  await here.app.standIn.advance(5 * DAY_MS);
  const { id } = await here.stripe.payouts.create({ amount: 4000, currency: "usd" });
  await here.stripe.payouts.cancel(id);
  await here.settle();
  expect(await payouts(here)).toMatchObject([{ status: "canceled" }]);
  expect(await here.journal()).toMatchObject({ stripe_balance: 4825 });
  expect((await here.journal()).payouts).toBeUndefined();
  await expectBooksToAddUp(here);
});

test("a refund and a dispute reduce the payout that they go out with, and the lines still add up to it", async () => {
  const here = await openAccount();
  const [once, monthly] = await paidOutDaily(here);
  const later = await here.given({ amount: 9000 });
  await here.stripe.refunds.create({ charge: await here.chargeOf(once), amount: 1000 });
  await here.control("disputes", { charge: await here.chargeOf(monthly) });
  await here.days(10);
  const all = await payouts(here);
  expect(all.length).toBeGreaterThan(0);
  for (const payout of all) {
    const lines = await here.app.db
      .selectFrom("payout_lines as l")
      .innerJoin("balance_transactions as b", "b.id", "l.balance_transaction_id")
      .select("b.net")
      .where("l.payout_id", "=", payout.id)
      .execute();
    expect(lines.reduce((sum, line) => sum + line.net, 0)).toBe(payout.amount);
  }
  expect(await payoutOf(here, later)).not.toBeNull();
  await expectBooksToAddUp(here);
});

test("each currency that the account has a bank account for is paid out by itself", async () => {
  const here = await openAccount({
    stripe: { settlementCurrency: "usd", settlementCurrencies: ["eur"], payouts: "daily" },
  });
  const dollars = await here.given({ amount: 5000 });
  const euros = await here.given({ amount: 4000, currency: "EUR" });
  await here.days(8);
  const rows = await payouts(here);
  expect(rows.map((row) => row.currency).sort()).toEqual(["EUR", "USD"]);
  for (const [id, currency] of [
    [dollars, "USD"],
    [euros, "EUR"],
  ] as const) {
    expect(await payoutOf(here, id)).toBe(rows.find((row) => row.currency === currency)?.id);
    expect(await here.payments(id)).toMatchObject([{ currency, settlement_currency: currency, exchange_rate: null }]);
  }
  expect((await here.summary()).map(({ currency, gross }) => [currency, gross])).toEqual([
    ["EUR", 4000],
    ["USD", 5000],
  ]);
  await expectBooksToAddUp(here);
});
