import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { reading } from "../../src/reports/reading.queries.ts";
import { ROLES, type Role } from "../../src/shared/roles.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift, stripeId } from "../support/gifts.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;
beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db, now: () => new Date("2026-11-23T12:00:00Z") });
  await insertBooks();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const PAYOUT = "po_first";
const ROUTES = [
  "payouts",
  "payouts.csv",
  `payouts/${PAYOUT}`,
  `payouts/${PAYOUT}.csv`,
  "balance",
  "balance.csv",
  "journal",
  "journal.csv",
  "journal.csv?format=quickbooks&currency=USD",
  "journal.csv?format=xero&currency=USD",
  "journal.csv?format=datev&currency=USD&from=2026-01-01&to=2027-01-01",
  "disputes",
  "disputes.csv",
];
const MAY: Readonly<Record<Role, boolean>> = { finance: true, admin: true, audience: false, support: false };

/** Ten gifts of 25.00 USD (net 23.97): the first payout carried four of them, the second the fifth to seventh and a hundred that were no gift; two disputes are open, and one is over. */
async function insertBooks(): Promise<void> {
  const gifts: string[] = [];
  for (let day = 10; day < 20; day++)
    gifts.push((await insertGift(database.db, { at: `2026-11-${day}T12:00:00Z` })).payment_id);
  const { rows } = await sql<{ id: string; charge: string }>`
    select stripe_balance_transaction as id, stripe_charge as charge from payments order by booked_at
  `.execute(database.db);
  await insertPayout(
    { id: PAYOUT, created: "2026-11-15T00:00:00Z", amount: 4 * 2397, status: "paid" },
    rows.slice(0, 4).map((row) => row.id),
  );
  await insertTransaction("txn_shop", 10_000, "2026-11-16T00:00:00Z", "charge", "ch_shop");
  await insertPayout(
    { id: "po_second", created: "2026-11-18T00:00:00Z", amount: 3 * 2397 + 10_001, status: "failed" },
    [...rows.slice(4, 7).map((row) => row.id), "txn_shop"],
  );
  await insertTransaction("txn_back", 3 * 2397 + 10_001, "2026-11-20T00:00:00Z", "payout_failure", "po_second");
  await insertPayout({ id: "po_third", created: "2026-11-21T00:00:00Z", amount: 3 * 2397 + 10_001, status: "paid" }, [
    "txn_back",
  ]);
  await insertPayout({ id: "po_fourth", created: "2026-11-22T00:00:00Z", amount: 1, status: "pending" }, null);
  for (const [id, status, due, created, charge] of [
    ["du_later", "needs_response", "2026-12-09", "2026-11-12", rows[0]?.charge],
    ["du_sooner", "needs_response", "2026-12-01", "2026-11-13", rows[1]?.charge],
    ["du_asked", "under_review", null, "2026-11-14", rows[2]?.charge],
    ["du_over", "lost", "2026-11-30", "2026-11-10", rows[3]?.charge],
    ["du_shop", "won", "2026-11-28", "2026-11-16", "ch_shop"],
  ]) {
    await sql`
      insert into stripe_disputes (id, as_of, created, status, amount, currency, reason, due_by, has_evidence, submission_count, balance_transaction_ids, charge_id)
      values (${id}, now(), ${created}::timestamptz, ${status}, 2500, 'USD', 'fraudulent', ${due}::timestamptz, false, 0, '{}', ${charge})
    `.execute(database.db);
  }
}

async function insertTransaction(id: string, amount: number, at: string, type: string, source: string): Promise<void> {
  await sql`
    insert into balance_transactions (id, created, available_on, type, reporting_category, source_id, currency, amount, fee, net, fee_details)
    values (${id}, ${at}::timestamptz, ${at}::timestamptz, ${type}, ${type === "payout_failure" ? "payout_reversal" : type}, ${source}, 'USD', ${amount}, 0, ${amount}, '[]')
  `.execute(database.db);
}

interface Payout {
  readonly id: string;
  readonly created: string;
  readonly amount: number;
  readonly status: string;
}

