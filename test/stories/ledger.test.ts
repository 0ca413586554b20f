import { sql } from "kysely";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { syncLedger } from "../../src/ledger/sync.ts";
import { createStripeClient } from "../../src/stripe/client.ts";
import { type BalanceList, balanceTransaction, startBalanceList } from "../support/balance-list.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { act, clientOf, givenProduct, once, startStandIn } from "../support/stripe-stand-in.ts";

let database: TestDatabase;
let list: BalanceList;
const log = pino({ level: "silent" });

beforeAll(async () => {
  list = await startBalanceList();
});
afterAll(() => list.close());
beforeEach(async () => {
  database = await testDatabase();
  list.all.length = 0;
  list.asked.length = 0;
  list.before = () => undefined;
});
afterEach(() => database.drop());

const sync = async () => await syncLedger({ db: database.db, stripe: list.stripe, log });
const stored = async () => await database.db.selectFrom("balance_transactions").selectAll().orderBy("id").execute();
const marks = async () => await database.db.selectFrom("dirty_objects").select(["kind", "object_id"]).execute();
const cursor = async () => await database.db.selectFrom("cursors").selectAll().executeTakeFirst();
const ids = (rows: readonly { id: string }[]) => rows.map((row) => row.id).sort();
const START = 1_795_444_000;

function many(count: number): void {
  for (let index = 0; index < count; index++) list.all.push(balanceTransaction({ created: START + index }));
}

