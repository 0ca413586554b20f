import { sql } from "kysely";
import { v7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { foldDeltas } from "../../src/reports/rollups/fold.queries.ts";
import { rebuildRollups } from "../../src/reports/rollups/rebuild.queries.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Gift, insertGift } from "../support/gifts.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;
let now = new Date("2026-11-23T12:00:00Z");

beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db, now: () => now });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  now = new Date("2026-11-23T12:00:00Z");
  await empty();
});

/** The ledger refuses removal; a test may switch that off for its own database. */
async function empty(): Promise<void> {
  await sql`truncate payments, donations cascade`.execute(database.db);
  await sql`alter table balance_transactions disable trigger append_only`.execute(database.db);
  await sql`grant delete, truncate on balance_transactions to current_user`.execute(database.db);
  await sql`truncate balance_transactions`.execute(database.db);
  await sql`alter table balance_transactions enable trigger append_only`.execute(database.db);
  await rebuildRollups(database.db, "Europe/Berlin");
}

const gift = async (given: Partial<Gift> = {}) => await insertGift(database.db, given);

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: what the tests look at is up to them
  readonly rows: any[];
  readonly next_cursor: string | null;
}

/** Some of what changed is in the rollups by then and some isn't. */
async function rows(path: string): Promise<Answer> {
  await foldDeltas(database.db, 2);
  const response = await app.get(path);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Answer;
}

async function problem(path: string): Promise<{ code: string; errors: { path: string; message: string }[] }> {
  const response = await app.get(path);
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return (await response.json()) as never;
}

const NOVEMBER = "from=2026-11-01&to=2026-12-01";

