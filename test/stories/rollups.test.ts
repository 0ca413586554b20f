import { sql } from "kysely";
import { v7 } from "uuid";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { foldDeltas } from "../../src/reports/rollups/fold.queries.ts";
import { rebuildRollups } from "../../src/reports/rollups/rebuild.queries.ts";
import { readRollupState } from "../../src/reports/rollups/state.queries.ts";
import { rollupStep } from "../../src/reports/rollups/step.ts";
import { readSummary, recountSummary } from "../../src/reports/summary.queries.ts";
import { parsePeriod } from "../../src/shared/period.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Gift, insertGift } from "../support/gifts.ts";
import { rollupDifferences } from "../support/rollups.ts";

const ZONE = "Europe/Berlin";
let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
  onTestFinished(() => database.drop());
  await rebuildRollups(database.db, ZONE);
});

const gift = (given: Partial<Gift> = {}) => insertGift(database.db, given);
const monthly = (given: Partial<Gift> = {}) => gift({ frequency: "monthly", ...given });
const foldAll = async (batch?: number) => {
  while ((await foldDeltas(database.db, batch)) > 0);
};

/** Both ways of reading, folded or not, and counting anew, must say the same. */
async function summary(from: string, to: string, interval: "day" | "month" | "year" = "month", zone = ZONE) {
  const period = parsePeriod(from, to, zone, { from, to });
  const counted = await recountSummary(database.db, period, interval, zone);
  expect(await readSummary(database.db, period, interval, zone), "with deltas").toEqual(counted);
  await foldAll(2);
  expect(await readSummary(database.db, period, interval, zone), "folded").toEqual(counted);
  return counted;
}

