import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { type Account, DAY_MS, EVER, expectBooksToAddUp, openAccount } from "../support/account.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";

/** Stripe's fee on 50.00 USD is 1.75. */
const GIFT = { amount: 5000 };

async function refund(here: Account, charge: string, amount?: number, course = "ok") {
  const made = await here.stripe.refunds.create({
    charge,
    ...(amount === undefined ? {} : { amount }),
    metadata: { sandbox: course },
  });
  await here.settle();
  return made;
}

async function bankDebit(here: Account, body: object): Promise<string> {
  const answer = await start(here.app, { frequency: "once", ...body });
  const { id, url } = (await answer.json()) as Start;
  await onStripesPage(url, "pay_later");
  await here.days(6);
  return id;
}

describe("a refund", () => {
  test("mozilla/donate #1937: in part is that part, twice the sum of both, and never the whole gift", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const charge = await here.chargeOf(id);
    await refund(here, charge, 1200);
    expect(await here.payments(id)).toMatchObject([{ status: "paid", amount: 5000, refunded: 1200, disputed: 0 }]);
    await refund(here, charge, 800);
    expect(await here.payments(id)).toMatchObject([
      { status: "paid", amount: 5000, refunded: 2000, settled_gross: 5000, fee: 175, net: 4825 },
    ]);
    expect(await here.donationOf(id)).toMatchObject({ status: "paid" });
    expect(await here.summary()).toEqual([
      {
        ...{ frequency: "once", currency: "USD", donations: 1, payments: 1 },
        ...{ gross: 5000, refunded: 2000, disputed: 0, fees: 175, net: 2825 },
      },
    ]);
    await expectBooksToAddUp(here);
  });

  test("rev-engine a1d945f45: has the right sign wherever it stands", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const { balance_transaction: transaction } = await refund(here, await here.chargeOf(id), 1200);
    const ledger = await here.app.db
      .selectFrom("balance_transactions")
      .select(["amount", "fee", "net"])
      .where("id", "=", String(transaction))
      .executeTakeFirst();
    expect(ledger).toEqual({ amount: -1200, fee: 0, net: -1200 });
    const movement = await here.app.db
      .selectFrom("payment_movements")
      .select(["gross", "refunded", "disputed", "fee", "net"])
      .where("balance_transaction_id", "=", String(transaction))
      .executeTakeFirst();
    expect(movement).toEqual({ gross: 0, refunded: 1200, disputed: 0, fee: 0, net: -1200 });
    expect(await here.journal()).toEqual({ gifts_once: -5000, payment_fees: 175, refunds: 1200, stripe_balance: 3625 });
    expect(await here.payments(id)).toMatchObject([{ refunded: 1200 }]);
    expect(await here.summary()).toMatchObject([{ gross: 5000, refunded: 1200, net: 3625 }]);
    await expectBooksToAddUp(here);
  });

  test("in full leaves the gift paid, and counts in the month in which it was made", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const month = here.app.clock.now().toISOString().slice(0, 7);
    await here.days(40);
    await refund(here, await here.chargeOf(id));
    const later = here.app.clock.now().toISOString().slice(0, 7);
    expect(await here.payments(id)).toMatchObject([{ status: "paid", refunded: 5000, net: 4825 }]);
    expect(await here.donationOf(id)).toMatchObject({ status: "paid" });
    const usual = { frequency: "once", currency: "USD", disputed: 0 };
    expect(await here.summary("month")).toEqual([
      { ...usual, period: `${month}-01`, donations: 1, payments: 1, gross: 5000, refunded: 0, fees: 175, net: 4825 },
      { ...usual, period: `${later}-01`, donations: 0, payments: 0, gross: 0, refunded: 5000, fees: 0, net: -5000 },
    ]);
    await expectBooksToAddUp(here);
  });

  test("that fails gives the money back to the newsroom, in the month in which it failed", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    await refund(here, await here.chargeOf(id), 2000, "fail");
    const made = here.app.clock.now().toISOString().slice(0, 7);
    expect(await here.payments(id)).toMatchObject([{ refunded: 2000 }]);
    await here.days(32);
    expect(await here.payments(id)).toMatchObject([{ status: "paid", refunded: 0 }]);
    const row = await here.app.db.selectFrom("stripe_refunds").selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: "failed", failure_reason: "unknown", amount: 2000 });
    expect(row.failure_balance_transaction_id).toMatch(/^txn_/);
    expect(await here.summary("year")).toMatchObject([{ gross: 5000, refunded: 0, fees: 175, net: 4825 }]);
    const days = (await here.summary("day")).map(({ period, refunded, net }) => ({ period, refunded, net }));
    expect(days.map((day) => day.refunded)).toEqual([2000, -2000]);
    expect(days[0]?.period).toContain(made);
    await expectBooksToAddUp(here);
  });

  test("that waits counts at once, as it does in Stripe's balance, and stays when it succeeds", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    await refund(here, await here.chargeOf(id), 700, "pending");
    const state = async () =>
      (await here.app.db.selectFrom("stripe_refunds").select("status").executeTakeFirst())?.status;
    expect(await state()).toBe("pending");
    expect(await here.payments(id)).toMatchObject([{ refunded: 700 }]);
    expect(await here.summary()).toMatchObject([{ refunded: 700, net: 4125 }]);
    await here.days(5);
    expect(await state()).toBe("succeeded");
    expect(await here.payments(id)).toMatchObject([{ refunded: 700 }]);
    await expectBooksToAddUp(here);
  });

  test.each(["canceled", "succeeded"] as const)("that waits for the donor's bank details and is %s", async (to) => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const made = await refund(here, await here.chargeOf(id), 900, "requires_action");
    expect(await here.payments(id)).toMatchObject([{ refunded: 900 }]);
    await here.control(`refunds/${made.id}`, { to });
    const refunded = to === "succeeded" ? 900 : 0;
    expect(await here.payments(id)).toMatchObject([{ status: "paid", refunded }]);
    expect(await here.summary()).toMatchObject([{ refunded, net: 4825 - refunded }]);
    await expectBooksToAddUp(here);
  });

  test("that fails beside one that stays: only the one that stays is given back", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const charge = await here.chargeOf(id);
    await refund(here, charge, 1000);
    const failing = await refund(here, charge, 4000, "pending");
    expect(await here.payments(id)).toMatchObject([{ refunded: 5000 }]);
    await here.control(`refunds/${failing.id}`, { to: "failed", failure_reason: "expired_or_canceled_card" });
    expect(await here.payments(id)).toMatchObject([{ refunded: 1000 }]);
    await refund(here, charge, 3000);
    expect(await here.payments(id)).toMatchObject([{ refunded: 4000 }]);
    expect(await here.summary()).toMatchObject([{ gross: 5000, refunded: 4000, fees: 175, net: 825 }]);
    await expectBooksToAddUp(here);
  });

  test("of a gift in another currency is in the donor's on the payment and in the account's in the summary", async () => {
    const here = await openAccount();
    const id = await here.given({ amount: 4000, currency: "EUR" });
    const made = await refund(here, await here.chargeOf(id), 1000);
    const booked = await here.stripe.balanceTransactions.retrieve(String(made.balance_transaction));
    expect(booked.currency).toBe("usd");
    expect(await here.payments(id)).toMatchObject([
      { currency: "EUR", amount: 4000, refunded: 1000, settlement_currency: "USD" },
    ]);
    expect(await here.summary()).toMatchObject([{ currency: "USD", refunded: -booked.amount }]);
    expect(booked.amount).toBeLessThan(-1000);
    await expectBooksToAddUp(here);
  });

  test("of one renewal is on that installment alone", async () => {
    const here = await openAccount();
    const id = await here.given({ frequency: "monthly", amount: 1000 });
    await here.days(32);
    await here.days(31);
    await refund(here, await here.chargeOf(id, 2), 1000);
    expect((await here.payments(id)).map(({ installment, refunded }) => [installment, refunded])).toEqual([
      [1, 0],
      [2, 1000],
      [3, 0],
    ]);
    await expectBooksToAddUp(here);
  });

  test("that Stripe tells of before the charge it gives back", async () => {
    const here = await openAccount();
    here.app.standIn.deliveries.hold();
    const answer = await start(here.app, { frequency: "once", currency: "USD", ...GIFT });
    const { id, url } = (await answer.json()) as Start;
    await onStripesPage(url, "pay");
    const [charge] = (await here.stripe.charges.list({ limit: 1 })).data;
    await here.stripe.refunds.create({ charge: charge?.id ?? "", amount: 1300 });
    await here.app.standIn.deliveries.release("reverse");
    await here.settle();
    expect(await here.payments(id)).toMatchObject([{ status: "paid", refunded: 1300, net: 4825 }]);
    expect(await here.summary()).toMatchObject([{ gross: 5000, refunded: 1300, net: 3525 }]);
    await expectBooksToAddUp(here);
  });
});