describe("pulling the ledger", () => {
  test("copies every page, and the next time asks for what is new with an hour's overlap", async () => {
    many(250);
    expect(await sync()).toEqual({ pulled: 250 });
    expect(ids(await stored())).toEqual(ids(list.all));
    expect(list.asked).toHaveLength(3);
    expect(list.asked[0]?.has("created[gte]")).toBe(false);
    expect(list.asked.map((query) => query.get("limit"))).toEqual(["100", "100", "100"]);

    many(1);
    list.asked.length = 0;
    expect(await sync()).toEqual({ pulled: 1 });
    expect(list.asked[0]?.get("created[gte]")).toBe(String(START + 249 - 3600));
    expect(await stored()).toHaveLength(251);
  });

  test("keeps what Stripe says, exactly, and nothing that names a person", async () => {
    list.all.push(
      balanceTransaction({
        id: "txn_1",
        amount: 1830,
        fee: 91,
        currency: "eur",
        exchange_rate: 0.00612345678901,
        fee_details: [
          { amount: 66, application: null, currency: "eur", description: "Stripe processing fees", type: "stripe_fee" },
          { amount: 25, application: null, currency: "eur", description: "VAT", type: "tax" },
        ],
        source: { id: "ch_1", object: "charge" } as never,
      }),
      balanceTransaction({
        id: "txn_2",
        exchange_rate: 1e-7,
        source: null,
        type: "a_new_type",
        reporting_category: "a_new_category",
      }),
    );
    await sync();
    expect(await stored()).toMatchObject([
      {
        id: "txn_1",
        created: new Date(START * 1000),
        available_on: new Date(1_795_996_800_000),
        type: "charge",
        reporting_category: "charge",
        source_id: "ch_1",
        currency: "EUR",
        amount: 1830,
        fee: 91,
        net: 1739,
        exchange_rate: "0.00612345678901",
        fee_details: [
          { type: "stripe_fee", amount: 66, currency: "EUR" },
          { type: "tax", amount: 25, currency: "EUR" },
        ],
      },
      {
        id: "txn_2",
        source_id: null,
        type: "a_new_type",
        reporting_category: "a_new_category",
        exchange_rate: "0.0000001",
      },
    ]);
    expect(JSON.stringify(await stored())).not.toContain("reader@example.org");
  });

  test("marks the charge, refund or dispute that moved for derivation, once, and no other movement's source", async () => {
    list.all.push(
      balanceTransaction({ type: "charge", source: "ch_card" }),
      balanceTransaction({ type: "payment", source: "py_debit" }),
      balanceTransaction({ type: "refund", source: "re_1", amount: -1000, fee: 0, reporting_category: "refund" }),
      balanceTransaction({
        type: "adjustment",
        source: "dp_1",
        amount: -1000,
        fee: 1500,
        reporting_category: "dispute",
      }),
      balanceTransaction({ type: "payout", source: "po_1", amount: -500, fee: 0, reporting_category: "payout" }),
      balanceTransaction({ type: "stripe_fee", source: null, amount: -20, fee: 0, reporting_category: "fee" }),
    );
    expect(await sync()).toEqual({ pulled: 6 });
    expect(await sync()).toEqual({ pulled: 0 });
    expect((await marks()).toSorted((a, b) => (a.object_id < b.object_id ? -1 : 1))).toEqual([
      { kind: "charge", object_id: "ch_card" },
      { kind: "dispute", object_id: "dp_1" },
      { kind: "charge", object_id: "py_debit" },
      { kind: "refund", object_id: "re_1" },
    ]);
  });

  test("finds one that Stripe shows late, and never moves back", async () => {
    many(3);
    await sync();
    list.all.push(balanceTransaction({ id: "txn_late", created: START - 3500 }));
    expect(await sync()).toEqual({ pulled: 1 });
    list.all.splice(0, list.all.length, balanceTransaction({ created: START - 3000 }));
    await sync();
    expect((await cursor())?.position).toEqual(new Date((START + 2) * 1000));
  });

  test("on an empty account leaves a position that is none", async () => {
    expect(await sync()).toEqual({ pulled: 0 });
    expect(await cursor()).toMatchObject({ position: null, moved_at: expect.any(Date) });
    many(1);
    expect(await sync()).toEqual({ pulled: 1 });
  });

  test("that breaks off keeps its pages but not its place, and the next one misses nothing", async () => {
    many(250);
    list.before = (request) => (request === 2 ? 400 : undefined);
    await expect(sync()).rejects.toThrow();
    expect(await stored()).toHaveLength(100);
    expect(await cursor()).toMatchObject({ position: null, moved_at: null });
    expect(await sync()).toEqual({ pulled: 150 });
    expect(ids(await stored())).toEqual(ids(list.all));
    expect(await marks()).toHaveLength(250);
  });

  test("loses none that arrive while it turns the pages", async () => {
    many(250);
    list.before = (request) => {
      if (request === 2)
        list.all.push(...Array.from({ length: 120 }, () => balanceTransaction({ created: START + 9000 })));
      return undefined;
    };
    expect(await sync()).toEqual({ pulled: 250 });
    expect(await sync()).toEqual({ pulled: 120 });
    expect(ids(await stored())).toEqual(ids(list.all));
  });

  test("is done by one process at a time", async () => {
    many(250);
    let release = () => {};
    const reached = new Promise<void>((resolve) => {
      list.before = async (request) => {
        if (request !== 2) return undefined;
        resolve();
        await new Promise<void>((go) => {
          release = go;
        });
        return undefined;
      };
    });
    const first = sync();
    await reached;
    expect(await sync()).toBeNull();
    release();
    expect(await first).toEqual({ pulled: 250 });
    expect(list.asked).toHaveLength(3);
    expect(await sync()).toEqual({ pulled: 0 });
  });

  test("started by four processes at once is done once", async () => {
    many(150);
    const done = await Promise.all([sync(), sync(), sync(), sync()]);
    // One that comes when another has just finished finds nothing left to do.
    expect(done.filter((one) => one !== null && one.pulled > 0)).toEqual([{ pulled: 150 }]);
    expect(await marks()).toHaveLength(150);
  });

  test("is taken up a minute after a crash", async () => {
    many(1);
    await sql`insert into cursors (name, lease_until) values ('balance_transactions', clock_timestamp() + interval '1 minute')`.execute(
      database.db,
    );
    expect(await sync()).toBeNull();
    await sql`update cursors set lease_until = clock_timestamp()`.execute(database.db);
    expect(await sync()).toEqual({ pulled: 1 });
  });

  test("stops when another process has taken over, and leaves that one's lease alone", async () => {
    many(250);
    list.before = async (request) => {
      if (request === 2)
        await sql`update cursors set lease_until = clock_timestamp() + interval '1 hour'`.execute(database.db);
      return undefined;
    };
    expect(await sync()).toBeNull();
    expect(await stored()).toHaveLength(100);
    const { rows } = await sql<{ held: boolean }>`
      select lease_until > clock_timestamp() + interval '59 minutes' and position is null as held from cursors
    `.execute(database.db);
    expect(rows).toEqual([{ held: true }]);
  });

  test("holds its lease for no longer than it runs, however it ends", async () => {
    const held = async () =>
      (await sql`select 1 from cursors where lease_until > clock_timestamp()`.execute(database.db)).rows.length;
    await sync();
    expect(await held()).toBe(0);
    list.before = () => 401;
    await expect(sync()).rejects.toThrow();
    expect(await held()).toBe(0);
  });

  test("refuses a row that doesn't add up rather than keep it", async () => {
    list.all.push(balanceTransaction({ net: 1 }));
    await expect(sync()).rejects.toThrow(/check constraint/);
    expect(await stored()).toEqual([]);
    expect(await marks()).toEqual([]);
  });

  test("copies what the simulated Stripe books for a gift", async () => {
    const standIn = await startStandIn({ settlementCurrency: "eur" });
    try {
      const api = clientOf(standIn);
      const product = await givenProduct(api);
      for (const currency of ["usd", "eur", "jpy"]) {
        await act(await api.checkout.sessions.create(once(product, 5000, currency)), "pay");
      }
      const stripe = createStripeClient({ secretKey: "sk_test_ledger", apiBase: new URL(standIn.url) });
      expect(await syncLedger({ db: database.db, stripe, log })).toEqual({ pulled: 3 });
      const { data } = await api.balanceTransactions.list();
      const rows = await stored();
      for (const one of data) {
        expect(rows.find((row) => row.id === one.id)).toMatchObject({
          amount: one.amount,
          fee: one.fee,
          net: one.net,
          currency: "EUR",
          source_id: one.source,
          exchange_rate: one.exchange_rate === null ? null : String(one.exchange_rate),
        });
      }
      expect((await marks()).map((mark) => mark.object_id).sort()).toEqual(
        data.map((one) => String(one.source)).sort(),
      );
    } finally {
      await standIn.close();
    }
  });
});

describe("the ledger's table", () => {
  test("takes no change and no removal", async () => {
    many(1);
    await sync();
    const statements = [
      sql`update balance_transactions set amount = 1`,
      sql`delete from balance_transactions`,
      sql`truncate balance_transactions`,
    ];
    for (const statement of statements) await expect(statement.execute(database.db)).rejects.toThrow();
    expect(await stored()).toHaveLength(1);
  });
});
