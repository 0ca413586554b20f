import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { issueReceipts } from "../../src/reports/receipts/issue.ts";
import { close, compared, disown, insertMoneyBack } from "../support/closing.ts";
import { readCsv } from "../support/csv.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Gift, insertGift } from "../support/gifts.ts";
import { SHIPPED } from "../support/newsroom-files.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

/* An accountant imports each month when it is closed. What comes later must reach the next import, and nothing that was imported may change. */

const NEWSROOM = loadNewsroom(join(SHIPPED, "newsroom.yaml"));

let database: TestDatabase;
let app: ReportsApp;
beforeEach(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db });
  await compared(database.db);
});
afterEach(async () => {
  await app.close();
  await database.drop();
});

const gift = async (given: Partial<Gift> = {}) => await insertGift(database.db, given);
const days = (from: string, to: string) => `from=${from}-01&to=${to}-01`;
const OCTOBER = days("2026-10", "2026-11");
const NOVEMBER = days("2026-11", "2026-12");
const FORMATS = ["generic", "quickbooks", "xero", "datev"];

/** DATEV's header says when it was made. */
async function file(query: string, from = app): Promise<string> {
  const answer = await from.get(`/v1/reports/journal.csv?${query}`);
  expect(answer.status).toBe(200);
  return (await answer.text()).replace(/^("EXTF";.*?;)\d{17};/, "$1MADE;");
}

async function inEveryFormat(query: string): Promise<readonly string[]> {
  return await Promise.all(FORMATS.map((format) => file(`${query}&format=${format}`)));
}

interface Line {
  readonly [column: string]: string | number | null;
  readonly entry: string;
  readonly account: string;
  readonly debit: number;
  readonly credit: number;
}

async function journal(query: string): Promise<readonly Line[]> {
  const answer = await app.get(`/v1/reports/journal?${query}&limit=1000`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { rows: Line[] }).rows;
}

/** `entry account [cost centre]: debit less credit` */
async function entries(query: string): Promise<readonly string[]> {
  return (await journal(query)).map(
    ({ entry, account, cost_centre, debit, credit }) =>
      `${entry} ${account}${cost_centre === null ? "" : ` [${cost_centre}]`}: ${debit - credit}`,
  );
}

function accounting(changes: Partial<NewsroomConfig["accounting"]>): NewsroomConfig["accounting"] {
  return { ...NEWSROOM.accounting, ...changes };
}