async function insertPayout({ id, created, amount, status }: Payout, lines: readonly string[] | null): Promise<void> {
  const own = stripeId("txn");
  await insertTransaction(own, 0 - amount, created, "payout", id);
  await sql`
    insert into stripe_payouts (id, as_of, rank, created, arrival_date, amount, currency, status, automatic, reconciliation_status, failure_code, balance_transaction_id, failure_balance_transaction_id)
    values (${id}, now(), 0, ${created}::timestamptz, ${created}::timestamptz + interval '2 days', ${amount}, 'USD', ${status}, true,
      ${lines === null ? "in_progress" : "completed"}, ${status === "failed" ? "account_closed" : null}, ${own}, ${status === "failed" ? "txn_back" : null})
  `.execute(database.db);
  if (lines === null) return;
  await sql`insert into payout_lines select ${id}, unnest(${[...lines]}::text[])`.execute(database.db);
  await sql`insert into payouts_pulled (payout_id) values (${id})`.execute(database.db);
}

async function get<Answer = { readonly rows: readonly Record<string, unknown>[]; readonly next_cursor: string | null }>(
  path: string,
): Promise<Answer> {
  const response = await app.get(`/v1/reports/${path}`);
  expect(response.status, await response.clone().text()).toBe(200);
  expect(response.headers.get("cache-control")).toBe("private, no-store");
  return (await response.json()) as Answer;
}

