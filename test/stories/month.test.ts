import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import { type Account, accountOf, DAY_MS, expectBooksToAddUp, type ReportRow } from "../support/account.ts";
import { startApp } from "../support/app.ts";
import { readCsv } from "../support/csv.ts";

/*
 * A January in figures. The account settles in US dollars, Stripe keeps 2.9 % + 0.30 of each charge and 15.00 for a dispute, and pays out daily
 * what is available. Amounts are cents.
 *
 *   10 Jan  gifts        50.00 once, 20.00 monthly, 40.00 € once (= 43.45), 30.00 once, 60.00 once, 120.00 annual
 *           not gifts    Stripe charges 5.00 for its own services and takes 1.00 as a contribution to climate work
 *   12 Jan  refunds      12.00 of the 50.00; 10.00 € of the 40.00 €; all of the 30.00, which its bank will refuse
 *           disputes     of the 60.00 and of the 120.00: both are taken out at once, with 15.00 each
 *   13 Jan  payout       of all that
 *   17 Jan               the refund of the 30.00 has failed: the money is back
 *   22 Jan               the dispute of the 60.00 is lost; that of the 120.00 is won: 120.00 and the 15.00 come back
 *   30 Jan  gift         70.00 once, paid out on 2 February
 */
async function january(here: Account) {
  const partly = await here.given({ amount: 5000, attribution: { campaign: "winter-2026" } });
  await here.given({ frequency: "monthly", amount: 2000 });
  const euros = await here.given({ amount: 4000, currency: "EUR" });
  const refused = await here.given({ amount: 3000 });
  const lost = await here.given({ amount: 6000 });
  const won = await here.given({ frequency: "annual", amount: 12_000 });
  await here.control("balance_transactions", { type: "stripe_fee", amount: -500, currency: "usd" });
  await here.control("balance_transactions", { type: "contribution", amount: -100, currency: "usd" });
  await here.days(2);
  await here.stripe.refunds.create({ charge: await here.chargeOf(partly), amount: 1200 });
  await here.stripe.refunds.create({ charge: await here.chargeOf(euros), amount: 1000 });
  await here.stripe.refunds.create({ charge: await here.chargeOf(refused), metadata: { sandbox: "fail" } });
  const losing = await here.control("disputes", { charge: await here.chargeOf(lost) });
  const winning = await here.control("disputes", { charge: await here.chargeOf(won) });
  await here.days(10);
  await here.control(`disputes/${losing.id}`, { to: "lost" });
  await here.control(`disputes/${winning.id}`, { to: "won" });
  await until(here, 0, 30, 12);
  const late = await here.given({ amount: 7000 });
  await until(here, 0, 31, 23);
  const atMidnight = await stripesBalance(here);
  await until(here, 1, 5, 12);
  await reconcile(here.app.background, { since: new Date(+here.app.clock.now() - 40 * DAY_MS) });
  return { late, atMidnight, lost: losing.id, won: winning.id };
}

/** An instant of UTC; midnight in Berlin is 23:00 of the day before. */
async function until(here: Account, month: number, day: number, hour: number): Promise<void> {
  const now = here.app.clock.now();
  await here.app.standIn.advance(Date.UTC(now.getUTCFullYear(), month, day, hour) - +now);
  await here.settle();
}

async function stripesBalance(here: Account): Promise<number> {
  const { available, pending } = await here.stripe.balance.retrieve();
  return [...available, ...pending].reduce((sum, line) => sum + line.amount, 0);
}

const sumOf = (rows: readonly ReportRow[], column: string) => rows.reduce((sum, row) => sum + Number(row[column]), 0);

interface Balance extends ReportRow {
  readonly activity: readonly ReportRow[];
}

async function live() {
  const app = await startApp({ stripe: { payouts: "daily" } });
  const here = await accountOf(app);
  const happened = await january(here);
  const year = here.app.clock.now().getUTCFullYear();
  const month = `from=${year}-01-01&to=${year}-02-01`;
  const journal = await here.report(`journal?${month}&limit=1000`);
  return {
    here,
    ...happened,
    year,
    month,
    summary: await here.report(`summary?${month}`),
    balance: (await here.report(`balance?${month}`)) as readonly ReportRow[] as readonly Balance[],
    journal,
    payouts: await here.report(`payouts?from=${year}-01-01&to=${year}-03-01`),
    /** Debits above zero. */
    byAccount: Object.fromEntries(
      [...Map.groupBy(journal, (line) => String(line.account))].map(([account, lines]) => [
        account,
        sumOf(lines, "debit") - sumOf(lines, "credit"),
      ]),
    ),
  };
}

