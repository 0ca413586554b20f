import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { PROJECT, runNode } from "../support/run-node.ts";

const PAYMENTS = 6_000;

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "receipts-"));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));
beforeEach(async () => {
  database = await testDatabase();
  await insertPayments();
});
afterEach(() => database.drop());

/** Over two years, many in one second, with some that get no number. */
async function insertPayments(): Promise<void> {
  await sql`
    with made as (
      insert into donations (id, created_at, origin, frequency, currency, amount, chosen_amount, fees_covered, status)
      select gen_random_uuid(), '2026-01-01', 'checkout', 'once', 'USD', 1000 + n, 1000 + n, false, 'paid' from generate_series(1, ${PAYMENTS}::int) n
      returning id, amount
    )
    insert into payments (id, donation_id, frequency, installment, status, currency, amount, booked_at, paid_at, refunded,
      settlement_currency, settled_gross, fee, net, stripe_charge)
    select gen_random_uuid(), id, 'once', 1, 'paid', 'USD', amount, '2026-12-31 20:00Z'::timestamptz + (amount % 600) * interval '1 minute', now(),
      case when amount % 50 = 0 then amount else 0 end, 'USD', amount, 30, amount - 30, 'ch_' || id from made
  `.execute(database.db);
}

const ISSUE = ["src/cli/main.ts", "receipts", "issue", "--until", "2027-06-01"];
const environment = () => ({ NODE_ENV: "development", DATA_DIR: dataDir, DATABASE_URL: database.url });

async function count(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from receipts`.execute(database.db);
  return rows[0]?.count ?? 0;
}

/** Every number from 1 on in each year, each once, and each payment that is due has one. */
async function expectNoGap(): Promise<void> {
  const { rows } = await sql`
    select year, count(*) as count, min(serial) as first, max(serial) as last, count(distinct payment_id) as payments,
      (select last from receipt_counters c where c.series = 1 and c.year = r.year) as counter
    from receipts r where series = 1 group by year order by year
  `.execute(database.db);
  for (const row of rows as Record<string, number>[]) {
    expect(row).toMatchObject({ first: 1, last: row.count, payments: row.count, counter: row.count });
  }
}

async function expectAll(): Promise<void> {
  await expectNoGap();
  const { rows } = await sql<{ wrong: number }>`
    select count(*) as wrong from payments p left join receipts r on r.payment_id = p.id
    where (r.number is null) <> (p.refunded = p.amount)
      or r.year <> extract(year from p.booked_at at time zone 'Europe/Berlin')
  `.execute(database.db);
  expect(rows).toEqual([{ wrong: 0 }]);
  expect(await count()).toBe(PAYMENTS * 0.98);
}

test("several commands at once give out every number once", async () => {
  const ended = await Promise.all(Array.from({ length: 4 }, () => runNode(ISSUE, environment())));
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(4).fill({ code: 0, stderr: "" }));
  const told = ended.flatMap(({ stdout }) => [...stdout.matchAll(/^(\d{4}): (\d+) receipts issued$/gm)]);
  expect(told.reduce((sum, [, , number]) => sum + Number(number), 0)).toBe(PAYMENTS * 0.98);
  await expectAll();
});

test("one that is killed while it writes leaves no gap, and the next goes on where it was", async () => {
  const { PATH = "", HOME = "" } = process.env;
  // Each number takes its time, so that the kill falls among them.
  await sql`
    create function take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(0.0005); return new; end $$
  `.execute(database.db);
  await sql`create trigger slowly before insert on receipts for each row execute function take_time()`.execute(
    database.db,
  );
  for (let kills = 0; kills < 2; kills++) {
    const before = await count();
    const child = spawn(process.execPath, ISSUE, {
      cwd: PROJECT,
      env: { PATH, HOME, ...environment() },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("close", (_code, signal) => resolve(signal)));
    if (kills > 0) await vi.waitUntil(async () => (await count()) > before, { timeout: 15_000, interval: 10 });
    else await vi.waitUntil(isIssuing, { timeout: 15_000, interval: 10 });
    await sleep(100);
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    await vi.waitUntil(async () => !(await isIssuing()), { timeout: 15_000, interval: 20 });
    await expectNoGap();
  }
  expect(await count()).toBeLessThan(PAYMENTS * 0.98);
  await sql`drop trigger slowly on receipts`.execute(database.db);
  expect((await runNode(ISSUE, environment())).code).toBe(0);
  await expectAll();
}, 60_000);

/** Whether a server process still writes for a command. */
async function isIssuing(): Promise<boolean> {
  const { rows } = await sql`
    select from pg_stat_activity where datname = current_database() and application_name = 'reader-donations command'
      and state <> 'idle' and query like '%insert into receipts%'
  `.execute(database.db);
  return rows.length > 0;
}