describe("a bank debit", () => {
  test("is given back days after it was asked for, by the type that Stripe has for that", async () => {
    const here = await openAccount();
    const id = await bankDebit(here, { amount: 3000, currency: "EUR" });
    const made = await refund(here, await here.chargeOf(id), 1000);
    expect(made.id).toMatch(/^pyr_/);
    expect(await here.payments(id)).toMatchObject([{ status: "paid", refunded: 1000 }]);
    await here.days(6);
    expect(await here.payments(id)).toMatchObject([{ refunded: 1000 }]);
    await expectBooksToAddUp(here);
  });

  test("opencollective #8856: that had settled and comes back all the same is money given back", async () => {
    const here = await openAccount();
    const id = await bankDebit(here, { amount: 3000, currency: "EUR" });
    const [before] = await here.payments(id);
    expect(before).toMatchObject({ status: "paid", refunded: 0 });
    const summary = (await here.summary())[0] as Record<string, number>;
    await here.control(`charges/${await here.chargeOf(id)}`, { to: "failed" });
    expect(await here.payments(id)).toMatchObject([
      { status: "paid", refunded: 3000, settled_gross: before?.settled_gross, fee: before?.fee },
    ]);
    expect(await here.summary()).toMatchObject([
      { gross: summary.gross, refunded: summary.gross, fees: summary.fees, net: 0 - (summary.fees ?? 0) },
    ]);
    await expectBooksToAddUp(here);
  });

  test("Ghost #29967, #30106: is booked once, however often its events come, and only when it has settled", async () => {
    const here = await openAccount();
    const answer = await start(here.app, { frequency: "once", amount: 3000, currency: "EUR" });
    const { id, url } = (await answer.json()) as Start;
    await onStripesPage(url, "pay_later");
    await here.settle();
    expect(await here.payments(id)).toMatchObject([{ status: "processing", paid_at: null, settled_gross: null }]);
    expect(await here.summary()).toEqual([]);
    here.app.standIn.deliveries.hold();
    await here.app.standIn.advance(6 * DAY_MS);
    await here.app.standIn.deliveries.release("shuffle", { seed: 7, copies: 5 });
    await here.settle();
    expect(await here.payments(id)).toMatchObject([{ status: "paid", amount: 3000 }]);
    expect(await here.summary()).toMatchObject([{ donations: 1, payments: 1 }]);
    const { rows } = await sql<{ count: number }>`select count(*) from payment_movements`.execute(here.app.db);
    expect(rows).toEqual([{ count: 1 }]);
    expect(await here.report(`payments?${EVER}`)).toHaveLength(1);
    await expectBooksToAddUp(here);
  });
});
