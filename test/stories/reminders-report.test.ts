import type { Insertable } from "kysely";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DB } from "../../src/db/schema.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift } from "../support/gifts.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;

beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db });
  await fill();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

type Row = Partial<Insertable<DB["reminders"]>>;

async function insert(row: Row): Promise<string> {
  const id = v7();
  await database.db
    .insertInto("reminders")
    .values({
      id,
      channel: "email",
      state: "pending",
      due_on: "2026-12-10",
      due_at: "2026-12-10T08:00:00Z",
      time_zone: "Europe/Berlin",
      lead_days: 30,
      article_id: "harbour-mud",
      campaign: "winter-2026",
      created_at: "2026-11-10T12:00:00Z",
      ...row,
    })
    .execute();
  return id;
}

async function gift(reminder_id: string, amount: number, currency = "USD", donation: object = {}): Promise<void> {
  const settled = { currency, gross: amount, fee: 50 };
  await insertGift(database.db, { amount, currency, settled, donation: { reminder_id, ...donation } });
}

async function fill(): Promise<void> {
  const finished_at = "2026-12-10T09:00:00Z";
  const sent = { state: "sent", finished_at } as const;
  const once = await insert(sent);
  await gift(once, 2500);
  const monthly = await insert({ ...sent, article_id: "=cmd()", campaign: null, lead_days: 90 });
  const donation = v7();
  for (let payment = 0; payment < 3; payment++) await gift(monthly, 1000, "EUR", { id: donation });
  await insert(sent);
  await insert({ state: "cancelled", cancelled_from: "pending", cancel_id: v7(), finished_at });
  await insert({ state: "suppressed", reason: "given_since", finished_at });
  await insert({ state: "suppressed", reason: "given_since", finished_at });
  await insert({ state: "suppressed", reason: "bounced", finished_at });
  await insert({ state: "failed", reason: "address_unreadable", finished_at });
  await insert({ state: "queued" });
  await insert({ state: "unconfirmed" });
  await insert({ state: "suppressed", reason: "moved", finished_at });
  const shown = await insert({ ...sent, channel: "on_site", lead_days: 7 });
  await gift(shown, 3000, "JPY");
  // 1 December in Berlin, and a payment that failed.
  const december = await insert({ created_at: "2026-11-30T23:00:00Z" });
  await insertGift(database.db, {
    donation: { reminder_id: december },
    payment: { status: "failed", paid_at: null },
    settled: null,
  });
}

async function rows(query: string): Promise<readonly Record<string, unknown>[]> {
  const answer = await app.get(`/v1/reports/reminders?${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { rows: Record<string, unknown>[] }).rows;
}

const BOTH = "from=2026-11-01&to=2027-01-01";
const NONE = { unconfirmed: 0, pending: 0, sent: 0, cancelled: 0, suppressed: 0, failed: 0, suppressed_by: {} };

test("counts by month of asking what became of reminders, and what was given by them; a moved one counts once", async () => {
  expect(await rows(BOTH)).toEqual([
    {
      period: "2026-11-01",
      channel: "email",
      scheduled: 10,
      unconfirmed: 1,
      pending: 1,
      sent: 3,
      cancelled: 1,
      suppressed: 3,
      failed: 1,
      suppressed_by: { bounced: 1, given_since: 2 },
      converted: 2,
      value: [
        { currency: "EUR", amount: 3000 },
        { currency: "USD", amount: 2500 },
      ],
    },
    {
      ...NONE,
      period: "2026-11-01",
      channel: "on_site",
      scheduled: 1,
      sent: 1,
      converted: 1,
      value: [{ currency: "JPY", amount: 3000 }],
    },
    { ...NONE, period: "2026-12-01", channel: "email", scheduled: 1, pending: 1, converted: 0, value: [] },
  ]);
  expect(await rows("from=2026-11-01&to=2026-12-01")).toHaveLength(2);
});

test("the same by article, by campaign and by lead time", async () => {
  const short = async (by: string, name: string) =>
    (await rows(`${BOTH}&by=${by}`)).map((row) => [row[name], row.channel, row.scheduled, row.converted]);
  expect(await short("article", "article_id")).toEqual([
    ["harbour-mud", "email", 10, 1],
    ["=cmd()", "email", 1, 1],
    ["harbour-mud", "on_site", 1, 1],
  ]);
  expect(await short("campaign", "campaign")).toEqual([
    ["winter-2026", "email", 10, 1],
    ["winter-2026", "on_site", 1, 1],
    [null, "email", 1, 1],
  ]);
  expect(await short("lead_time", "lead_days")).toEqual([
    ["001-007", "on_site", 1, 1],
    ["008-031", "email", 10, 1],
    ["032-092", "email", 1, 1],
  ]);
});

test("as CSV: a column for each reason and currency, decimals for people, no cell that is a formula", async () => {
  const answer = await app.get(`/v1/reports/reminders.csv?${BOTH}&by=article`);
  expect(answer.headers.get("content-disposition")).toContain("reminders_2026-11-01_2027-01-01.csv");
  const [header, ...lines] = (await answer.text()).trimEnd().split("\r\n");
  expect(header).toBe(
    "article_id,channel,scheduled,unconfirmed,pending,sent,cancelled,suppressed,failed,converted,suppressed_bounced,suppressed_given_since," +
      "value_EUR,value_EUR_decimal,value_JPY,value_JPY_decimal,value_USD,value_USD_decimal",
  );
  expect(lines).toContain("'=cmd(),email,1,0,0,1,0,0,0,1,0,0,3000,30.00,0,0,0,0.00");
  expect(lines).toContain("harbour-mud,on_site,1,0,0,1,0,0,0,1,0,0,0,0.00,3000,3000,0,0.00");
});

test("for finance and audience alone, and for questions that it can answer", async () => {
  expect((await app.get("/v1/reports/reminders", null)).status).toBe(401);
  expect((await app.get("/v1/reports/reminders", await app.token("support"))).status).toBe(403);
  expect((await app.get("/v1/reports/reminders", await app.token("audience"))).status).toBe(200);
  for (const query of ["by=reader", "from=2026-02-30", "status=paid"])
    expect((await app.get(`/v1/reports/reminders?${query}`)).status).toBe(400);
});
