import iconv from "iconv-lite";
import type { Insertable } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DB } from "../../src/db/schema.ts";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { DATEV_COLUMNS } from "../../src/reports/journal/datev-columns.ts";
import type { JournalEntry } from "../../src/reports/journal/entries.ts";
import { partOf } from "../../src/reports/journal/parts.ts";
import { readCsv, readRecords } from "../support/csv.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift, stripeId } from "../support/gifts.ts";
import { type Change, edit, newsroomFiles } from "../support/newsroom-files.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;
beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db });
  await insertBooks();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const files = newsroomFiles();
const DATEV = { consultant: 1001, client: 1 };

function accountingWith(...changes: readonly Change[]): NewsroomConfig["accounting"] {
  edit(files().file, ...changes);
  return loadNewsroom(files().file).accounting;
}

const MARCH = "from=2026-03-01&to=2026-04-01&currency=EUR";

/**
 * March 2026 in euros: a gift of 25.00 for a campaign, one of 40.00 USD that came to 36.80, of which 10.00 USD were given back when that cost
 * 9.50, and a payout. In April, in yen.
 */
async function insertBooks(): Promise<void> {
  const settled = { currency: "EUR", gross: 2500, fee: 63 };
  await insertGift(database.db, {
    currency: "EUR",
    at: "2026-03-31T21:59:59Z",
    settled,
    donation: { campaign: "winter-2026" },
  });
  const { payment_id, donation_id } = await insertGift(database.db, {
    ...{ currency: "USD", amount: 4000, at: "2026-03-05T12:00:00Z" },
    settled: { currency: "EUR", gross: 3680, fee: 82, rate: "0.92" },
  });
  await insertRefund({ payment_id, donation_id, amount: 1000, cost: 950, at: "2026-03-07T12:00:00Z" });
  await insertMovement({
    type: "payout",
    reporting_category: "payout",
    source_id: "po_1NAI4BQBRUacjeDjrf4Pb6sj",
    amount: -2000,
    created: "2026-03-09T00:00:00Z",
  });
  await insertGift(database.db, {
    currency: "JPY",
    amount: 500,
    at: "2026-04-02T12:00:00Z",
    settled: { currency: "JPY", gross: 500, fee: 18 },
  });
}

async function insertMovement(given: Partial<Insertable<DB["balance_transactions"]>>): Promise<string> {
  const row = { amount: 0, fee: 0, created: "2026-03-01T00:00:00Z", ...given };
  const id = stripeId("txn");
  await database.db
    .insertInto("balance_transactions")
    .values({
      id,
      available_on: row.created,
      type: "adjustment",
      reporting_category: "other_adjustment",
      currency: "EUR",
      fee_details: "[]",
      ...row,
      net: row.amount - row.fee,
    })
    .execute();
  return id;
}

interface Refund {
  readonly payment_id: string;
  readonly donation_id: string;
  /** In the donor's currency, and in the settlement currency. */
  readonly amount: number;
  readonly cost: number;
  readonly at: string;
}

async function insertRefund({ payment_id, donation_id, amount, cost, at }: Refund): Promise<void> {
  const id = stripeId("re");
  const booked = await insertMovement({
    type: "refund",
    reporting_category: "refund",
    source_id: id,
    amount: 0 - cost,
    created: at,
  });
  await database.db
    .insertInto("stripe_refunds")
    .values({ id, as_of: at, rank: 2, created: at, status: "succeeded", amount, currency: "USD" })
    .execute();
  await database.db
    .insertInto("payment_movements")
    .values({
      balance_transaction_id: booked,
      payment_id,
      donation_id,
      frequency: "once",
      booked_at: at,
      currency: "EUR",
      gross: 0,
      refunded: cost,
      disputed: 0,
      fee: 0,
      net: 0 - cost,
    })
    .execute();
}

