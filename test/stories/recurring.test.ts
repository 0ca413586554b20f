import { expect, test } from "vitest";
import { openAccount } from "../support/account.ts";
import { testDatabase } from "../support/database.ts";
import { insertGift } from "../support/gifts.ts";
import { reportsApp } from "../support/reports-app.ts";

const USD = { currency: "USD", returned: 0, lapsed: 0 };

/**
 * Ann gives 10.00 monthly and Ben 20.00, Cleo 120.50 annually, all from 10 January; Dan 5.00 monthly from 11 February. Ben's card is refused
 * on 10 February and goes through three days later. Dan stops on 14 March. Ben's card is refused from April on: Stripe gives up on the 25th.
 */
test("recurring gifts by month: begun, ended, refused, mended, and what they are worth", async () => {
  const here = await openAccount();
  await here.given({ frequency: "monthly", amount: 1000 }, { email: "ann@example.org" });
  const ben = await here.given({ frequency: "monthly", amount: 2000 }, { email: "ben@example.org" });
  await here.given({ frequency: "annual", amount: 12_050 }, { email: "cleo@example.org" });
  await here.given({ amount: 9900 }, { email: "once@example.org" });
  const { stripe_customer: bensBank } = await here.donationOf(ben);
  await here.control(`customers/${bensBank}`, { renewals: "fail" });
  await here.days(32);
  const dan = await here.given({ frequency: "monthly", amount: 500 }, { email: "dan@example.org" });
  await here.control(`customers/${bensBank}`, { renewals: "ok" });
  await here.days(31);
  const { stripe_subscription: dans } = await here.donationOf(dan);
  await here.stripe.subscriptions.cancel(dans ?? "");
  await here.control(`customers/${bensBank}`, { renewals: "fail" });
  await here.days(30);
  await here.days(31);

  const year = here.app.clock.now().getUTCFullYear();
  const rows = await here.report(`recurring?from=${year}-01-01&to=${year + 1}-01-01`);
  // Cleo's 120.50 are 10.04 a month.
  expect(rows).toEqual([
    {
      ...{ ...USD, month: `${year}-01-01`, active: 3, new: 3, cancelled: 0, failed: 0, recovered: 0 },
      ...{ monthly_value: 4004, churn: null, retention: [3, 3, 3, 2, 2] },
    },
    {
      ...{ ...USD, month: `${year}-02-01`, active: 4, new: 1, cancelled: 0, failed: 1, recovered: 1 },
      ...{ monthly_value: 4504, churn: 0, retention: [1, 0, 0, 0] },
    },
    {
      ...{ ...USD, month: `${year}-03-01`, active: 3, new: 0, cancelled: 1, failed: 0, recovered: 0 },
      ...{ monthly_value: 4004, churn: 0.25, retention: [] },
    },
    {
      ...{ ...USD, month: `${year}-04-01`, active: 2, new: 0, cancelled: 1, failed: 1, recovered: 0 },
      ...{ monthly_value: 2004, churn: 0.3333, retention: [] },
    },
    {
      ...{ ...USD, month: `${year}-05-01`, active: 2, new: 0, cancelled: 0, failed: 0, recovered: 0 },
      ...{ monthly_value: 2004, churn: 0, retention: [] },
    },
  ]);
  const spring = await here.report(`recurring?from=${year}-03-15&to=${year}-04-20`);
  expect(spring.map((row) => [row.month, row.active, row.churn])).toEqual([
    [`${year}-03-01`, 3, 0.25],
    [`${year}-04-01`, 2, 0.3333],
  ]);
  const csv = await fetch(`${here.app.url}/v1/reports/recurring.csv?from=${year}-01-01&to=${year}-03-01&bom=1`, {
    headers: { authorization: `Bearer ${await here.app.token()}` },
  });
  expect(csv.headers.get("content-disposition")).toContain(`recurring_${year}-01-01_${year}-03-01.csv`);
  expect((await csv.text()).split("\r\n")).toEqual([
    "month,currency,active,new,returned,cancelled,lapsed,failed,recovered,monthly_value,monthly_value_decimal,churn,retention",
    `${year}-01-01,USD,3,3,0,0,0,0,0,4004,40.04,,3 3`,
    `${year}-02-01,USD,4,1,0,0,0,1,1,4504,45.04,0,1`,
    "",
  ]);
});

