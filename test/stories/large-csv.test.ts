import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { harmless } from "../../src/reports/csv.ts";
import { formatDecimal } from "../../src/shared/money.ts";
import { readCsv } from "../support/csv.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;
beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db });
  await insertPayments();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** Six pages of the export and a bit. Two million are compared by the bench. */
const ROWS = 12_345;

/** In all currencies of every kind, settled or not, below zero, and with names of every sort in each column that a reader may write. */
async function insertPayments(): Promise<void> {
  const names = [
    "plain",
    "=1+1",
    "+49 30",
    "-5",
    "@home",
    "a,b",
    'say "yes"',
    "two\r\nlines",
    "\ttab",
    "\rreturn",
    " =1",
    "Зима-2026",
    "日本",
    "ü;=1",
    "1.5",
    "'=1",
    "",
    "\u200b=1",
    "\u{1f600}",
    null,
  ];
  await sql`
    with name as (select text, row_number() over () - 1 as n from unnest(${names}::text[]) as text)
    insert into donations (id, created_at, origin, frequency, currency, amount, chosen_amount, fees_covered, status, donor_id, article_id, article_url, campaign, placement, variant, utm_source, utm_medium, utm_campaign, utm_content, utm_term)
    select md5('d' || d)::uuid, now(), 'checkout', 'monthly', 'USD', 500 + d, 500, true, 'paid', null,
      (select text from name where n = d % 20), case when d % 3 = 0 then 'https://www.example.org/' || d end, (select text from name where n = (d / 2) % 20),
      (select text from name where n = (d + 3) % 20), (select text from name where n = (d + 5) % 20), (select text from name where n = (d + 7) % 20),
      (select text from name where n = (d + 11) % 20), (select text from name where n = (d + 13) % 20), (select text from name where n = (d + 17) % 20), (select text from name where n = (d + 19) % 20)
    from generate_series(1, 200) as d
  `.execute(database.db);
  await sql`
    insert into payments (id, donation_id, frequency, installment, status, currency, amount, refunded, disputed, booked_at, paid_at, payment_method, card_country, settlement_currency, settled_gross, fee, net, exchange_rate, stripe_invoice)
    select md5('p' || n)::uuid, md5('d' || 1 + n % 200)::uuid, 'monthly', 1 + n, 'paid', (array['USD', 'JPY', 'KWD', 'ISK', 'EUR'])[1 + n % 5], 1 + n % 100000, n % 2, 0,
      timestamptz '2026-11-10' + n / 7 * interval '1 second', timestamptz '2026-11-10' + n * interval '1 millisecond', 'card', 'DE',
      case when n % 4 > 0 then (array['JPY', 'USD', 'KWD'])[n % 4] end, case when n % 4 > 0 then n % 50 end, case when n % 4 > 0 then 30 end, case when n % 4 > 0 then n % 50 - 30 end,
      case when n % 4 = 1 then 0.00610 end, 'in_' || n
    from generate_series(0, ${ROWS - 1}) as n
  `.execute(database.db);
}

test("a large CSV is the table, cell for cell and in its order", async () => {
  const response = await app.get("/v1/reports/payments.csv?from=2026-11-01&to=2027-01-01");
  const lines = readCsv(await response.text());
  expect(lines).toHaveLength(ROWS);
  const { rows } = await sql<
    Record<string, unknown>
  >`select * from reporting.payments order by booked_at desc, payment_id desc`.execute(database.db);
  const wrong: unknown[] = [];
  for (const [index, row] of rows.entries()) {
    const expected = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellOf(value)]));
    for (const [amount, currency] of AMOUNTS) {
      const value = row[amount];
      expected[`${amount}_decimal`] = typeof value === "number" ? formatDecimal(value, String(row[currency])) : "";
    }
    if (!sameCells(lines[index] ?? {}, expected) && wrong.length < 3)
      wrong.push({ index, expected, line: lines[index] });
  }
  expect(wrong).toEqual([]);
});

const AMOUNTS = [
  ["amount", "currency"],
  ["chosen_amount", "currency"],
  ["refunded", "currency"],
  ["disputed", "currency"],
  ["settled_gross", "settlement_currency"],
  ["fee", "settlement_currency"],
  ["net", "settlement_currency"],
] as const;

function cellOf(value: unknown): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" ? harmless(value) : String(value);
}

function sameCells(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