describe("the journal of a closed month", () => {
  test("is the same to the byte in every format whatever comes later; the difference stands in the open month", async () => {
    const kept = await gift({ at: "2026-10-10T12:00:00Z" });
    await gift({ at: "2026-11-10T12:00:00Z" });
    await close(database.db, "2026-10");
    const before = [await inEveryFormat(OCTOBER), await journal(OCTOBER), await file(`from=2026-10-10&to=2026-10-11`)];
    // What was a gift is none any longer, and a refund that Stripe booked in October came late.
    const late = await gift({
      at: "2026-10-30T12:00:00Z",
      amount: 4000,
      settled: { currency: "USD", gross: 4000, fee: 150 },
    });
    await insertMoneyBack(database.db, { ...late, at: "2026-10-31T22:30:00Z", refunded: 1500 });
    await disown(database.db, kept.payment_id);
    expect([await inEveryFormat(OCTOBER), await journal(OCTOBER), await file(`from=2026-10-10&to=2026-10-11`)]).toEqual(
      before,
    );
    const correction = "C202610-20261101USD";
    const own = ["20261110USD stripe_balance: 2397", "20261110USD gifts_once: -2500", "20261110USD payment_fees: 103"];
    expect(await entries(NOVEMBER)).toEqual([
      `${correction} stripe_balance: 2350`,
      `${correction} gifts_once: -1500`,
      `${correction} refunds: 1500`,
      `${correction} payment_fees: 47`,
      `${correction} not_gifts: -2500`,
      `${correction} not_gift_fees: 103`,
      ...own,
    ]);
    expect((await journal(NOVEMBER))[0]).toMatchObject({
      ...{ date: "2026-11-01", currency: "USD", description: "Correction of 2026-10, USD", payout_id: null },
      ...{ account_number: "1361", account_name: "Stripe balance", correction_of: "2026-10" },
    });
    expect(await entries("from=2026-11-02&to=2026-12-01")).toEqual(own);
  });

  test("and its correction come to what is counted now in every format", async () => {
    const kept = await gift({ at: "2026-10-10T12:00:00Z" });
    await close(database.db, "2026-10");
    await gift({ at: "2026-10-30T12:00:00Z", amount: 4000, settled: { currency: "USD", gross: 4000, fee: 150 } });
    await disown(database.db, kept.payment_id);
    const both = days("2026-10", "2026-12");
    const sums = (rows: readonly (readonly [string, number])[]) => {
      const byAccount: Record<string, number> = {};
      for (const [account, cents] of rows) byAccount[account] = (byAccount[account] ?? 0) + cents;
      return Object.fromEntries(Object.entries(byAccount).filter(([, sum]) => sum !== 0));
    };
    const cents = (amount: string | undefined) => Math.round(Number((amount ?? "").replace(",", ".")) * 100);
    const { rows } = await sql<{ account: keyof typeof NEWSROOM.accounting.accounts; sum: number }>`
      select account, sum(amount)::bigint as sum from reporting.journal group by account having sum(amount) <> 0
    `.execute(database.db);
    const accounts = NEWSROOM.accounting.accounts;
    const numbered = Object.fromEntries(rows.map(({ account, sum }) => [accounts[account].number, sum]));
    const named = Object.fromEntries(rows.map(({ account, sum }) => [accounts[account].name, sum]));
    const [generic = "", quickbooks = "", xero = "", datev = ""] = await inEveryFormat(both);
    expect(
      sums(readCsv(generic).map((row) => [row.account_number ?? "", Number(row.debit) - Number(row.credit)])),
    ).toEqual(numbered);
    expect(
      sums(readCsv(quickbooks).map((row) => [row.AccountName ?? "", cents(row.Debits) - cents(row.Credits)])),
    ).toEqual(named);
    expect(sums(readCsv(xero).map((row) => [row["*AccountCode"] ?? "", cents(row["*Amount"])]))).toEqual(numbered);
    const postings = datev
      .trimEnd()
      .split("\r\n")
      .slice(2)
      .map((line) => line.split(";"));
    expect(
      sums(
        postings.flatMap(([amount, side, , , , , account = "", contra = ""]) => {
          const debit = side === '"S"' ? cents(amount) : -cents(amount);
          return [[account, debit] as const, [contra, -debit] as const];
        }),
      ),
    ).toEqual(numbered);
    expect([quickbooks, xero, datev].filter((one) => one.includes("C202610-20261101USD"))).toHaveLength(3);
  });

  test("has the corrections that were known when it was closed, and none twice", async () => {
    await close(database.db, "2026-10", { reason: "The first." });
    await gift({ at: "2026-10-30T12:00:00Z" });
    await close(database.db, "2026-11");
    const late = ["stripe_balance: 2397", "gifts_once: -2500", "payment_fees: 103"];
    const frozen = late.map((line) => `C202610-20261101USD ${line}`);
    expect(await entries(NOVEMBER)).toEqual(frozen);
    expect(await entries(days("2026-12", "2027-01"))).toEqual([]);
    const before = await inEveryFormat(`${NOVEMBER}&currency=USD`);
    await gift({ at: "2026-10-31T12:00:00Z" });
    await gift({ at: "2026-11-30T12:00:00Z" });
    expect(await inEveryFormat(`${NOVEMBER}&currency=USD`)).toEqual(before);
    const december = ["C202610-20261201USD", "C202611-20261201USD"].flatMap((entry) =>
      late.map((line) => `${entry} ${line}`),
    );
    expect(await entries(days("2026-10", "2027-02"))).toEqual([...frozen, ...december]);
    await close(database.db, "2026-12");
    expect(await entries(days("2026-10", "2027-02"))).toEqual([...frozen, ...december]);
  });

  test("keeps numbers, names and cost centres of then; new settings correct nothing", async () => {
    await gift({ at: "2026-10-10T12:00:00Z", donation: { campaign: "winter-2026" } });
    await close(database.db, "2026-10");
    const before = await inEveryFormat(OCTOBER);
    const { accounts } = NEWSROOM.accounting;
    const others = Object.fromEntries(
      Object.entries(accounts).map(([key, { number }]) => [key, { number: `9${number.slice(1)}`, name: `New ${key}` }]),
    ) as typeof accounts;
    await app.close();
    app = await reportsApp({
      db: database.db,
      accounting: accounting({ accounts: others, cost_centres: {}, default_cost_centre: "77" }),
    });
    expect(await inEveryFormat(OCTOBER)).toEqual(before);
    expect(await entries(NOVEMBER)).toEqual([]);
    await gift({ at: "2026-10-11T12:00:00Z", donation: { campaign: "winter-2026" } });
    expect(await entries(NOVEMBER)).toEqual([
      "C202610-20261101USD stripe_balance: 2397",
      "C202610-20261101USD gifts_once [2026]: -2500",
      "C202610-20261101USD payment_fees [2026]: 103",
    ]);
    expect((await journal(NOVEMBER))[0]).toMatchObject({ account_number: "9361", account_name: "New stripe_balance" });
  });

  test("comes page by page over corrections and months, each line once", async () => {
    await gift({ at: "2026-10-10T12:00:00Z" });
    await close(database.db, "2026-10");
    await gift({ at: "2026-10-31T12:00:00Z", settled: { currency: "EUR", gross: 2000, fee: 50 } });
    await gift({ at: "2026-11-01T12:00:00Z" });
    const rows = await journal(days("2026-10", "2026-12"));
    expect(rows).toHaveLength(9);
    for (const limit of [1, 2, 4]) {
      const seen: unknown[] = [];
      let cursor = "";
      do {
        const answer = await app.get(`/v1/reports/journal?${days("2026-10", "2026-12")}&limit=${limit}${cursor}`);
        const page = (await answer.json()) as { rows: unknown[]; next_cursor: string | null };
        seen.push(...page.rows);
        cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
      } while (cursor !== "");
      expect(seen, String(limit)).toEqual(rows);
    }
  });

  test("in another currency late leaves the closed month's file as it is, and a package asks which one the open month's is of", async () => {
    await gift({ at: "2026-10-10T12:00:00Z" });
    await close(database.db, "2026-10");
    const before = await file(`${OCTOBER}&format=xero`);
    await gift({ at: "2026-10-31T12:00:00Z", settled: { currency: "EUR", gross: 2000, fee: 50 } });
    await gift({ at: "2026-11-01T12:00:00Z" });
    expect(await file(`${OCTOBER}&format=xero`)).toBe(before);
    const refused = await app.get(`/v1/reports/journal.csv?${NOVEMBER}&format=xero`);
    expect(await refused.json()).toMatchObject({
      code: "currency_required",
      detail: expect.stringContaining("EUR, USD"),
    });
    expect(readCsv(await file(`${NOVEMBER}&format=xero&currency=EUR`)).map((row) => row["*Narration"])).toEqual(
      Array(3).fill("Correction of 2026-10, EUR (C202610-20261101EUR)"),
    );
  });

  test("that was closed before journals were frozen is counted now and has no correction", async () => {
    await sql`
      insert into closed_months (month, time_zone, starts_at, ends_at, closed_at, closed_by, overrode, sha256)
      values ('2026-10', 'Europe/Berlin', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z', '2026-11-02T12:00:00Z', 'Ada Accountant', '{}', ${"0".repeat(64)})
    `.execute(database.db);
    const october = ["stripe_balance: 2397", "gifts_once: -2500", "payment_fees: 103"];
    await gift({ at: "2026-10-10T12:00:00Z" });
    expect(await entries(days("2026-10", "2026-12"))).toEqual(october.map((line) => `20261010USD ${line}`));
    await close(database.db, "2026-11");
    await gift({ at: "2026-10-11T12:00:00Z" });
    await gift({ at: "2026-11-11T12:00:00Z" });
    expect(await entries(days("2026-10", "2027-01"))).toEqual(
      ["20261010USD", "20261011USD", "C202611-20261201USD"].flatMap((entry) =>
        october.map((line) => `${entry} ${line}`),
      ),
    );
  });
});