async function file(query: string): Promise<{ readonly response: Response; readonly bytes: Buffer }> {
  const response = await app.get(`/v1/reports/journal.csv?${query}`);
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function refusal(query: string): Promise<{
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { path: string }[];
}> {
  const { response, bytes } = await file(query);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return { status: response.status, ...JSON.parse(bytes.toString("utf8")) };
}

describe("QuickBooks", () => {
  test("has a line for each debit and credit, known by the account's name, dates as in the US", async () => {
    const { response, bytes } = await file(`${MARCH}&format=quickbooks`);
    expect(response.headers.get("x-part")).toBe("1/1");
    expect(response.headers.get("content-disposition")).toContain('"journal_quickbooks_2026-03-01_2026-04-01_EUR.csv"');
    expect(bytes.toString("utf8").split("\r\n")).toEqual([
      "JournalNo,JournalDate,AccountName,Debits,Credits,Description,Class",
      '20260305EUR,03/05/2026,Stripe balance,35.98,,"Stripe, EUR, 2026-03-05",',
      '20260305EUR,03/05/2026,"Gifts, once",,36.80,"Stripe, EUR, 2026-03-05",',
      '20260305EUR,03/05/2026,Payment fees,0.82,,"Stripe, EUR, 2026-03-05",',
      '20260307EUR,03/07/2026,Stripe balance,,9.50,"Stripe, EUR, 2026-03-07",',
      '20260307EUR,03/07/2026,Gifts refunded,9.20,,"Stripe, EUR, 2026-03-07",',
      '20260307EUR,03/07/2026,Exchange differences,0.30,,"Stripe, EUR, 2026-03-07",',
      "PO-RUacjeDjrf4Pb6sj,03/09/2026,Stripe balance,,20.00,Payout po_1NAI4BQBRUacjeDjrf4Pb6sj,",
      "PO-RUacjeDjrf4Pb6sj,03/09/2026,Bank,20.00,,Payout po_1NAI4BQBRUacjeDjrf4Pb6sj,",
      '20260331EUR,03/31/2026,Stripe balance,24.37,,"Stripe, EUR, 2026-03-31",',
      '20260331EUR,03/31/2026,"Gifts, once",,25.00,"Stripe, EUR, 2026-03-31",2026',
      '20260331EUR,03/31/2026,Payment fees,0.63,,"Stripe, EUR, 2026-03-31",2026',
      "",
    ]);
  });

  test("numbers its journals with 21 characters at most", async () => {
    const lines = readCsv((await file(`${MARCH}&format=quickbooks`)).bytes.toString("utf8"));
    expect(Math.max(...lines.map((line) => line.JournalNo?.length ?? 0))).toBeLessThanOrEqual(21);
  });
});

describe("Xero", () => {
  test("has signed amounts, account codes and days first, and each journal comes to nothing", async () => {
    const text = (await file(`${MARCH}&format=xero`)).bytes.toString("utf8");
    expect(text.split("\r\n")[0]).toBe(
      "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2",
    );
    const lines = readCsv(text);
    expect(lines[3]).toEqual({
      "*Narration": "Stripe, EUR, 2026-03-07 (20260307EUR)",
      "*Date": "07/03/2026",
      Description: "Stripe balance",
      "*AccountCode": "1361",
      "*TaxRate": "Tax Exempt",
      "*Amount": "-9.50",
      TrackingName1: "",
      TrackingOption1: "",
      TrackingName2: "",
      TrackingOption2: "",
    });
    for (const [narration, journal] of Map.groupBy(lines, (line) => line["*Narration"])) {
      const cents = journal.reduce((sum, line) => sum + Math.round(Number(line["*Amount"]) * 100), 0);
      expect(cents, narration).toBe(0);
    }
  });

  test("has the cost centres as options of the tracking category, if there is one", async () => {
    const accounting = accountingWith(["accounting.xero.tracking_category", "Campaign"]);
    const other = await reportsApp({ db: database.db, accounting });
    const lines = readCsv(await (await other.get(`/v1/reports/journal.csv?${MARCH}&format=xero`)).text());
    await other.close();
    expect(
      lines
        .filter((line) => line.TrackingOption1 !== "")
        .map((line) => [line.Description, line.TrackingName1, line.TrackingOption1]),
    ).toEqual([
      ["Gifts, once", "Campaign", "2026"],
      ["Payment fees", "Campaign", "2026"],
    ]);
  });
});

describe("DATEV", () => {
  test("begins with the header of a batch, whose fiscal year and days are those of the file", async () => {
    const { response, bytes } = await file(`${MARCH}&format=datev`);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=windows-1252");
    expect(response.headers.get("content-disposition")).toContain(
      '"EXTF_Buchungsstapel_2026-03-01_2026-04-01_EUR.csv"',
    );
    const [header = ""] = bytes.toString("latin1").split("\r\n");
    expect(header.replace(/;\d{17};/, ";MADE;")).toBe(
      '"EXTF";700;21;"Buchungsstapel";13;MADE;;"RD";"";"";1001;1;20260101;4;20260301;20260331;"Stripe";"";1;0;0;"EUR";;"";;;"";;;"";""',
    );
    expect(readRecords(`${header}\r\n`, ";")[0]).toHaveLength(31);
  });

  test("is in CP1252, each line of 125 fields and ended by CR LF", async () => {
    const { bytes } = await file(`${MARCH}&format=datev`);
    expect(bytes.includes(Buffer.from([0x53, 0x63, 0x68, 0x6c, 0xfc, 0x73, 0x73, 0x65, 0x6c]))).toBe(true);
    expect(bytes.subarray(0, 3)).not.toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    const text = iconv.decode(bytes, "windows-1252");
    expect(text.endsWith("\r\n")).toBe(true);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    const [, columns, ...rows] = readRecords(text, ";");
    expect(columns).toEqual(DATEV_COLUMNS);
    expect(DATEV_COLUMNS).toHaveLength(125);
    for (const row of rows) expect(row).toHaveLength(125);
  });

  test("has unsigned amounts with S or H of the account, against the Stripe balance, in the forms that DATEV names", async () => {
    const text = iconv.decode((await file(`${MARCH}&format=datev`)).bytes, "windows-1252");
    const [, , ...lines] = text.trimEnd().split("\r\n");
    const fields = lines.map((line) => line.split(";"));
    expect(lines.map((line) => line.replace(/;+$/, ""))).toEqual([
      '36,80;"H";"EUR";;;;8191;1361;;0503;"20260305EUR";;;"Gifts, once, Stripe, EUR, 2026-03-05"',
      '0,82;"S";"EUR";;;;4970;1361;;0503;"20260305EUR";;;"Payment fees, Stripe, EUR, 2026-03-05"',
      '9,20;"S";"EUR";;;;8195;1361;;0703;"20260307EUR";;;"Gifts refunded, Stripe, EUR, 2026-03-07"',
      '0,30;"S";"EUR";;;;2150;1361;;0703;"20260307EUR";;;"Exchange differences, Stripe, EUR, 2026-03-07"',
      '20,00;"S";"EUR";;;;1200;1361;;0903;"PO-RUacjeDjrf4Pb6sj";;;"Bank, Payout po_1NAI4BQBRUacjeDjrf4Pb6sj"',
      `25,00;"H";"EUR";;;;8191;1361;;3103;"20260331EUR";;;"Gifts, once, Stripe, EUR, 2026-03-31"${";".repeat(23)}"2026"`,
      `0,63;"S";"EUR";;;;4970;1361;;3103;"20260331EUR";;;"Payment fees, Stripe, EUR, 2026-03-31"${";".repeat(23)}"2026"`,
    ]);
    for (const row of fields) {
      expect(row[0]).toMatch(/^\d{1,10},\d{2}$/);
      expect(row[9]).toMatch(/^\d{4}$/);
      expect(row[10]).toMatch(/^"[\w$%\-/]{0,36}"$/);
      expect(row[13]).toMatch(/^".{0,60}"$/);
    }
  });

  test("has two decimals in a currency without any", async () => {
    const text = iconv.decode((await file("from=2026-04-01&to=2026-05-01&format=datev")).bytes, "windows-1252");
    expect(text).toContain('\r\n500,00;"H";"JPY";');
    expect(text).toContain(';0;"JPY";');
  });

  test("is of one fiscal year, and of one that begins in July too", async () => {
    expect(await refusal("from=2025-12-01&to=2026-04-01&currency=EUR&format=datev")).toMatchObject({
      status: 400,
      errors: [{ path: "to" }],
    });
    expect((await file("from=2026-01-01&to=2027-01-01&currency=EUR&format=datev")).response.status).toBe(200);
    const accounting = accountingWith(["accounting.datev.fiscal_year_starts", "07-01"]);
    const other = await reportsApp({ db: database.db, accounting });
    const head = async (days: string) => await other.get(`/v1/reports/journal.csv?${days}&currency=EUR&format=datev`);
    expect((await head("from=2026-06-01&to=2026-08-01")).status).toBe(400);
    const march = await head("from=2026-03-01&to=2026-07-01");
    expect((await march.text()).split(";")[12]).toBe("20250701");
    await other.close();
  });

  test("wants to be configured, has no byte order mark, and no account number of another length passes", async () => {
    const other = await reportsApp({ db: database.db, accounting: accountingWith(["accounting.datev", undefined]) });
    const answer = await other.get(`/v1/reports/journal.csv?${MARCH}&format=datev`);
    await other.close();
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, "datev_not_configured"]);
    expect(await refusal(`${MARCH}&format=datev&bom=1`)).toMatchObject({ status: 400, errors: [{ path: "bom" }] });
    expect(() =>
      accountingWith(["accounting.datev", DATEV], ["accounting.accounts.gifts_once.number", "81910"]),
    ).toThrow(/accounting\.accounts\.gifts_once\.number: must have 4 digits/);
  });
});