async function deltas(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from rollup_deltas`.execute(database.db);
  return rows[0]?.count ?? 0;
}

describe("sums", () => {
  test("follow every insertion, change and removal, and leave no row of nothing behind", async () => {
    const { payment_id, donation_id } = await gift({ donation: { article_id: "a" } });
    await foldAll();
    await sql`update payment_movements set booked_at = '2026-12-03T00:00:00Z', gross = 9000, net = 8897`.execute(
      database.db,
    );
    expect(await summary("2026-11-01", "2027-01-01")).toMatchObject([{ period: "2026-12-01", gross: 9000, net: 8897 }]);
    await sql`update donations set article_id = 'b'`.execute(database.db);
    expect(await rollupDifferences(database.db)).toEqual([]);
    await sql`delete from payments where id = ${payment_id}`.execute(database.db);
    expect(await summary("2026-01-01", "2027-01-01")).toEqual([]);
    await sql`delete from donations where id = ${donation_id}`.execute(database.db);
    await foldAll();
    expect(await rollupDifferences(database.db)).toEqual([]);
    const { rows } = await sql`
      select from audience_rollups where (sessions, completed, gross, net, value_12_months) <> (0, 0, 0, 0, 0)
      union all select from summary_rollups where (movements, payments, gross, net) <> (0, 0, 0, 0)
    `.execute(database.db);
    expect(rows).toEqual([]);
  });

  test("are right when one statement inserts and changes at once", async () => {
    const { payment_id, donation_id } = await monthly();
    await sql`
      insert into payment_movements (balance_transaction_id, payment_id, donation_id, frequency, booked_at, currency, gross, refunded, disputed, fee, net)
      select id, ${payment_id}::uuid, ${donation_id}::uuid, 'monthly', at::timestamptz, 'USD', 700, 0, 0, 50, 650
      from (values ((select balance_transaction_id from payment_movements), '2026-10-05'), ('txn_new', '2026-11-05')) as v (id, at)
      on conflict (balance_transaction_id) do update set booked_at = excluded.booked_at, gross = excluded.gross, fee = excluded.fee, net = excluded.net
    `.execute(database.db);
    await sql`update payment_movements set previous_at = '2026-10-05' where balance_transaction_id = 'txn_new'`.execute(
      database.db,
    );
    expect(await summary("2026-10-01", "2026-12-01")).toMatchObject([
      { period: "2026-10-01", donations: 1, gross: 700 },
      { period: "2026-11-01", donations: 1, gross: 700 },
    ]);
    expect(await summary("2026-01-01", "2027-01-01", "year")).toMatchObject([
      { donations: 1, payments: 2, gross: 1400 },
    ]);
  });

  test("count a gift once in any period, also in one that the report cuts", async () => {
    const first = await monthly({ at: "2026-10-02T10:00:00Z" });
    const again = (at: string) => monthly({ at, donation: { id: first.donation_id } });
    for (const at of ["2026-11-02T10:00:00Z", "2026-11-02T18:00:00Z", "2026-11-20T10:00:00Z", "2027-01-02T10:00:00Z"])
      await again(at);
    await monthly({ at: "2026-11-28T10:00:00Z" });
    const donations = async (...period: Parameters<typeof summary>) =>
      (await summary(...period)).map((row) => [row.period, row.donations, row.payments]);
    expect(await donations("2026-10-01", "2027-02-01", "year")).toEqual([
      ["2026-01-01", 2, 5],
      ["2027-01-01", 1, 1],
    ]);
    expect(await donations("2026-10-01", "2027-02-01")).toEqual([
      ["2026-10-01", 1, 1],
      ["2026-11-01", 2, 4],
      ["2027-01-01", 1, 1],
    ]);
    expect(await donations("2026-11-10", "2027-02-01")).toEqual([
      ["2026-11-01", 2, 2],
      ["2027-01-01", 1, 1],
    ]);
    expect(await donations("2026-11-10", "2026-11-25")).toEqual([["2026-11-01", 1, 1]]);
    expect(await donations("2026-11-10", "2026-11-25", "year")).toEqual([["2026-01-01", 1, 1]]);
    expect(await donations("2026-11-02", "2026-11-03", "day")).toEqual([["2026-11-02", 1, 2]]);
  });

  test("lie on the newsroom's days: the last half hour of a month, days of 23 and of 25 hours", async () => {
    for (const at of ["2026-10-31T22:59:59Z", "2026-10-31T23:30:00Z", "2026-11-30T22:59:59Z", "2026-11-30T23:30:00Z"])
      await gift({ at });
    expect((await summary("2026-10-01", "2027-01-01")).map((row) => [row.period, row.payments])).toEqual([
      ["2026-10-01", 1],
      ["2026-11-01", 2],
      ["2026-12-01", 1],
    ]);
    for (let hour = 0; hour < 25; hour++) await gift({ at: new Date(Date.UTC(2026, 9, 24, 22 + hour)).toISOString() });
    for (let hour = 0; hour < 23; hour++) await gift({ at: new Date(Date.UTC(2026, 2, 28, 23 + hour)).toISOString() });
    expect((await summary("2026-03-01", "2026-10-31", "day")).map((row) => [row.period, row.payments])).toEqual([
      ["2026-03-29", 23],
      ["2026-10-25", 25],
    ]);
  });
});

describe("workers", () => {
  test("fold while others write, each delta once, and nobody waits for a row", async () => {
    let writing = true;
    const folding = Array.from({ length: 2 }, async () => {
      while (writing) await foldDeltas(database.db, 7);
    });
    const donation = { id: v7(), article_id: "everybody-reads-this", campaign: "winter" };
    await gift({ donation });
    const write = async () => {
      for (let count = 0; count < 20; count++) {
        await gift({ frequency: "once", donation: { article_id: "everybody-reads-this", campaign: "winter" } });
      }
    };
    await Promise.all(Array.from({ length: 4 }, write));
    writing = false;
    await Promise.all(folding);
    expect(await rollupDifferences(database.db), "half folded").toEqual([]);
    await foldAll();
    expect(await deltas()).toBe(0);
    expect(await rollupDifferences(database.db)).toEqual([]);
    expect(await summary("2026-11-01", "2026-12-01")).toMatchObject([
      { payments: 81, donations: 81, gross: 81 * 2500 },
    ]);
  });

  test("leave what a transaction under way has counted, and take it when it is committed", async () => {
    const { promise: written, resolve: onWritten } = Promise.withResolvers<void>();
    const { promise: folded, resolve: onFolded } = Promise.withResolvers<void>();
    const slow = database.db.transaction().execute(async (trx) => {
      await insertGift(trx, {});
      onWritten();
      await folded;
    });
    await written;
    await gift();
    expect(await foldDeltas(database.db)).toBe(2);
    await rebuildRollups(database.db, ZONE);
    onFolded();
    await slow;
    expect(await rollupDifferences(database.db)).toEqual([]);
    expect(await summary("2026-11-01", "2026-12-01")).toMatchObject([{ payments: 2 }]);
  });
});

describe("another time zone", () => {
  const deps = (time_zone: string) =>
    ({ db: database.db, newsroom: () => ({ time_zone }), log: { info: () => {} } }) as never;

  test("is counted anew until a worker has made the rollups for it, and by them from then on", async () => {
    await gift({ at: "2026-11-30T23:30:00Z", donation: { article_id: "late" } });
    await foldAll();
    const american = () => summary("2026-11-01", "2027-01-01", "month", "America/New_York");
    expect(await american()).toMatchObject([{ period: "2026-11-01" }]);
    await rollupStep(deps("America/New_York"));
    expect(await readRollupState(database.db)).toMatchObject({ time_zone: "America/New_York", is_built: true });
    expect(await american()).toMatchObject([{ period: "2026-11-01" }]);
    expect(await rollupDifferences(database.db, "America/New_York")).toEqual([]);
    expect(await summary("2026-11-01", "2027-01-01")).toMatchObject([{ period: "2026-12-01" }]);
  });

  test("also for what a transaction wrote that began before it changed", async () => {
    const { promise: written, resolve: onWritten } = Promise.withResolvers<void>();
    const { promise: changed, resolve: onChanged } = Promise.withResolvers<void>();
    const slow = database.db.transaction().execute(async (trx) => {
      await insertGift(trx, { at: "2026-11-30T23:30:00Z" });
      onWritten();
      await changed;
    });
    await written;
    await rollupStep(deps("America/New_York"));
    onChanged();
    await slow;
    expect(await readRollupState(database.db)).toMatchObject({ is_built: true, has_late_deltas: true });
    expect(await summary("2026-11-01", "2027-01-01", "month", "America/New_York")).toMatchObject([
      { period: "2026-11-01" },
    ]);
    await rollupStep(deps("America/New_York"));
    expect(await readRollupState(database.db)).toMatchObject({ has_late_deltas: false });
    expect(await rollupDifferences(database.db, "America/New_York")).toEqual([]);
  });
});

test("a sum that was tampered with is named, with its columns, and a rebuild mends it", async () => {
  await gift({ donation: { article_id: "a" } });
  await foldAll();
  await sql`update summary_rollups set gross = gross + 1, net = net + 1`.execute(database.db);
  await sql`delete from audience_rollups where dimension = 'article' and currency = ''`.execute(database.db);
  const found = await rollupDifferences(database.db);
  expect(found).toEqual([
    { table: "summary_rollups", sum: "day 2026-11-10 once USD", columns: ["gross", "net"] },
    { table: "summary_rollups", sum: "month 2026-11-01 once USD", columns: ["gross", "net"] },
    { table: "summary_rollups", sum: "year 2026-01-01 once USD", columns: ["gross", "net"] },
    { table: "audience_rollups", sum: "article 2026-11-10 a", columns: ["sessions", "completed"] },
  ]);
  await rebuildRollups(database.db, ZONE);
  expect(await rollupDifferences(database.db)).toEqual([]);
});

test("rows that were all thrown away leave no sums: the reports count anew until the next rebuild", async () => {
  await gift();
  await foldAll();
  await sql`truncate payments, donations cascade`.execute(database.db);
  expect(await summary("2026-11-01", "2026-12-01")).toEqual([]);
  expect(await readRollupState(database.db)).toMatchObject({ is_built: false });
});
