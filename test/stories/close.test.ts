import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CloseRefused } from "../../src/reports/close/close.ts";
import { donationsOfPeriod } from "../../src/reports/close/obstacles.queries.ts";
import { issueReceipts } from "../../src/reports/receipts/issue.ts";
import { close, compared, differs, disown, insertMoneyBack, rederive, shippedNewsroom } from "../support/closing.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Gift, insertGift } from "../support/gifts.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;
beforeEach(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db, now: () => new Date("2027-03-15T12:00:00Z") });
});
afterEach(async () => {
  await app.close();
  await database.drop();
});

const gift = async (given: Partial<Gift> = {}) => await insertGift(database.db, given);
const OCTOBER = "from=2026-10-01&to=2026-11-01";
const NOVEMBER = "from=2026-11-01&to=2026-12-01";

async function text(path: string): Promise<string> {
  const answer = await app.get(`/v1/reports/${path}`);
  expect(answer.status).toBe(200);
  return await answer.text();
}

// biome-ignore lint/suspicious/noExplicitAny: what the tests look at is up to them
async function rows(path: string): Promise<any[]> {
  return JSON.parse(await text(path)).rows;
}

/** `period correction frequency: payments gross refunded disputed fees net`, as an accountant would note them. */
async function figures(query: string): Promise<readonly string[]> {
  return (await rows(`summary?${query}`)).map(
    ({ period, correction_of, closed, frequency, payments, gross, refunded, disputed, fees, net }) =>
      `${period.slice(0, 7)}${closed ? " closed" : ""}${correction_of === null ? "" : ` corrects ${correction_of}`} ${frequency}: ` +
      `${payments} ${gross} ${refunded} ${disputed} ${fees} ${net}`,
  );
}

async function refused(month: string, closing: Parameters<typeof close>[2] = {}): Promise<readonly string[]> {
  const error = await close(database.db, month, closing).then(
    () => null,
    (thrown: CloseRefused) => thrown,
  );
  expect(error?.name).toBe("CloseRefused");
  return error?.obstacles.map((one) => one.code) ?? [];
}