let story: Awaited<ReturnType<typeof live>>;
beforeAll(async () => {
  story = await live();
});
afterAll(() => story.here.app.close());

describe("a month with a partial refund, a failed one, a dispute won and one lost, fees, a conversion and a payout over its end", () => {
  test("the summary", () => {
    const { year, summary } = story;
    const of = { period: `${year}-01-01`, currency: "USD", closed: false, correction_of: null };
    expect(summary).toEqual([
      {
        ...of,
        frequency: "once",
        donations: 5,
        payments: 5,
        gross: 25_345,
        refunded: 2286,
        disputed: 6000,
        fees: 2385,
        net: 14_674,
      },
      {
        ...of,
        frequency: "monthly",
        donations: 1,
        payments: 1,
        gross: 2000,
        refunded: 0,
        disputed: 0,
        fees: 88,
        net: 1912,
      },
      {
        ...of,
        frequency: "annual",
        donations: 1,
        payments: 1,
        gross: 12_000,
        refunded: 0,
        disputed: 0,
        fees: 378,
        net: 11_622,
      },
    ]);
  });

  test("the balance, which at midnight was Stripe's", () => {
    const { balance, atMidnight } = story;
    const gifts = { kind: "gifts" };
    expect(balance).toEqual([
      {
        currency: "USD",
        opening: 0,
        activity: [
          { ...gifts, reporting_category: "charge", count: 7, amount: 39_345, fee: 1351, net: 37_994 },
          { ...gifts, reporting_category: "dispute", count: 2, amount: -18_000, fee: 3000, net: -21_000 },
          { ...gifts, reporting_category: "dispute_reversal", count: 1, amount: 12_000, fee: -1500, net: 13_500 },
          { ...gifts, reporting_category: "refund", count: 3, amount: -5286, fee: 0, net: -5286 },
          { ...gifts, reporting_category: "refund_failure", count: 1, amount: 3000, fee: 0, net: 3000 },
          { kind: "not_gifts", reporting_category: "contribution", count: 1, amount: -100, fee: 0, net: -100 },
          { kind: "stripe_fees", reporting_category: "fee", count: 1, amount: -500, fee: 0, net: -500 },
        ],
        payouts: 20_841,
        closing: 6767,
        stripe: { amount: 0, ours: 0, compared_at: expect.any(String) },
      },
    ]);
    expect(atMidnight).toBe(6767);
  });

  test("the journal, by account: debits above zero", () => {
    const { byAccount } = story;
    expect(byAccount).toEqual({
      stripe_balance: 6767,
      bank: 20_841,
      gifts_once: -25_345,
      gifts_monthly: -2000,
      gifts_annual: -12_000,
      refunds: 2286,
      disputes: 6000,
      payment_fees: 2385 + 88 + 378,
      stripe_fees: 500,
      not_gifts: 100,
    });
  });

  test("the payouts, the last one of January's money in February", async () => {
    const { here, year, payouts, late } = story;
    expect(
      payouts.map(({ created_at, amount, lines, difference, adds_up }) => [
        created_at,
        amount,
        lines,
        difference,
        adds_up,
      ]),
    ).toEqual([
      [`${year}-02-02T00:00:00.000Z`, 6767, 1, 0, true],
      [`${year}-01-23T00:00:00.000Z`, 13_500, 1, 0, true],
      [`${year}-01-18T00:00:00.000Z`, 3000, 1, 0, true],
      [`${year}-01-13T00:00:00.000Z`, 4341, 13, 0, true],
    ]);
    expect((await here.payments(late))[0]?.payout_id).toBe(payouts[0]?.payout_id);
  });

  test("the lines of the payout of 13 January: what is a gift and what isn't", async () => {
    const { here, payouts } = story;
    const first = payouts.at(-1);
    const lines = await here.report(`payouts/${first?.payout_id}?limit=1000`);
    const kinds: Record<string, number> = {};
    for (const { kind, net } of lines) kinds[String(kind)] = (kinds[String(kind)] ?? 0) + Number(net);
    expect(kinds).toEqual({ payment: 37_994 - 6767, refund: -5286, dispute: -21_000, fee: -500, not_gifts: -100 });
    expect(sumOf(lines, "net")).toBe(first?.amount);
    expect(
      lines
        .filter((line) => line.payment_id === null)
        .map((line) => line.kind)
        .sort(),
    ).toEqual(["fee", "not_gifts"]);
  });

  test("summary, balance, journal and payouts agree", async () => {
    const { here, year, summary, balance, payouts, byAccount } = story;
    const [row] = balance;
    expect(Number(row?.opening) + sumOf(row?.activity ?? [], "net") - Number(row?.payouts)).toBe(row?.closing);
    expect(sumOf(row?.activity.filter((line) => line.kind === "gifts") ?? [], "net")).toBe(sumOf(summary, "net"));
    expect(byAccount.stripe_balance).toBe(Number(row?.closing) - Number(row?.opening));
    expect(byAccount.bank).toBe(row?.payouts);
    expect(sumOf(payouts.slice(1), "amount")).toBe(row?.payouts);
    expect(sumOf(summary, "gross")).toBe(
      -Number(byAccount.gifts_once) - Number(byAccount.gifts_monthly) - Number(byAccount.gifts_annual),
    );
    expect(sumOf(summary, "refunded")).toBe(byAccount.refunds);
    expect(sumOf(summary, "disputed")).toBe(byAccount.disputes);
    expect(sumOf(summary, "fees")).toBe(byAccount.payment_fees);
    const [february] = await here.report(`balance?from=${year}-02-01&to=${year}-03-01`);
    expect(february).toMatchObject({ opening: row?.closing, payouts: 6767, closing: 0, stripe: { amount: 0 } });
    expect(await stripesBalance(here)).toBe(february?.closing);
    await expectBooksToAddUp(here);
  });

  test("every entry balances, and each is of one day, one currency, and one payout or none", () => {
    const { journal } = story;
    const entries = Map.groupBy(journal, (line) => line.entry);
    expect(entries.size).toBe(5 + 3);
    for (const [entry, lines] of entries) {
      expect(sumOf(lines, "debit"), String(entry)).toBe(sumOf(lines, "credit"));
      for (const column of ["date", "currency", "payout_id"])
        expect(new Set(lines.map((line) => line[column])).size).toBe(1);
    }
    expect(
      journal.filter((line) => line.cost_centre !== null).map(({ account, debit, credit }) => [account, debit, credit]),
    ).toEqual([
      ["gifts_once", 0, 5000],
      ["payment_fees", 175, 0],
      ["refunds", 1200, 0],
    ]);
  });

  test("the view of the journal has the same sums", async () => {
    const { here, year, byAccount } = story;
    const { rows } = await sql<{ account: string; sum: number }>`
      select account, sum(amount)::bigint as sum from reporting.journal where booked_at < ${`${year}-01-31T23:00:00Z`} group by account
    `.execute(here.app.db);
    expect(Object.fromEntries(rows.map((row) => [row.account, row.sum]))).toEqual(byAccount);
  });

  test("the disputes", async () => {
    const { here, lost, won } = story;
    const rows = await here.report("disputes");
    expect(
      rows.map(({ dispute_id, status, is_open, amount, held_back, fees }) => [
        dispute_id,
        status,
        is_open,
        amount,
        held_back,
        fees,
      ]),
    ).toEqual([
      [won, "won", false, 12_000, 0, 0],
      [lost, "lost", false, 6000, 6000, 1500],
    ]);
  });

  test("every report has the same rows as CSV", async () => {
    const { here, year, month, journal, payouts } = story;
    const headers = { authorization: `Bearer ${await here.app.token()}` };
    const csv = async (path: string) =>
      readCsv(await (await fetch(`${here.app.url}/v1/reports/${path}`, { headers })).text());
    const asText = (rows: readonly ReportRow[]) =>
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? "" : String(value)])),
      );
    const plain = (rows: readonly Record<string, string>[]) =>
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !name.endsWith("_decimal"))));
    expect(plain(await csv(`journal.csv?${month}`))).toEqual(asText(journal));
    expect(plain(await csv(`payouts.csv?from=${year}-01-01&to=${year}-03-01`))).toEqual(asText(payouts));
    expect(plain(await csv("disputes.csv"))).toEqual(asText(await here.report("disputes")));
    const first = payouts.at(-1)?.payout_id;
    expect(plain(await csv(`payouts/${first}.csv`))).toEqual(asText(await here.report(`payouts/${first}?limit=1000`)));
    const lines = await csv(`balance.csv?${month}`);
    expect(lines.map(({ line, reporting_category, net_decimal }) => [line, reporting_category, net_decimal])).toEqual([
      ["opening", "", "0.00"],
      ["gifts", "charge", "379.94"],
      ["gifts", "dispute", "-210.00"],
      ["gifts", "dispute_reversal", "135.00"],
      ["gifts", "refund", "-52.86"],
      ["gifts", "refund_failure", "30.00"],
      ["not_gifts", "contribution", "-1.00"],
      ["stripe_fees", "fee", "-5.00"],
      ["payouts", "", "-208.41"],
      ["closing", "", "67.67"],
      ["stripe", "", "0.00"],
    ]);
  });
});