describe("the evidence", () => {
  test("has the frozen journal, the corrections, and every receipt once", async () => {
    await gift({ at: "2026-10-10T12:00:00Z" });
    await close(database.db, "2026-10");
    await gift({ at: "2026-10-30T12:00:00Z", amount: 700, settled: { currency: "USD", gross: 700, fee: 50 } });
    await gift({ at: "2026-11-10T12:00:00Z" });
    await gift({ at: "2026-12-10T12:00:00Z" });
    // As `receipts issue` does, for all that there is; and one more that closing itself issues.
    const deps = { db: database.db, newsroom: () => NEWSROOM, now: () => new Date("2027-01-15T12:00:00Z") };
    await issueReceipts(deps, { start: new Date(0), end: deps.now() });
    await gift({ at: "2026-10-31T12:00:00Z", amount: 100, settled: { currency: "USD", gross: 100, fee: 33 } });
    await close(database.db, "2026-11");
    await close(database.db, "2026-12");
    const evidence = async (month: string, name: string) => {
      const parts = await database.db
        .selectFrom("closed_files")
        .select("content")
        .where("month", "=", month)
        .where("name", "=", name)
        .orderBy("part")
        .execute();
      return parts.map((part) => part.content).join("");
    };
    for (const [month, query] of [
      ["2026-10", OCTOBER],
      ["2026-11", NOVEMBER],
    ] as const) {
      expect(await evidence(month, "journal_entries.csv")).toBe(await file(query));
    }
    const corrections = readCsv(await evidence("2026-11", "corrections.csv"));
    expect(corrections.map(({ correction_of, gross }) => [correction_of, gross])).toEqual([["2026-10", "800"]]);
    expect(readCsv(await evidence("2026-10", "corrections.csv"))).toEqual([]);
    const receipts = async (month: string) =>
      readCsv(await evidence(month, "receipts.csv")).map((row) => [row.number, row.received_on]);
    expect(await receipts("2026-10")).toEqual([["2026-000001", "2026-10-10"]]);
    expect(await receipts("2026-11")).toEqual([
      ["2026-000002", "2026-10-30"],
      ["2026-000003", "2026-11-10"],
      ["2026-000005", "2026-10-31"],
    ]);
    expect(await receipts("2026-12")).toEqual([["2026-000004", "2026-12-10"]]);
  });
});