describe("a file for a package", () => {
  test("is of one currency", async () => {
    const several = "from=2026-03-01&to=2026-05-01";
    for (const format of ["quickbooks", "xero", "datev"]) {
      expect(await refusal(`${several}&format=${format}`)).toMatchObject({
        status: 422,
        code: "currency_required",
        detail: expect.stringContaining("EUR, JPY"),
      });
      expect((await file(`${several}&format=${format}&currency=jpy`)).response.status).toBe(200);
    }
    expect((await file(`${several}&format=generic`)).response.status).toBe(200);
  });

  test("that is empty is a header", async () => {
    const { bytes } = await file("from=2020-01-01&to=2020-02-01&format=quickbooks");
    expect(bytes.toString("utf8").split("\r\n")).toHaveLength(2);
  });

  test("has a byte order mark if asked", async () => {
    expect([...(await file(`${MARCH}&format=xero&bom=1`)).bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  });

  test.each([
    [`${MARCH}&format=sage`, "format"],
    [`${MARCH}&part=1`, "part"],
    [`${MARCH}&format=xero&part=0`, "part"],
    [`${MARCH}&format=xero&part=2`, "part"],
  ])("isn't made of %s", async (query, path) => {
    expect(await refusal(query)).toMatchObject({ status: 400, errors: [{ path }] });
  });

  test("is refused as JSON", async () => {
    expect((await app.get(`/v1/reports/journal?${MARCH}&format=xero`)).status).toBe(400);
  });

  test("with a name like a formula holds no formula", async () => {
    const accounting = accountingWith(["accounting.accounts.bank.name", "=HYPERLINK(1)"]);
    const other = await reportsApp({ db: database.db, accounting });
    for (const format of ["quickbooks", "xero", "generic"]) {
      const text = await (await other.get(`/v1/reports/journal.csv?${MARCH}&format=${format}`)).text();
      expect(text).toContain(",'=HYPERLINK(1),");
    }
    await other.close();
  });
});

describe("parts", () => {
  const entry = (number: number, lines: number): JournalEntry => ({
    entry: `E${number}`,
    date: "2026-03-01",
    currency: "EUR",
    description: "",
    payout_id: null,
    correction_of: null,
    accounts: loadNewsroom(files().file).accounting.accounts,
    lines: [
      { account: "stripe_balance", cost_centre: null, amount: lines - 1 },
      ...Array.from({ length: lines - 1 }, (_, n) => ({
        account: "gifts_once" as const,
        cost_centre: String(n),
        amount: -1,
      })),
    ],
  });
  async function* list(...entries: JournalEntry[]) {
    yield* entries;
  }

  test("are of whole entries, none above the limit, and together they are everything", async () => {
    const all = [entry(1, 4), entry(2, 4), entry(3, 3), entry(4, 10), entry(5, 2)];
    const parts = await Promise.all([1, 2].map((part) => partOf(list(...all), part, 12)));
    expect(parts.map(({ entries }) => entries.map((one) => one.entry))).toEqual([
      ["E1", "E2", "E3"],
      ["E4", "E5"],
    ]);
    expect(parts.map((part) => part.parts)).toEqual([2, 2]);
  });

  test("must be asked for, lest half a journal pass for a whole one", async () => {
    await expect(partOf(list(entry(1, 8), entry(2, 8)), undefined, 12)).rejects.toMatchObject({
      code: "journal_has_parts",
    });
    await expect(partOf(list(entry(1, 8)), 2, 12)).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("of an entry above the limit are several entries, each balanced", async () => {
    const found: JournalEntry[] = [];
    for (const part of [1, 2, 3]) found.push(...(await partOf(list(entry(1, 30)), part, 12)).entries);
    expect(found.map((one) => [one.entry, one.lines.length])).toEqual([
      ["E1-1", 12],
      ["E1-2", 12],
      ["E1-3", 8],
    ]);
    for (const { lines } of found) expect(lines.reduce((sum, line) => sum + line.amount, 0)).toBe(0);
    expect(found.flatMap((one) => one.lines).filter((line) => line.account === "gifts_once")).toHaveLength(29);
  });
});