describe("a month is closed", () => {
  test("only once it is over where the newsroom counts its days", async () => {
    await compared(database.db);
    expect(await refused("2026-10", { now: "2026-10-31T22:59:59Z" })).toEqual(["month_not_over"]);
    expect(await refused("2026-10", { now: "2026-10-31T22:59:59Z", reason: "In a hurry." })).toEqual([
      "month_not_over",
    ]);
    await close(database.db, "2026-10", { now: "2026-10-31T23:00:00Z" });
  });

  test.each(["2026-13", "2026-1", "October", "2026-10-01", ""])("only if it is one: not %j", async (month) => {
    await expect(close(database.db, month)).rejects.toThrow(/YYYY-MM/);
  });

  test.each([
    ["no comparison was made", null],
    ["the last one began before the month's end", ["2026-09-01", "2026-10-31T22:59:59Z"]],
    ["it didn't look at all of the month", ["2026-10-01T00:00:00Z", "2026-11-01"]],
  ] as const)("not while %s", async (_, run) => {
    if (run !== null) await compared(database.db, ...run);
    expect(await refused("2026-10")).toEqual(["not_compared"]);
    await compared(database.db, "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z");
    await close(database.db, "2026-10");
  });

  test.each([
    ["in it", "2026-10-31T22:59:59Z"],
    ["before it", "2025-01-01T00:00:00Z"],
    ["nobody knows where", null],
  ])("not while the books differ from Stripe %s", async (_, at) => {
    await differs(database.db, at);
    expect(await refused("2026-10")).toEqual(["differs"]);
    await sql`update reconciliation_differences set resolved_at = now()`.execute(database.db);
    await close(database.db, "2026-10");
  });

  test("though they differ behind it", async () => {
    await differs(database.db, "2026-10-31T23:00:00Z");
    await close(database.db, "2026-10");
  });

  test("in spite of all that if somebody signs with a reason, and who and why is kept", async () => {
    await gift({ at: "2026-09-10T12:00:00Z" });
    await sql`insert into reconciliation_runs (id, since, fix, started_at) values (gen_random_uuid(), now(), false, now())`.execute(
      database.db,
    );
    expect(await refused("2026-10", { by: "Ada Accountant" })).toEqual(["earlier_month_open", "not_compared"]);
    await close(database.db, "2026-10", { reason: "Closed in the older system." });
    const run = await compared(database.db);
    await close(database.db, "2026-11", { by: "Bo Bookkeeper", now: "2026-12-02T08:00:00Z" });
    expect(await rows("closed-months")).toEqual([
      {
        ...{ month: "2026-11", time_zone: "Europe/Berlin", closed_by: "Bo Bookkeeper", reason: null, overrode: [] },
        ...{
          starts_at: "2026-10-31T23:00:00.000Z",
          ends_at: "2026-11-30T23:00:00.000Z",
          closed_at: "2026-12-02T08:00:00.000Z",
        },
        ...{ reconciliation_run: run, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
      expect.objectContaining({
        ...{ month: "2026-10", closed_by: "Ada Accountant", reason: "Closed in the older system." },
        ...{ overrode: ["earlier_month_open", "not_compared"], reconciliation_run: null },
      }),
    ]);
  });

  test("in its turn: one after the other without a gap, from whichever came first", async () => {
    await compared(database.db);
    await close(database.db, "2026-10");
    expect(await refused("2026-10")).toEqual(["month_closed"]);
    for (const month of ["2026-09", "2026-12"]) {
      expect(await refused(month, { reason: "Because." })).toEqual(["month_out_of_turn"]);
    }
    expect(await refused("2026-11", { newsroom: { time_zone: "Asia/Tokyo" }, reason: "We moved." })).toEqual([
      "time_zone_changed",
    ]);
    await close(database.db, "2026-11");
    await close(database.db, "2026-12");
  });

  test("beginning with the first that has money", async () => {
    await compared(database.db);
    await gift({ at: "2026-09-30T21:59:59Z" });
    expect(await refused("2026-10")).toEqual(["earlier_month_open"]);
    await close(database.db, "2026-09");
    await close(database.db, "2026-10");
  });

  test("once when two do it in one moment", async () => {
    await compared(database.db);
    await gift({ at: "2026-10-10T12:00:00Z" });
    const both = await Promise.allSettled([close(database.db, "2026-10"), close(database.db, "2026-10")]);
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await figures(OCTOBER)).toEqual(["2026-10 closed once: 1 2500 0 0 103 2397"]);
  });

  test("and says how many receipts it has, also after one that broke off once they were issued", async () => {
    await compared(database.db);
    await gift({ at: "2026-10-10T12:00:00Z" });
    await gift({ at: "2026-10-11T12:00:00Z" });
    await gift({ at: "2026-10-20T12:00:00Z" });
    const deps = { db: database.db, newsroom: shippedNewsroom, now: () => new Date("2026-11-02T12:00:00Z") };
    const span = { start: new Date("2026-10-01T00:00:00Z"), end: new Date("2026-10-15T00:00:00Z") };
    expect(await issueReceipts(deps, span)).toEqual([{ year: 2026, count: 2 }]);
    expect((await close(database.db, "2026-10")).receipts).toBe(3);
    await gift({ at: "2026-10-21T12:00:00Z" });
    await gift({ at: "2026-11-21T12:00:00Z" });
    expect((await close(database.db, "2026-11")).receipts).toBe(2);
  });

  test("after each gift with money in it was derived again, by whatever row it shows, and once", async () => {
    const at = (day: string) => ({ at: `2026-${day}T12:00:00Z` });
    const refunded = await gift(at("09-10"));
    await insertMoneyBack(database.db, { ...refunded, ...at("10-03"), refunded: 500 });
    const both = await gift(at("10-10"));
    await insertMoneyBack(database.db, { ...both, ...at("10-12"), refunded: 500 });
    const bare = await gift(at("10-11"));
    await sql`delete from payment_movements where payment_id = ${bare.payment_id}`.execute(database.db);
    await gift(at("09-30"));
    await gift(at("11-01"));
    const october = { start: new Date("2026-10-01T00:00:00Z"), end: new Date("2026-11-01T00:00:00Z") };
    const found: string[] = [];
    for (let after: string | null = null; ; ) {
      const batch: readonly string[] = await donationsOfPeriod(database.db, october, after, 1);
      const [id] = batch;
      if (id === undefined) break;
      found.push(id);
      after = id;
    }
    expect(found).toEqual([refunded, both, bare].map((each) => each.donation_id).toSorted());
  });

  test("for good: not even the tables' owner changes what was frozen, nor one who takes the right to", async () => {
    await compared(database.db);
    await gift({ at: "2026-10-10T12:00:00Z" });
    await close(database.db, "2026-10");
    for (const table of [
      "closed_months",
      "closed_rows",
      "closed_files",
      "receipts",
      "legal_entities",
      "receipt_series",
    ]) {
      const name = sql.table(table);
      for (const change of [sql`delete from ${name}`, sql`truncate ${name}`]) {
        await expect(change.execute(database.db), table).rejects.toThrow(/^permission denied/);
      }
      const { rows } = await sql<{ may: boolean }>`
        select bool_or(privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')) as may from information_schema.role_table_grants
        where table_name = ${table} and table_schema = 'public'
      `.execute(database.db);
      expect(rows, table).toEqual([{ may: false }]);
    }
    await sql`grant update, delete on closed_rows to current_user`.execute(database.db);
    await expect(sql`delete from closed_rows`.execute(database.db)).rejects.toThrow(/never changed or removed/);
    await expect(sql`update closed_months set closed_by = 'nobody'`.execute(database.db)).rejects.toThrow(
      /^permission denied/,
    );
  });
});

describe("the report of a closed month", () => {
  beforeEach(async () => {
    await compared(database.db);
    await gift({ at: "2026-10-10T12:00:00Z" });
    await gift({
      at: "2026-10-20T12:00:00Z",
      frequency: "monthly",
      amount: 1000,
      settled: { currency: "USD", gross: 1000, fee: 59 },
    });
  });

  test("is answered byte for byte as it was, whatever comes later; the change stands in the open month", async () => {
    await gift({ at: "2026-11-10T12:00:00Z" });
    await close(database.db, "2026-10");
    const before = [await text(`summary?${OCTOBER}`), await text(`summary.csv?${OCTOBER}`)];
    expect(await figures(OCTOBER)).toEqual([
      "2026-10 closed once: 1 2500 0 0 103 2397",
      "2026-10 closed monthly: 1 1000 0 0 59 941",
    ]);
    // Pulled late: a gift of October, and a refund that Stripe booked on its last day.
    const late = await gift({
      at: "2026-10-31T22:00:00Z",
      amount: 4000,
      settled: { currency: "USD", gross: 4000, fee: 150 },
    });
    await insertMoneyBack(database.db, { ...late, at: "2026-10-31T22:30:00Z", refunded: 1500 });
    expect([await text(`summary?${OCTOBER}`), await text(`summary.csv?${OCTOBER}`)]).toEqual(before);
    expect(await figures(NOVEMBER)).toEqual([
      "2026-11 once: 1 2500 0 0 103 2397",
      "2026-11 corrects 2026-10 once: 1 4000 1500 0 150 2350",
    ]);
    expect((await rows(`summary?${NOVEMBER}`))[1]).toEqual({
      ...{
        period: "2026-11-01",
        frequency: "once",
        currency: "USD",
        donations: 1,
        payments: 1,
        gross: 4000,
        refunded: 1500,
      },
      ...{ disputed: 0, fees: 150, net: 2350, closed: false, correction_of: "2026-10" },
    });
    expect(await text(`summary.csv?${NOVEMBER}`)).toMatch(
      /\r\n2026-11-01,once,USD,1,1,4000,40\.00,.*,false,2026-10\r\n$/,
    );
  });

  test("has the corrections that were known when it was closed, and none is counted twice", async () => {
    await close(database.db, "2026-10");
    await gift({ at: "2026-10-30T12:00:00Z" });
    await gift({ at: "2026-11-10T12:00:00Z" });
    await close(database.db, "2026-11");
    const november = [
      "2026-11 closed once: 1 2500 0 0 103 2397",
      "2026-11 closed corrects 2026-10 once: 1 2500 0 0 103 2397",
    ];
    expect(await figures(NOVEMBER)).toEqual(november);
    expect(await figures("from=2026-12-01&to=2027-01-01")).toEqual([]);
    // Another of October and one of November, known in December.
    await gift({ at: "2026-10-31T12:00:00Z" });
    await gift({ at: "2026-11-30T12:00:00Z", amount: 700, settled: { currency: "USD", gross: 700, fee: 50 } });
    expect(await figures(NOVEMBER)).toEqual(november);
    expect(await figures("from=2026-12-01&to=2027-01-01")).toEqual([
      "2026-12 corrects 2026-10 once: 1 2500 0 0 103 2397",
      "2026-12 corrects 2026-11 once: 1 700 0 0 50 650",
    ]);
    await close(database.db, "2026-12");
    expect(await figures("from=2026-10-01&to=2027-02-01")).toEqual([
      "2026-10 closed once: 1 2500 0 0 103 2397",
      "2026-10 closed monthly: 1 1000 0 0 59 941",
      ...november,
      "2026-12 closed corrects 2026-10 once: 1 2500 0 0 103 2397",
      "2026-12 closed corrects 2026-11 once: 1 700 0 0 50 650",
    ]);
  });

  test("is mended by two lines where a gift turns out to be of another kind, and by one where it was none", async () => {
    const monthly = await gift({ at: "2026-10-25T12:00:00Z", frequency: "monthly" });
    await close(database.db, "2026-10");
    await rederive(database.db, monthly.payment_id, "annual");
    const { rows: once } = await sql<{ id: string }>`select id from payments where frequency = 'once'`.execute(
      database.db,
    );
    await disown(database.db, once[0]?.id ?? "");
    expect(await figures(NOVEMBER)).toEqual([
      "2026-11 corrects 2026-10 once: -1 -2500 0 0 -103 -2397",
      "2026-11 corrects 2026-10 monthly: -1 -2500 0 0 -103 -2397",
      "2026-11 corrects 2026-10 annual: 1 2500 0 0 103 2397",
    ]);
    // And back: a correction that was frozen is itself corrected.
    await close(database.db, "2026-11");
    await rederive(database.db, monthly.payment_id, "monthly");
    expect(await figures("from=2026-12-01&to=2027-01-01")).toEqual([
      "2026-12 corrects 2026-10 monthly: 1 2500 0 0 103 2397",
      "2026-12 corrects 2026-10 annual: -1 -2500 0 0 -103 -2397",
    ]);
  });

  test("leaves the days of a month, and a part of one, as they are counted now", async () => {
    await close(database.db, "2026-10");
    await gift({ at: "2026-10-10T12:00:00Z" });
    expect(
      (await rows(`summary?${OCTOBER}&interval=day`)).map(({ period, payments, closed }) => [period, payments, closed]),
    ).toEqual([
      ["2026-10-10", 2, false],
      ["2026-10-20", 1, false],
    ]);
    expect(await figures("from=2026-10-01&to=2026-10-15")).toEqual(["2026-10 once: 2 5000 0 0 206 4794"]);
  });

  test("makes up its year, and a year that is closed stays as it was", async () => {
    const months = [
      "2026-01",
      "2026-02",
      "2026-03",
      "2026-04",
      "2026-05",
      "2026-06",
      "2026-07",
      "2026-08",
      "2026-09",
      "2026-10",
      "2026-11",
    ];
    for (const month of months) await close(database.db, month);
    await gift({ at: "2026-10-12T12:00:00Z" });
    const YEARS = "interval=year&from=2026-01-01&to=2028-01-01";
    expect(await figures(YEARS)).toEqual(["2026-01 once: 2 5000 0 0 206 4794", "2026-01 monthly: 1 1000 0 0 59 941"]);
    await close(database.db, "2026-12");
    await gift({ at: "2026-10-13T12:00:00Z" });
    await gift({ at: "2027-01-13T12:00:00Z" });
    const closed = ["2026-01 closed once: 2 5000 0 0 206 4794", "2026-01 closed monthly: 1 1000 0 0 59 941"];
    expect(await figures(YEARS)).toEqual([
      ...closed,
      "2027-01 once: 1 2500 0 0 103 2397",
      "2027-01 corrects 2026 once: 1 2500 0 0 103 2397",
    ]);
    expect((await rows(`summary?${YEARS}`)).map((row) => row.donations)).toEqual([2, 1, 1, 1]);
    await close(database.db, "2027-01");
    expect((await figures(YEARS)).slice(0, 2)).toEqual(closed);
    expect(await figures("interval=year&from=2026-06-01&to=2027-01-01")).toEqual([
      "2026-01 once: 2 5000 0 0 206 4794",
      "2026-01 monthly: 1 1000 0 0 59 941",
    ]);
  });
});