describe("the accountant's reports", () => {
  test.each(ROLES)("are open to the role %s as far as gifts are", async (role) => {
    const token = await app.token(role);
    for (const path of ROUTES)
      expect((await app.get(`/v1/reports/${path}`, token)).status, path).toBe(MAY[role] ? 200 : 403);
  });

  test.each(ROUTES)("need a token: %s", async (path) => {
    expect((await app.get(`/v1/reports/${path}`, null)).status).toBe(401);
    expect((await app.get(`/v1/reports/${path}`, "rd_unknown")).status).toBe(401);
  });

  test.each([
    ["payouts?from=2026-11-31", "from"],
    ["payouts?currency=dollars", "currency"],
    ["payouts?currency=UDS", "currency"],
    ["payouts?cursor=bm90IG9uZQ", "cursor"],
    ["payouts?status=paid", "status"],
    ["payouts.csv?limit=5", "limit"],
    ["payouts/po_first?limit=0", "limit"],
    ["payouts/ch_1", "id"],
    ["balance?currency=USD", "currency"],
    ["journal?format=datev", "format"],
    ["journal?cursor=WyJ4Il0", "cursor"],
    ["disputes?status=", "status"],
    ["disputes?status=loost", "status"],
    ["disputes?from=yesterday", "from"],
    ["disputes?from=2026-12-01&to=2026-11-01", "to"],
    ["disputes.csv?from=2026-12-01&to=2026-12-01", "to"],
  ])("refuse %s", async (path, field) => {
    const response = await app.get(`/v1/reports/${path}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { errors: { path: string }[] }).errors.map((error) => error.path)).toEqual([
      field,
    ]);
  });

  test("take a cursor of their own alone", async () => {
    const { next_cursor } = await get("payouts?limit=1");
    expect((await app.get(`/v1/reports/disputes?cursor=${next_cursor}`)).status).toBe(400);
    expect((await app.get(`/v1/reports/payouts?cursor=${next_cursor}A`)).status).toBe(400);
  });

  test("run on a database that can only be read, in transactions of their own limit", async () => {
    const url = `${database.url}?options=-c%20default_transaction_read_only%3Don`;
    const db = createDatabase(createPool({ url, max: 3, name: "replica", onError: () => {} }));
    await expect(sql`create table never (id int)`.execute(db)).rejects.toMatchObject({ code: "25006" });
    const replica = await reportsApp({ db: database.db, replica: db });
    const paths = [
      ...ROUTES,
      "summary",
      "summary.csv",
      "payments",
      "payments.csv",
      "reconciliation",
      "reconciliation.csv",
    ];
    for (const path of paths) expect((await replica.get(`/v1/reports/${path}`)).status, path).toBe(200);
    await replica.close();
    const limit = await reading(db, (trx) =>
      sql<{ limit: string }>`select current_setting('statement_timeout') as limit`.execute(trx),
    );
    expect(limit.rows).toEqual([{ limit: "30s" }]);
    const after = await sql<{ limit: string }>`select current_setting('statement_timeout') as limit`.execute(db);
    expect(after.rows).toEqual([{ limit: "0" }]);
    await db.destroy();
  });

  test("that take too long say so", async () => {
    const slow = reading(database.db, async (trx) => {
      await sql`set local statement_timeout = 20`.execute(trx);
      await sql`select pg_sleep(5)`.execute(trx);
    });
    await expect(slow).rejects.toMatchObject({ kind: "unavailable", code: "report_took_too_long" });
  });
});

describe("payouts", () => {
  test("say whether they add up, and by how much not", async () => {
    const { rows } = await get("payouts");
    expect(
      rows.map(({ payout_id, status, amount, lines_total, difference, adds_up }) => [
        payout_id,
        status,
        amount,
        lines_total,
        difference,
        adds_up,
      ]),
    ).toEqual([
      ["po_fourth", "pending", 1, null, null, null],
      ["po_third", "paid", 17_192, 17_192, 0, true],
      ["po_second", "failed", 17_192, 17_191, 1, false],
      ["po_first", "paid", 9588, 9588, 0, true],
    ]);
  });

  test("that the bank sent back show what brought the money back, and with what it went out again", async () => {
    expect(await get("payouts/po_second")).toMatchObject({
      failure_code: "account_closed",
      reversal_balance_transaction_id: "txn_back",
      reversed_at: "2026-11-20T00:00:00.000Z",
      reversed_amount: 17_192,
      paid_again_with: "po_third",
    });
    expect((await get("payouts/po_third")).rows).toMatchObject([
      { kind: "payout", type: "payout_failure", net: 17_192, payment_id: null },
    ]);
  });

  test("have totals by kind, not gifts apart, whatever the page of lines", async () => {
    const payout = await get<{ rows: unknown[]; totals: unknown[]; next_cursor: string }>("payouts/po_second?limit=3");
    expect(payout.totals).toEqual([
      { kind: "payment", count: 3, amount: 7500, fee: 309, net: 7191 },
      { kind: "not_gifts", count: 1, amount: 10_000, fee: 0, net: 10_000 },
    ]);
    expect(payout.rows).toHaveLength(3);
    const rest = await get(`payouts/po_second?limit=3&cursor=${payout.next_cursor}`);
    expect(rest.rows).toHaveLength(1);
    expect(rest.next_cursor).toBeNull();
  });

  test("that nobody knows are not found, as JSON and as CSV", async () => {
    for (const path of ["payouts/po_unknown", "payouts/po_unknown.csv"]) {
      const response = await app.get(`/v1/reports/${path}`);
      expect([response.status, response.headers.get("content-disposition")]).toEqual([404, null]);
    }
  });

  test("come page by page, each once, within their days and their currency", async () => {
    const seen: unknown[] = [];
    for (let cursor = ""; ; ) {
      const page = await get(`payouts?limit=1${cursor}`);
      seen.push(...page.rows.map((row) => row.payout_id));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(seen).toEqual(["po_fourth", "po_third", "po_second", "po_first"]);
    expect((await get("payouts?from=2026-11-18&to=2026-11-21")).rows.map((row) => row.payout_id)).toEqual([
      "po_second",
    ]);
    expect((await get("payouts?currency=EUR")).rows).toEqual([]);
  });
});

describe("disputes", () => {
  const ids = async (query: string) => (await get(`disputes${query}`)).rows.map((row) => row.dispute_id);

  test("come with the nearest deadline first, those without one behind, those that are over last and newest first", async () => {
    expect(await ids("")).toEqual(["du_sooner", "du_later", "du_asked", "du_shop", "du_over"]);
  });

  test.each([
    ["?status=open", ["du_sooner", "du_later", "du_asked"]],
    ["?status=closed", ["du_shop", "du_over"]],
    ["?status=needs_response", ["du_sooner", "du_later"]],
    ["?status=won", ["du_shop"]],
    ["?from=2026-11-13&to=2026-11-15", ["du_sooner", "du_asked"]],
    ["?from=2026-11-14", ["du_asked", "du_shop"]],
  ])("are filtered by %s, and so is the CSV", async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
    const csv = await (await app.get(`/v1/reports/disputes.csv${query}`)).text();
    expect(
      csv
        .trimEnd()
        .split("\r\n")
        .slice(1)
        .map((line) => line.split(",")[0]),
    ).toEqual(expected);
  });

  test("come page by page, each once", async () => {
    const seen: unknown[] = [];
    for (let cursor = ""; ; ) {
      const page = await get(`disputes?limit=2${cursor}`);
      seen.push(...page.rows.map((row) => row.dispute_id));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(seen).toEqual(await ids(""));
  });

  test("say whose gift it is about, and nothing where it is none", async () => {
    const { rows } = await get("disputes");
    expect(rows[0]).toMatchObject({
      payment_id: expect.any(String),
      donation_id: expect.any(String),
      held_back: null,
      reason: "fraudulent",
      due_by: "2026-12-01T00:00:00.000Z",
    });
    expect(rows.find((row) => row.dispute_id === "du_shop")).toMatchObject({ payment_id: null, donation_id: null });
  });
});

describe("the balance", () => {
  test("goes on where the month before ended, and has what is no gift by itself", async () => {
    const first = await get("balance?from=2026-11-01&to=2026-11-17");
    const second = await get("balance?from=2026-11-17&to=2026-12-01");
    expect(first.rows).toMatchObject([{ opening: 0, payouts: 9588, closing: 7 * 2397 + 10_000 - 9588, stripe: null }]);
    expect(second.rows).toMatchObject([{ opening: first.rows[0]?.closing, payouts: 17_192 + 1 }]);
    expect(first.rows[0]?.activity).toEqual([
      { kind: "gifts", reporting_category: "charge", count: 7, amount: 17_500, fee: 721, net: 16_779 },
      { kind: "not_gifts", reporting_category: "charge", count: 1, amount: 10_000, fee: 0, net: 10_000 },
    ]);
  });
});

describe("the journal", () => {
  test("comes page by page, each line once, also within a day", async () => {
    const { rows } = await get("journal?limit=1000");
    for (const limit of [1, 4, 7]) {
      const seen: unknown[] = [];
      for (let cursor = ""; ; ) {
        const page = await get(`journal?limit=${limit}${cursor}`);
        seen.push(...page.rows);
        if (page.next_cursor === null) break;
        cursor = `&cursor=${page.next_cursor}`;
      }
      expect(seen).toEqual(rows);
    }
  });

  test("books what came back from the bank the other way round", async () => {
    const { rows } = await get("journal?limit=1000");
    const back = rows.filter((row) => row.entry === "PR-po_second");
    expect(back.map(({ date, account, debit, credit }) => [date, account, debit, credit])).toEqual([
      ["2026-11-20", "stripe_balance", 17_192, 0],
      ["2026-11-20", "bank", 0, 17_192],
    ]);
  });

  test("puts a gift at 23:30 UTC into the day that it is in the newsroom's time zone", async () => {
    const { rows } = await get("journal?from=2026-11-10&to=2026-11-11");
    expect(rows.map(({ date, account, debit, credit }) => [date, account, debit, credit])).toEqual([
      ["2026-11-10", "stripe_balance", 2397, 0],
      ["2026-11-10", "gifts_once", 0, 2500],
      ["2026-11-10", "payment_fees", 103, 0],
    ]);
    const tokyo = await reportsApp({ db: database.db, timeZone: "Pacific/Kiritimati" });
    const there = await tokyo.get("/v1/reports/journal?from=2026-11-11&to=2026-11-12");
    expect(((await there.json()) as { rows: { date: string }[] }).rows.map((row) => row.date)).toEqual(
      Array(3).fill("2026-11-11"),
    );
    await tokyo.close();
  });
});