describe("the summary", () => {
  test("adds up balance transactions by period, frequency and settlement currency", async () => {
    await gift();
    const monthly = await gift({
      frequency: "monthly",
      amount: 1000,
      settled: { currency: "USD", gross: 1000, fee: 59 },
    });
    await gift({
      frequency: "monthly",
      amount: 1000,
      at: "2026-11-25T00:00:00Z",
      settled: { currency: "USD", gross: 1000, fee: 59 },
      donation: { id: monthly.donation_id },
    });
    await gift({ frequency: "annual", amount: 12_000, settled: { currency: "USD", gross: 12_000, fee: 378 } });
    const { rows: found, next_cursor } = await rows(`/v1/reports/summary?${NOVEMBER}`);
    const of = {
      ...{ period: "2026-11-01", currency: "USD", refunded: 0, disputed: 0 },
      ...{ closed: false, correction_of: null },
    };
    expect(found).toEqual([
      { ...of, frequency: "once", donations: 1, payments: 1, gross: 2500, fees: 103, net: 2397 },
      { ...of, frequency: "monthly", donations: 1, payments: 2, gross: 2000, fees: 118, net: 1882 },
      { ...of, frequency: "annual", donations: 1, payments: 1, gross: 12_000, fees: 378, net: 11_622 },
    ]);
    expect(next_cursor).toBeNull();
    expect(Object.keys(found[0])).toEqual(
      "period frequency currency donations payments gross refunded disputed fees net closed correction_of".split(" "),
    );
    const { rows: sums } = await sql<{ net: number }>`select sum(net)::bigint as net from balance_transactions`.execute(
      database.db,
    );
    expect(found.reduce((sum, row) => sum + row.net, 0)).toBe(sums[0]?.net);
  });

  test("never adds one currency to another, and counts in the one that Stripe settles in", async () => {
    await gift({ currency: "JPY", amount: 3000, settled: { currency: "EUR", gross: 1830, fee: 60, rate: "0.0061" } });
    await gift({ currency: "USD", amount: 2500, settled: { currency: "EUR", gross: 2300, fee: 60, rate: "0.92" } });
    await gift({ currency: "USD", amount: 2500 });
    const { rows: found } = await rows(`/v1/reports/summary?${NOVEMBER}`);
    expect(found.map(({ currency, gross, payments }) => ({ currency, gross, payments }))).toEqual([
      { currency: "EUR", gross: 4130, payments: 2 },
      { currency: "USD", gross: 2500, payments: 1 },
    ]);
  });

  test("dates by `created`, not by `available_on`", async () => {
    await gift({ at: "2026-11-29T12:00:00Z", ledger: { available_on: "2026-12-02T00:00:00Z" } });
    expect((await rows(`/v1/reports/summary?${NOVEMBER}`)).rows).toHaveLength(1);
    expect((await rows("/v1/reports/summary?from=2026-12-01&to=2027-01-01")).rows).toEqual([]);
  });

  test("puts 23:30 UTC on a month's last day into the next month where it is already past midnight", async () => {
    await gift({ at: "2026-10-31T23:30:00Z" });
    await gift({ at: "2026-11-30T22:59:59Z" });
    await gift({ at: "2026-11-30T23:00:00Z" });
    const november = await rows(`/v1/reports/summary?${NOVEMBER}`);
    expect(november.rows).toMatchObject([{ period: "2026-11-01", payments: 2 }]);
    const all = await rows("/v1/reports/summary?from=2026-10-01&to=2027-01-01");
    expect(all.rows.map(({ period, payments }) => [period, payments])).toEqual([
      ["2026-11-01", 2],
      ["2026-12-01", 1],
    ]);
    const american = await reportsApp({ db: database.db, timeZone: "America/New_York" });
    const there = await american.get(
      "/v1/reports/summary?from=2026-10-01&to=2027-01-01",
      await american.token("admin"),
    );
    await american.close();
    expect(((await there.json()) as Answer).rows.map(({ period, payments }) => [period, payments])).toEqual([
      ["2026-10-01", 1],
      ["2026-11-01", 2],
    ]);
  });

  test("counts days of 23 and 25 hours whole where the clocks change", async () => {
    // Berlin: 2026-03-29 ends at 22:00 UTC (summer time has begun), 2026-10-25 at 23:00 UTC (it has ended).
    for (const at of ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"]) await gift({ at });
    for (const at of ["2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"]) {
      await gift({ at });
    }
    const days = await rows("/v1/reports/summary?from=2026-03-29&to=2026-10-26&interval=day");
    expect(days.rows.map(({ period, payments }) => [period, payments])).toEqual([
      ["2026-03-29", 2],
      ["2026-03-30", 1],
      ["2026-10-25", 3],
    ]);
  });

  test("groups by year, and takes a period that has yet to come", async () => {
    await gift({ at: "2026-12-31T22:30:00Z" });
    await gift({ at: "2026-12-31T23:30:00Z" });
    const years = await rows("/v1/reports/summary?from=2026-01-01&to=2031-01-01&interval=year");
    expect(years.rows.map(({ period, payments }) => [period, payments])).toEqual([
      ["2026-01-01", 1],
      ["2027-01-01", 1],
    ]);
  });

  test("leaves out what isn't settled and what is no gift", async () => {
    await gift({ settled: null });
    await database.db
      .insertInto("balance_transactions")
      .values({
        id: "txn_shop",
        created: "2026-11-10T12:00:00Z",
        available_on: "2026-11-12T00:00:00Z",
        type: "charge",
        reporting_category: "charge",
        source_id: "ch_shop",
        currency: "USD",
        amount: 999,
        fee: 59,
        net: 940,
        fee_details: "[]",
      })
      .execute();
    expect((await rows(`/v1/reports/summary?${NOVEMBER}`)).rows).toEqual([]);
  });

  test("covers the twelve months up to the present one of product time unless told", async () => {
    await gift({ at: "2025-11-30T12:00:00Z" });
    await gift({ at: "2025-12-01T12:00:00Z" });
    await gift({ at: "2026-11-30T12:00:00Z" });
    await gift({ at: "2026-12-01T12:00:00Z" });
    expect((await rows("/v1/reports/summary")).rows.map((row) => row.period)).toEqual(["2025-12-01", "2026-11-01"]);
    now = new Date("2026-12-31T23:30:00Z");
    expect((await rows("/v1/reports/summary")).rows.map((row) => row.period)).toEqual(["2026-11-01", "2026-12-01"]);
    expect((await rows("/v1/reports/summary?to=2026-01-01")).rows.map((row) => row.period)).toEqual([
      "2025-11-01",
      "2025-12-01",
    ]);
  });

  test("refuses sums that JavaScript can't hold rather than round them", async () => {
    const most = Number.MAX_SAFE_INTEGER;
    await gift({ settled: { currency: "USD", gross: most, fee: 0 } });
    await gift({ settled: { currency: "USD", gross: most, fee: 0 } });
    expect((await app.get(`/v1/reports/summary?${NOVEMBER}`)).status).toBe(500);
  });
});

describe("the list of payments", () => {
  const COLUMNS = `payment_id donation_id donor_id booked_at paid_at status frequency installment currency amount chosen_amount
    fees_covered refunded disputed settlement_currency settled_gross fee net exchange_rate payout_id payout_arrival payment_method
    card_country article_id article_url campaign placement variant utm_source utm_medium utm_campaign utm_content utm_term
    stripe_payment_intent stripe_charge stripe_invoice stripe_subscription stripe_balance_transaction`;

  test("has every column of a payment, in order and in its type", async () => {
    const donor = v7();
    const { payment_id, donation_id } = await gift({
      currency: "EUR",
      amount: 2600,
      settled: { currency: "USD", gross: 2834, fee: 112, rate: "1.09" },
      donation: {
        chosen_amount: 2500,
        fees_covered: true,
        donor_id: donor,
        article_id: "harbour-41",
        article_url: "https://www.example.org/harbour",
        campaign: "winter-2026",
        placement: "article_end",
        variant: "b",
        utm_source: "letter",
        utm_medium: "email",
        utm_campaign: "w26",
        utm_content: "top",
        utm_term: "harbour",
      },
      payment: { stripe_payment_intent: "pi_1", stripe_charge: "ch_1" },
    });
    const { rows: found, next_cursor } = await rows(`/v1/reports/payments?${NOVEMBER}`);
    expect(next_cursor).toBeNull();
    expect(Object.keys(found[0])).toEqual(COLUMNS.split(/\s+/));
    expect(found).toEqual([
      {
        payment_id,
        donation_id,
        donor_id: donor,
        booked_at: "2026-11-10T12:00:00.000Z",
        paid_at: "2026-11-10T12:00:00.000Z",
        status: "paid",
        frequency: "once",
        installment: 1,
        currency: "EUR",
        amount: 2600,
        chosen_amount: 2500,
        fees_covered: true,
        refunded: 0,
        disputed: 0,
        settlement_currency: "USD",
        settled_gross: 2834,
        fee: 112,
        net: 2722,
        exchange_rate: "1.09",
        payout_id: null,
        payout_arrival: null,
        payment_method: "card",
        card_country: "DE",
        article_id: "harbour-41",
        article_url: "https://www.example.org/harbour",
        campaign: "winter-2026",
        placement: "article_end",
        variant: "b",
        utm_source: "letter",
        utm_medium: "email",
        utm_campaign: "w26",
        utm_content: "top",
        utm_term: "harbour",
        stripe_payment_intent: "pi_1",
        stripe_charge: "ch_1",
        stripe_invoice: null,
        stripe_subscription: null,
        stripe_balance_transaction: expect.stringMatching(/^txn_/),
      },
    ]);
  });

  test("goes through all of them once, the newest first, also within one second and while others arrive", async () => {
    const made: string[] = [];
    for (let index = 0; index < 25; index++) {
      const at = `2026-11-10T12:00:${String(Math.floor(index / 10)).padStart(2, "0")}Z`;
      made.push((await gift({ at })).payment_id);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let page = 1; ; page++) {
      const answer: Answer = await rows(
        `/v1/reports/payments?${NOVEMBER}&limit=7${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...answer.rows.map((row) => row.payment_id));
      if (page < 4) expect(answer.rows).toHaveLength(7);
      cursor = answer.next_cursor;
      if (cursor === null) break;
      await gift({ at: "2026-11-20T12:00:00Z" });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual([...made].sort());
    const { rows: expected } = await sql<{ id: string }>`
      select id from payments where booked_at < '2026-11-11' order by booked_at desc, id desc
    `.execute(database.db);
    expect(seen).toEqual(expected.map((row) => row.id));
  });

  test("has no next page when the last one is just full", async () => {
    for (let index = 0; index < 3; index++) await gift();
    expect((await rows(`/v1/reports/payments?${NOVEMBER}&limit=3`)).next_cursor).toBeNull();
    expect((await rows(`/v1/reports/payments?${NOVEMBER}&limit=2`)).next_cursor).toMatch(/^[\w-]+$/);
  });

  test.each([
    ["status=failed", { payment: { status: "failed", paid_at: null } }],
    ["frequency=annual", { frequency: "annual" }],
    ["currency=GBP", { currency: "GBP" }],
    ["currency=gbp", { currency: "GBP" }],
    ["campaign=winter-2026", { donation: { campaign: "winter-2026" } }],
    ["article_id=a%26b", { donation: { article_id: "a&b" } }],
    ["placement=article_end", { donation: { placement: "article_end" } }],
    ["country=FR", { payment: { card_country: "FR" } }],
  ] as const)("is filtered by %s, and so is the CSV", async (filter, such) => {
    const { payment_id } = await gift(such as Partial<Gift>);
    await gift();
    await gift({ donation: { campaign: "another", article_id: "a", placement: "top" } });
    const { rows: found } = await rows(`/v1/reports/payments?${NOVEMBER}&${filter}`);
    expect(found.map((row) => row.payment_id)).toEqual([payment_id]);
    const csv = await (await app.get(`/v1/reports/payments.csv?${NOVEMBER}&${filter}`)).text();
    expect(csv.trimEnd().split("\r\n").slice(1)).toEqual([expect.stringContaining(payment_id)]);
  });

  test("takes `from` in and leaves `to` out, as days of the newsroom's time zone", async () => {
    await gift({ at: "2026-10-31T22:59:59Z" });
    const first = await gift({ at: "2026-10-31T23:00:00Z" });
    const last = await gift({ at: "2026-11-30T22:59:59Z" });
    await gift({ at: "2026-11-30T23:00:00Z" });
    const { rows: found } = await rows(`/v1/reports/payments?${NOVEMBER}`);
    expect(found.map((row) => row.payment_id)).toEqual([last.payment_id, first.payment_id]);
  });

  test("shows what isn't settled without money", async () => {
    await gift({ settled: null, payment: { status: "processing", paid_at: null } });
    expect((await rows(`/v1/reports/payments?${NOVEMBER}`)).rows).toMatchObject([
      { status: "processing", paid_at: null, settled_gross: null, fee: null, net: null, exchange_rate: null },
    ]);
  });
});

describe("a query that isn't understood", () => {
  const some = (time: string, id: string) => Buffer.from(`${time} ${id}`).toString("base64url");
  const id = "0192f0c0-0000-7000-8000-000000000000";

  test.each([
    ["from=2026-13-01", "from"],
    ["from=2026-02-30", "from"],
    ["from=yesterday", "from"],
    ["from=", "from"],
    ["to=2026-11-01T00:00:00Z", "to"],
    ["from=2026-11-02&to=2026-11-02", "to"],
    ["from=2026-11-02&to=2026-11-01", "to"],
    ["from=2026-11-01&from=2026-11-02&to=2026-12-01", "from"],
    ["status=refunded", "status"],
    ["status=paid&status=failed", "status"],
    ["frequency=weekly", "frequency"],
    ["currency=EURO", "currency"],
    ["country=DEU", "country"],
    ["campaign=", "campaign"],
    ["campaign=a%00b", "campaign"],
    [`article_id=${"a".repeat(201)}`, "article_id"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=-1", "limit"],
    ["limit=1.5", "limit"],
    ["limit=1e2", "limit"],
    ["limit=%2010", "limit"],
    ["cursor=", "cursor"],
    ["cursor=nonsense", "cursor"],
    [`cursor=${some("1762776000000", "not-a-uuid")}`, "cursor"],
    [`cursor=${some("99999999999999999", id)}`, "cursor"],
    [`cursor=${some("-1", id)}`, "cursor"],
    [`cursor=${some("1762776000000", id)}%3D%3D`, "cursor"],
    [`cursor=${some("1762776000000", `${id}' or 1=1`)}`, "cursor"],
    ["compaign=winter", "compaign"],
    ["bom=1", "bom"],
    ["__proto__=1", "__proto__"],
    ["constructor=1", "constructor"],
    ["toString=1", "toString"],
    ["hasOwnProperty=1", "hasOwnProperty"],
    ["filter[status]=paid", "filter[status]"],
  ])("%s is refused by its path", async (query, path) => {
    const { code, errors } = await problem(`/v1/reports/payments?${query}`);
    expect(code).toBe("invalid_request");
    expect([...new Set(errors.map((error) => error.path))]).toEqual([path]);
  });

  test("has every fault named at once, for each report and format", async () => {
    for (const report of ["summary", "summary.csv", "payments", "payments.csv"]) {
      const { errors } = await problem(`/v1/reports/${report}?from=x&to=y&interval=week&status=x&nosuch=1`);
      const unknown = report.startsWith("summary") ? "status" : "interval";
      expect(errors.map((error) => error.path)).toEqual(expect.arrayContaining(["from", "to", "nosuch", unknown]));
    }
  });

  test("never has its values repeated", async () => {
    const response = await app.get("/v1/reports/payments?campaign=%00reader@example.org&status=reader@example.org");
    expect(await response.text()).not.toContain("reader@");
  });

  test("is no problem for a cursor at either end of time", async () => {
    await gift();
    expect((await rows(`/v1/reports/payments?${NOVEMBER}&cursor=${some("0", id)}`)).rows).toEqual([]);
    expect((await rows(`/v1/reports/payments?${NOVEMBER}&cursor=${some("99999999999999", id)}`)).rows).toHaveLength(1);
  });
});
