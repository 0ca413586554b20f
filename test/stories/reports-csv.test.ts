import { get as httpGet, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { harmless } from "../../src/reports/csv.ts";
import { readCsv } from "../support/csv.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift } from "../support/gifts.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;

beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  await sql`truncate payments, donations cascade`.execute(database.db);
});

const NOVEMBER = "from=2026-11-01&to=2026-12-01";

describe("a CSV", () => {
  test("of payments has the list's columns and rows, with decimals beside the amounts", async () => {
    await insertGift(database.db, {
      currency: "JPY",
      amount: 3000,
      settled: { currency: "USD", gross: 2005, fee: 88, rate: "0.00668" },
      donation: { chosen_amount: 2900, fees_covered: true },
    });
    await insertGift(database.db, { amount: 50, settled: { currency: "USD", gross: 50, fee: 95 } });
    await insertGift(database.db, { settled: null, currency: "KWD", amount: 12_340 });

    const response = await app.get(`/v1/reports/payments.csv?${NOVEMBER}`);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toBe(
      'attachment; filename="payments_2026-11-01_2026-12-01.csv"',
    );
    expect(response.headers.get("cache-control")).toContain("no-store");
    const text = await response.text();
    expect(text).toMatch(/\r\n$/);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    const csv = readCsv(text);

    const { rows } = (await (await app.get(`/v1/reports/payments?${NOVEMBER}`)).json()) as {
      rows: Record<string, unknown>[];
    };
    expect(Object.keys(csv[0] ?? {}).filter((name) => !name.endsWith("_decimal"))).toEqual(Object.keys(rows[0] ?? {}));
    for (const [index, row] of rows.entries()) {
      for (const [name, value] of Object.entries(row))
        expect(csv[index]?.[name], name).toBe(value === null ? "" : String(value));
    }
    const byAmount = new Map(csv.map((row) => [row.amount, row]));
    expect(byAmount.get("3000")).toMatchObject({
      amount_decimal: "3000",
      chosen_amount_decimal: "2900",
      refunded_decimal: "0",
      settled_gross_decimal: "20.05",
      fee_decimal: "0.88",
      net_decimal: "19.17",
    });
    expect(byAmount.get("50")).toMatchObject({ net: "-45", net_decimal: "-0.45" });
    expect(byAmount.get("12340")).toMatchObject({ amount_decimal: "12.340", net: "", net_decimal: "" });
    const names = Object.keys(csv[0] ?? {});
    expect(names[names.indexOf("settled_gross") + 1]).toBe("settled_gross_decimal");
  });

  test("of the summary has the summary's rows", async () => {
    await insertGift(database.db);
    const response = await app.get(`/v1/reports/summary.csv?${NOVEMBER}&interval=year`);
    expect(response.headers.get("content-disposition")).toBe(
      'attachment; filename="summary_2026-11-01_2026-12-01.csv"',
    );
    expect(await response.text()).toBe(
      "period,frequency,currency,donations,payments,gross,gross_decimal,refunded,refunded_decimal,disputed,disputed_decimal," +
        "fees,fees_decimal,net,net_decimal,closed,correction_of\r\n2026-01-01,once,USD,1,1,2500,25.00,0,0.00,0,0.00,103,1.03,2397,23.97,false,\r\n",
    );
  });

  test("of nothing is a header", async () => {
    for (const report of ["summary", "payments"]) {
      expect((await (await app.get(`/v1/reports/${report}.csv?${NOVEMBER}`)).text()).split("\r\n")).toHaveLength(2);
    }
  });

  test("begins with a byte order mark if asked", async () => {
    const bytes = async (query: string) =>
      new Uint8Array(await (await app.get(`/v1/reports/payments.csv?${NOVEMBER}${query}`)).arrayBuffer()).slice(0, 3);
    expect([...(await bytes("&bom=1"))]).toEqual([0xef, 0xbb, 0xbf]);
    expect([...(await bytes("&bom=0"))]).toEqual([..."pay"].map((letter) => letter.charCodeAt(0)));
    expect((await app.get(`/v1/reports/payments.csv?${NOVEMBER}&bom=yes`)).status).toBe(400);
  });

  test("keeps what readers wrote apart from its own structure", async () => {
    const campaign = 'He said "give", twice;\r\nthen left, ünïcödé 日本';
    await insertGift(database.db, { donation: { campaign } });
    const [row] = readCsv(await (await app.get(`/v1/reports/payments.csv?${NOVEMBER}`)).text());
    expect(row?.campaign).toBe(campaign);
  });

  test("holds no cell that a spreadsheet would run", async () => {
    await insertGift(database.db, {
      donation: {
        article_id: '=HYPERLINK("http://example.org";"x")',
        campaign: "+1+1",
        placement: "-2+3",
        variant: "@SUM(A1)",
        utm_source: "\t=1+1",
        utm_medium: "\r=1+1",
        utm_campaign: " =1+1",
        utm_content: "＝1+1",
        utm_term: "x;=1+1",
      },
    });
    const [row = {}] = readCsv(await (await app.get(`/v1/reports/payments.csv?${NOVEMBER}`)).text());
    for (const name of [
      "article_id",
      "campaign",
      "placement",
      "variant",
      "utm_source",
      "utm_medium",
      "utm_campaign",
      "utm_content",
    ]) {
      expect(row[name], name).toMatch(/^'/);
    }
    expect(row.utm_term).toBe("x;'=1+1");
  });

  test.each([
    ["plain", "plain"],
    ["-5", "-5"],
    ["-0.45", "-0.45"],
    ["-5+1", "'-5+1"],
    ["-5;=1", "'-5;'=1"],
    ["a=b", "a=b"],
    ["reader@example.org", "reader@example.org"],
    ["a\n=b", "a\n'=b"],
    ["\u200b=1", "'\u200b=1"],
    ["\ufeff=1", "'\ufeff=1"],
    ["\u202e=1", "'\u202e=1"],
    [" \u00a0=1", "' \u00a0=1"],
    ["\tx", "'\tx"],
    ["\rx", "'\rx"],
    ["\t=1", "'\t'=1"],
    ["Ü-Wagen", "Ü-Wagen"],
    ["日本-2026", "日本-2026"],
    ["", ""],
  ])("cell %j is written as %j", (text, written) => {
    expect(harmless(text)).toBe(written);
  });

  test("goes on behind a cursor and ends at a limit, like the list", async () => {
    for (let index = 0; index < 5; index++) await insertGift(database.db, { at: `2026-11-10T12:00:0${index}Z` });
    const list = async (query: string) =>
      (await (await app.get(`/v1/reports/payments?${NOVEMBER}&${query}`)).json()) as {
        rows: { payment_id: string }[];
        next_cursor: string;
      };
    const { next_cursor } = await list("limit=2");
    const { rows } = await list(`limit=2&cursor=${next_cursor}`);
    const csv = await app.get(`/v1/reports/payments.csv?${NOVEMBER}&limit=2&cursor=${next_cursor}`);
    expect(readCsv(await csv.text()).map((row) => row.payment_id)).toEqual(rows.map((row) => row.payment_id));
  });

  test("of which only the head is asked for reads nothing", async () => {
    const response = await app.get(`/v1/reports/payments.csv?${NOVEMBER}`, undefined, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  });
});

describe("a long CSV", () => {
  const COUNT = 5_500;

  async function insertMany(count: number): Promise<void> {
    const { donation_id } = await insertGift(database.db, { frequency: "monthly" });
    await sql`
      insert into payments (id, donation_id, frequency, installment, status, currency, amount, booked_at, paid_at, stripe_invoice)
      select gen_random_uuid(), ${donation_id}, 'monthly', n + 1, 'paid', 'USD', 500,
        timestamptz '2026-11-10' + n / 50 * interval '1 second', timestamptz '2026-11-10', repeat('i', 400) || n
      from generate_series(1, ${count - 1}) as n
    `.execute(database.db);
  }

  const openTransactions = async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
    `.execute(database.db);
    return rows[0]?.count;
  };

  test("has every row once, in the list's order", async () => {
    await insertMany(COUNT);
    const csv = readCsv(await (await app.get(`/v1/reports/payments.csv?${NOVEMBER}`)).text());
    const { rows } = await sql<{ id: string }>`select id from payments order by booked_at desc, id desc`.execute(
      database.db,
    );
    expect(csv.map((row) => row.payment_id)).toEqual(rows.map((row) => row.id));
    expect(await openTransactions()).toBe(0);
  });

  test("shows one moment, whatever settles while it is downloaded", async () => {
    await insertMany(20_000);
    const { response, body } = await slowly(`/v1/reports/payments.csv?${NOVEMBER}`);
    // The oldest ones, which the file has yet to reach, settle and with that become the newest.
    await sql`update payments set booked_at = '2026-11-29' where booked_at < '2026-11-10T00:00:10Z'`.execute(
      database.db,
    );
    await sql`insert into payments (id, donation_id, frequency, installment, status, currency, amount, booked_at, paid_at, stripe_invoice)
      select gen_random_uuid(), donation_id, 'monthly', 0 + 999999, 'paid', 'USD', 500, '2026-11-01', '2026-11-01', 'in_late' from payments limit 1
    `.execute(database.db);
    response.resume();
    const csv = readCsv(await body);
    expect(new Set(csv.map((row) => row.payment_id)).size).toBe(20_000);
    expect(csv).toHaveLength(20_000);
    expect(csv.some((row) => row.booked_at?.startsWith("2026-11-29"))).toBe(false);
  });

  test("stops when the reader goes away, and lets go of its connection", async () => {
    await insertMany(20_000);
    const { response } = await slowly(`/v1/reports/payments.csv?${NOVEMBER}`);
    expect(await openTransactions()).toBe(1);
    response.destroy();
    await vi.waitFor(async () => expect(await openTransactions()).toBe(0), { timeout: 5000, interval: 20 });
    expect(app.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test("waits in line behind two others, which never keep the other reports waiting", async () => {
    await insertMany(20_000);
    const slow = [
      await slowly(`/v1/reports/payments.csv?${NOVEMBER}`),
      await slowly(`/v1/reports/payments.csv?${NOVEMBER}`),
    ];
    const third = app.get(`/v1/reports/payments.csv?${NOVEMBER}&limit=1`);
    const first = await Promise.race([third.then(() => "third"), sleep(300, "nothing")]);
    expect(first).toBe("nothing");
    expect(await openTransactions()).toBe(2);
    expect((await app.get(`/v1/reports/payments?${NOVEMBER}&limit=1`)).status).toBe(200);
    for (const { response } of slow) response.destroy();
    expect((await third).status).toBe(200);
  });

  test("that fails before its first byte is a problem, and after it is cut off", async () => {
    await insertMany(20_000);
    const token = await app.token("admin");
    const { response, body } = await slowly(`/v1/reports/payments.csv?${NOVEMBER}`);
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
    `.execute(database.db);
    response.resume();
    await expect(body).rejects.toThrow();
    expect(app.lines.join("")).toContain("an export broke off");

    await sql`alter table payments rename to payments_away`.execute(database.db);
    const failed = await app.get(`/v1/reports/payments.csv?${NOVEMBER}`, token);
    await sql`alter table payments_away rename to payments`.execute(database.db);
    expect(failed.status).toBe(500);
    expect(failed.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(failed.headers.get("content-disposition")).toBeNull();
    app.lines.length = 0;
  });

  /** A download that takes the first bytes and then waits. */
  async function slowly(path: string): Promise<{ response: IncomingMessage; body: Promise<string> }> {
    const authorization = `Bearer ${await app.token("finance")}`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(app.url + path, { headers: { authorization } }, resolve).on("error", reject);
    });
    const chunks: Buffer[] = [];
    const body = new Promise<string>((resolve, reject) => {
      response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      response.on("error", reject);
    });
    body.catch(() => {});
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
    });
    response.pause();
    await sleep(300);
    return { response, body };
  }
});