test("a gift that is neither paid nor ended lapses after a month's grace, and may return; months are the newsroom's", async () => {
  const { db, drop } = await testDatabase();
  const app = await reportsApp({ db, now: () => new Date("2027-03-15T12:00:00Z") });
  try {
    const paid = async (frequency: "monthly" | "annual", amount: number, currency: string, days: readonly string[]) => {
      let donation = {};
      for (const at of days) {
        donation = { id: (await insertGift(db, { frequency, amount, currency, at, donation })).donation_id };
      }
    };
    // In Berlin the first one is of February. Due in April and given up in May; back in June, due in July and given up in August.
    await paid("monthly", 700, "USD", ["2026-01-31T23:30:00Z", "2026-03-01T08:00:00Z", "2026-06-10T08:00:00Z"]);
    // Due again in February 2027, given up in March.
    await paid("annual", 12_000, "USD", ["2026-02-10T08:00:00Z"]);
    await paid("monthly", 3000, "JPY", ["2027-01-10T08:00:00Z", "2027-02-10T08:00:00Z", "2027-03-10T08:00:00Z"]);
    const answer = await app.get("/v1/reports/recurring?from=2026-01-01&to=2030-01-01");
    const { rows, from, to } = (await answer.json()) as { rows: Record<string, unknown>[]; from: string; to: string };
    expect([from, to]).toEqual(["2026-01-01", "2027-04-01"]);
    const told = rows.map((row) => [
      row.month,
      row.currency,
      row.active,
      row.new,
      row.returned,
      row.lapsed,
      row.monthly_value,
      row.churn,
    ]);
    expect(told).toEqual([
      ["2026-02-01", "USD", 2, 2, 0, 0, 1700, null],
      ["2026-03-01", "USD", 2, 0, 0, 0, 1700, 0],
      ["2026-04-01", "USD", 2, 0, 0, 0, 1700, 0],
      ["2026-05-01", "USD", 1, 0, 0, 1, 1000, 0.5],
      ["2026-06-01", "USD", 2, 0, 1, 0, 1700, 0],
      ["2026-07-01", "USD", 2, 0, 0, 0, 1700, 0],
      ["2026-08-01", "USD", 1, 0, 0, 1, 1000, 0.5],
      ["2026-09-01", "USD", 1, 0, 0, 0, 1000, 0],
      ["2026-10-01", "USD", 1, 0, 0, 0, 1000, 0],
      ["2026-11-01", "USD", 1, 0, 0, 0, 1000, 0],
      ["2026-12-01", "USD", 1, 0, 0, 0, 1000, 0],
      ["2027-01-01", "JPY", 1, 1, 0, 0, 3000, null],
      ["2027-01-01", "USD", 1, 0, 0, 0, 1000, 0],
      ["2027-02-01", "JPY", 1, 0, 0, 0, 3000, 0],
      ["2027-02-01", "USD", 1, 0, 0, 0, 1000, 0],
      ["2027-03-01", "JPY", 1, 0, 0, 0, 3000, 0],
      ["2027-03-01", "USD", 0, 0, 0, 1, 0, 1],
    ]);
    expect(rows[0]?.retention).toEqual([2, 2, 2, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 0]);
    const later = await app.get("/v1/reports/recurring?from=2028-01-01&to=2029-01-01");
    expect(await later.json()).toMatchObject({ rows: [] });
  } finally {
    await app.close();
    await drop();
  }
});
