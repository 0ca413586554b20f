import { sql } from "kysely";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type LedgerLoopState, ledgerLoopState, ledgerLoopStep } from "../../src/ledger/loop.ts";
import { type BalanceList, balanceTransaction, startBalanceList } from "../support/balance-list.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift } from "../support/gifts.ts";

let database: TestDatabase;
let list: BalanceList;
let seconds = 0;
let state: LedgerLoopState;
const warnings: string[] = [];
const log = pino({ level: "warn" }, { write: (line: string) => warnings.push(line) });

beforeAll(async () => {
  list = await startBalanceList();
});
afterAll(() => list.close());
beforeEach(async () => {
  database = await testDatabase();
  list.all.length = 0;
  list.asked.length = 0;
  list.before = () => undefined;
  warnings.length = 0;
  seconds = 0;
  state = newProcess();
});
afterEach(() => database.drop());

function newProcess(): LedgerLoopState {
  return ledgerLoopState(() => seconds * 1000);
}

async function step(of = state): Promise<number> {
  return await ledgerLoopStep({ db: database.db, stripe: list.stripe, log }, of);
}

/** Steps once a second for so long. @returns the seconds at which Stripe was asked */
async function run(forSeconds: number): Promise<number[]> {
  const at: number[] = [];
  for (const end = seconds + forSeconds; seconds < end; seconds++) {
    const before = list.asked.length;
    await step();
    if (list.asked.length > before) at.push(seconds);
  }
  return at;
}

const waiting = async () => (await insertGift(database.db, { settled: null })).payment_id;

async function settle(paymentId: string): Promise<void> {
  await sql`update payments set settlement_currency = 'USD', settled_gross = 10, fee = 1, net = 9 where id = ${paymentId}`.execute(
    database.db,
  );
}

test("pulls when it starts and then every five minutes, counted for all processes together", async () => {
  expect(await run(10)).toEqual([0]);
  expect(await step(newProcess())).toBe(0);
  expect(list.asked).toHaveLength(1);
  await sql`update cursors set moved_at = clock_timestamp() - interval '5 minutes'`.execute(database.db);
  expect(await run(1)).toEqual([10]);
});

test("pulls within a second of a payment that waits for its settlement, and reports what came", async () => {
  await run(10);
  list.all.push(balanceTransaction());
  const id = await waiting();
  expect(await step()).toBe(1);
  await settle(id);
  expect(list.asked).toHaveLength(2);
  seconds++;
  expect(await run(600)).toEqual([]);
});

test("leaves two seconds between pulls however many payments arrive", async () => {
  await run(10);
  const at: number[] = [];
  for (let index = 0; index < 10; index++) {
    await waiting();
    list.all.push(balanceTransaction({ created: 1_795_444_000 + index }));
    at.push(...(await run(1)));
  }
  expect(at).toEqual([10, 12, 14, 16, 18]);
});

test("asks ever more rarely while Stripe has nothing for the payments that wait", async () => {
  await run(10);
  await waiting();
  const at = await run(1800);
  const pauses = at.slice(1).map((second, index) => second - (at[index] ?? 0));
  expect(at[0]).toBe(10);
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
});

test("asks at once for a new payment although another has waited for long", async () => {
  await waiting();
  await run(500);
  await waiting();
  expect((await run(5))[0]).toBe(500);
});

test("doesn't wait for a payment that has no charge, nor for one that isn't paid", async () => {
  await run(10);
  await insertGift(database.db, { settled: null, payment: { stripe_charge: null, stripe_invoice: "in_by_hand" } });
  await insertGift(database.db, { settled: null, payment: { status: "processing", paid_at: null } });
  await insertGift(database.db, { settled: null, payment: { status: "failed", paid_at: null } });
  expect(await run(600)).toEqual([]);
});

test("tries a pull that fails again after 2, 4, 8 … seconds up to five minutes, and says so", async () => {
  list.before = () => 400;
  await waiting();
  const at = await run(1600);
  const pauses = at.slice(1).map((second, index) => second - (at[index] ?? 0));
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  expect(warnings).toHaveLength(at.length);
  expect(warnings.at(-1)).toContain('"next_try_in_ms":300000');

  list.before = () => undefined;
  list.all.push(balanceTransaction());
  seconds = (at.at(-1) ?? 0) + 300;
  expect(await step()).toBe(1);
  await waiting();
  seconds += 2;
  expect(await run(1)).toHaveLength(1);
});

test("survives a database that fails", async () => {
  await sql`alter table cursors rename to cursors_away`.execute(database.db);
  expect(await step()).toBe(0);
  expect(warnings).toHaveLength(1);
  await sql`alter table cursors_away rename to cursors`.execute(database.db);
  seconds += 2;
  expect(await run(1)).toEqual([2]);
});

test("asks again soon when another process is at it", async () => {
  await sql`insert into cursors (name, lease_until) values ('balance_transactions', clock_timestamp() + interval '1 minute')`.execute(
    database.db,
  );
  await waiting();
  expect(await run(6)).toEqual([]);
  await sql`update cursors set lease_until = '-infinity'`.execute(database.db);
  expect(await run(3)).toHaveLength(1);
});
