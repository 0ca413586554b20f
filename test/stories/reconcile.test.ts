import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BookDifference } from "../../src/donations/compare.ts";
import { compareSettled } from "../../src/donations/rebuild.ts";
import { type Reconciled, reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import type { TestApp } from "../support/app.ts";
import { type Books, readBooks } from "../support/books.ts";
import { breakLedger } from "../support/break-books.ts";
import { busyAccount, untilNoon } from "../support/busy-account.ts";
import { openWorld } from "../support/world.ts";

let app: TestApp;
let original: Books;
const EVER = new Date("2020-01-01T00:00:00Z");

beforeAll(async () => {
  app = await busyAccount();
  await untilNoon(app);
  await look({ fix: true });
  original = await books();
}, 120_000);
afterAll(() => app.close());

/**
 * A while after the last look: an answer is dated back by a second and by as long as it took, which is seconds on a busy machine, and what
 * was seen later than that is not judged by it.
 */
async function look(options: { fix?: boolean; since?: Date } = {}): Promise<Reconciled> {
  await app.standIn.advance(20_000);
  return await reconcile(app.background, { since: EVER, patienceMs: 0, ...options });
}

async function books(): Promise<Books> {
  const { refetches: _, ...all } = await readBooks(app.db, app.deps.vault, new Set());
  return Object.fromEntries(Object.entries(all).map(([table, rows]) => [table, rows.map(({ as_of, ...row }) => row)]));
}

const payments = async () => (await books()).payments;

const open = async () =>
  await app.db
    .selectFrom("reconciliation_differences")
    .selectAll()
    .where("resolved_at", "is", null)
    .orderBy("kind")
    .orderBy("object_id")
    .execute();

const found = async () => (await open()).map((row) => `${row.kind} ${row.object_id}`);

async function one(query: ReturnType<typeof sql<{ id: string }>>): Promise<string> {
  const { rows } = await query.execute(app.db);
  if (rows[0] === undefined) throw new Error("The account has no such object.");
  return rows[0].id;
}

const run = async (statement: ReturnType<typeof sql>) => void (await statement.execute(app.db));

test("the books of an account on which everything happened agree with Stripe", async () => {
  const done = await look();
  expect(await found()).toEqual([]);
  expect(done).toMatchObject({ found: 0, remaining: 0 });
  expect(done.balances.every((line) => line.ours === line.stripes)).toBe(true);
  expect(Object.keys(done.looked_at).sort()).toEqual([
    "balance_transactions",
    "charges",
    "disputes",
    "donations",
    "invoices",
    "payouts",
    "refunds",
    "subscriptions",
  ]);
  expect(Object.values(done.looked_at).every((count) => count > 0)).toBe(true);
});

interface Case {
  /** Breaks the books. @returns what is to be found, as `kind id` */
  readonly breaks: () => Promise<readonly string[]>;
  readonly cause: RegExp;
}

const ALTERED = /gives other rows than those that are kept/;
const A_REFUND = sql<{ id: string }>`select id from stripe_refunds where status = 'succeeded' order by amount limit 1`;
const A_GIFT = sql<{ id: string }>`
  select stripe_charge as id from payments where frequency = 'once' and status = 'paid' and refunded = 0 and disputed = 0 order by amount limit 1
`;

const CASES: Readonly<Record<string, Case>> = {
  "a refund that never arrived (mozilla/donate #1937: what was partly refunded is neither whole nor lost)": {
    breaks: async () => {
      const id = await one(A_REFUND);
      const charge = await one(sql`select charge_id as id from stripe_refunds where id = ${id}`);
      await run(sql`delete from stripe_refunds where id = ${id}`);
      return [`refund_missing ${id}`, `refund_total ${charge}`];
    },
    cause: /handled and its row is not there|A refund is missing/,
  },
  "a refund with its sign flipped (rev-engine a1d945f45)": {
    breaks: async () => {
      const id = await one(A_REFUND);
      const charge = await one(sql`select charge_id as id from stripe_refunds where id = ${id}`);
      await run(sql`update stripe_refunds set amount = -amount where id = ${id}`);
      return [`refund_differs ${id}`, `refund_total ${charge}`];
    },
    cause: /altered here|A refund is missing/,
  },
  "a refund that failed and is still taken for paid back": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_refunds where status = 'failed' limit 1`);
      const charge = await one(sql`select charge_id as id from stripe_refunds where id = ${id}`);
      await run(sql`update stripe_refunds set status = 'succeeded' where id = ${id}`);
      return [`refund_differs ${id}`, `refund_total ${charge}`];
    },
    cause: /altered here|A refund is missing/,
  },
  "a payment that says another sum was given back": {
    breaks: async () => {
      const charge = await one(
        sql`select stripe_charge as id from payments where refunded > 0 and refunded < amount limit 1`,
      );
      await run(sql`update payments set refunded = refunded + 1 where stripe_charge = ${charge}`);
      return [`refund_total ${charge}`];
    },
    cause: /was not derived since/,
  },
  "a charge that never arrived": {
    breaks: async () => {
      const id = await one(A_GIFT);
      await run(sql`delete from stripe_charges where id = ${id}`);
      return [`charge_missing ${id}`];
    },
    cause: /its row is not there/,
  },
  "a charge in another state and of another amount": {
    breaks: async () => {
      const id = await one(A_GIFT);
      await run(sql`update stripe_charges set status = 'pending', amount = amount + 1 where id = ${id}`);
      return [`charge_differs ${id}`];
    },
    cause: /no event of that has arrived/,
  },
  "a charge of another amount": {
    breaks: async () => {
      const id = await one(A_GIFT);
      await run(sql`update stripe_charges set amount = amount + 1 where id = ${id}`);
      return [`charge_differs ${id}`];
    },
    cause: /no event of that has arrived/,
  },
  "a charge without its payment": {
    breaks: async () => {
      const id = await one(A_GIFT);
      await run(sql`delete from payments where stripe_charge = ${id}`);
      return [`charge_without_payment ${id}`];
    },
    cause: /no payment was made of it/,
  },
  "a renewal without its payment": {
    breaks: async () => {
      const id = await one(
        sql`select stripe_charge as id from payments where frequency = 'monthly' and installment = 2 and status = 'paid' limit 1`,
      );
      await run(sql`delete from payments where stripe_charge = ${id}`);
      return [`charge_without_payment ${id}`];
    },
    cause: /no payment was made of it/,
  },
  "a PaymentIntent that never arrived": {
    breaks: async () => {
      const charge = await one(A_GIFT);
      const id = await one(sql`select payment_intent_id as id from stripe_charges where id = ${charge}`);
      await run(sql`delete from stripe_payment_intents where id = ${id}`);
      return [`payment_intent_missing ${id}`];
    },
    cause: /whose gift it is/,
  },
  "a PaymentIntent whose success never arrived": {
    breaks: async () => {
      const charge = await one(A_GIFT);
      const id = await one(sql`select payment_intent_id as id from stripe_charges where id = ${charge}`);
      await run(sql`update stripe_payment_intents set status = 'processing', rank = 3 where id = ${id}`);
      return [`payment_intent_differs ${id}`];
    },
    cause: /the event of that is missing/,
  },
  "an invoice that never arrived": {
    breaks: async () => {
      const id = await one(
        sql`select stripe_invoice as id from payments where stripe_invoice is not null and status = 'paid' limit 1`,
      );
      await run(sql`delete from stripe_invoices where id = ${id}`);
      return [`invoice_missing ${id}`];
    },
    cause: /its row is not there/,
  },
  "an invoice that is paid and still open here": {
    breaks: async () => {
      const id = await one(
        sql`select stripe_invoice as id from payments where stripe_invoice is not null and status = 'paid' limit 1`,
      );
      await run(
        sql`update stripe_invoices set status = 'open', amount_paid = 0, paid_at = null, rank = 1 where id = ${id}`,
      );
      return [`invoice_differs ${id}`];
    },
    cause: /no event of that has arrived/,
  },
  "a paid invoice that nothing ties to its charge (givewp #8074: the link moved)": {
    breaks: async () => {
      const id = await one(
        sql`select stripe_invoice as id from payments where stripe_invoice is not null and status = 'paid' limit 1`,
      );
      await run(sql`delete from stripe_invoice_payments where invoice_id = ${id}`);
      return [`invoice_payment_missing ${id}`];
    },
    cause: /nothing says with which charge/,
  },
  "a subscription that was cancelled and is still active here": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_subscriptions where status = 'canceled' limit 1`);
      await run(
        sql`update stripe_subscriptions set status = 'active', canceled_at = null, ended_at = null where id = ${id}`,
      );
      return [`subscription_differs ${id}`];
    },
    cause: /no event of that has arrived/,
  },
  "a subscription that never arrived": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_subscriptions where status = 'active' limit 1`);
      await run(sql`delete from stripe_subscriptions where id = ${id}`);
      return [`subscription_missing ${id}`];
    },
    cause: /its row is not there/,
  },
  "a dispute whose end never arrived": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_disputes where status = 'won' limit 1`);
      await run(sql`update stripe_disputes set status = 'needs_response' where id = ${id}`);
      return [`dispute_differs ${id}`];
    },
    cause: /no event of that has arrived/,
  },
  "a dispute that went unnoticed (liberapay #1421)": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_disputes where status = 'lost' limit 1`);
      await run(sql`delete from stripe_disputes where id = ${id}`);
      return [`dispute_missing ${id}`];
    },
    cause: /its row is not there/,
  },
  "a payout that failed and is still paid here": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_payouts where status = 'failed' limit 1`);
      await run(sql`update stripe_payouts set status = 'paid', failure_code = null where id = ${id}`);
      return [`payout_differs ${id}`];
    },
    cause: /no event of that has arrived/,
  },
  "a payout that never arrived": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_payouts where status = 'paid' limit 1`);
      await run(sql`delete from stripe_payouts where id = ${id}`);
      return [`payout_missing ${id}`];
    },
    cause: /its row is not there/,
  },
  "a payout of which a line is missing": {
    breaks: async () => {
      const id = await one(
        sql`select payout_id as id from payout_lines group by 1 having count(*) > 1 order by 1 limit 1`,
      );
      await run(sql`
        delete from payout_lines where payout_id = ${id}
          and balance_transaction_id = (select min(balance_transaction_id) from payout_lines where payout_id = ${id})
      `);
      return [`payout_total ${id}`];
    },
    cause: /do not add up/,
  },
  "a payment that waits for its balance transaction for more than two days": {
    breaks: async () => {
      const id = await one(A_GIFT);
      await run(sql`
        update payments set settlement_currency = null, settled_gross = null, fee = null, net = null, exchange_rate = null,
          stripe_balance_transaction = null where stripe_charge = ${id}
      `);
      return [`payment_without_balance_transaction ${id}`];
    },
    cause: /48 hours/,
  },
  "a balance transaction that the ledger lacks": {
    breaks: async () => {
      const charge = await one(A_GIFT);
      const id = await one(sql`select id from balance_transactions where source_id = ${charge}`);
      const payout = await one(sql`select payout_id as id from payout_lines where balance_transaction_id = ${id}`);
      await breakLedger(app.db, sql`delete from balance_transactions where id = ${id}`);
      return ["balance USD", `balance_transaction_missing ${id}`, `payout_total ${payout}`];
    },
    cause: /later than the ledger looks back|lacks balance transactions|do not add up/,
  },
  "a movement of a dispute that the ledger lacks": {
    breaks: async () => {
      const dispute = await one(sql`select id from stripe_disputes where status = 'lost' limit 1`);
      const id = await one(sql`select id from balance_transactions where source_id = ${dispute}`);
      const payout = await one(sql`select payout_id as id from payout_lines where balance_transaction_id = ${id}`);
      await breakLedger(app.db, sql`delete from balance_transactions where id = ${id}`);
      // The next pull would bring it by itself, had it not gone further.
      return ["balance USD", `balance_transaction_missing ${id}`, `dispute_total ${dispute}`, `payout_total ${payout}`];
    },
    cause: /later than the ledger looks back|lacks balance transactions|do not add up|lacks a movement/,
  },
  "a gift that still waits although its session is over": {
    breaks: async () => {
      const id = await one(
        sql`select id from donations where status = 'paid' and frequency = 'once' order by id limit 1`,
      );
      await run(sql`delete from stripe_sessions where donation_id = ${id}`);
      await run(sql`update donations set status = 'open' where id = ${id}`);
      return [`donation_stuck ${id}`];
    },
    cause: /The session is over/,
  },
  "an event that is dead": {
    breaks: async () => {
      const id = await one(sql`select id from stripe_events where type = 'invoice.paid' and state = 'applied' limit 1`);
      await run(sql`update stripe_events set state = 'dead', reason = 'TypeError' where id = ${id}`);
      return [`event_dead ${id}`];
    },
    cause: /twelve times/,
  },
  "an event that has waited for more than a day": {
    breaks: async () => {
      const id = await one(
        sql`select id from stripe_events where type = 'charge.succeeded' and state = 'applied' limit 1`,
      );
      await run(sql`
        update stripe_events set state = 'waiting', reason = 'in API version 2020-08-27', finished_at = null,
          received_at = clock_timestamp() - interval '25 hours', due_at = clock_timestamp() + interval '1 day' where id = ${id}
      `);
      return [`event_waiting ${id}`];
    },
    cause: /more than a day ago/,
  },
  "marks that nobody has derived for more than an hour": {
    breaks: async () => {
      await run(sql`
        insert into dirty_objects (kind, object_id, marked_at) select 'donation', id::text, clock_timestamp() - interval '2 hours' from donations
      `);
      return ["derivation_overdue dirty_objects"];
    },
    cause: /background work stands still/,
  },
};

describe("a difference is found, named with its cause, healed and resolved", () => {
  test.each(Object.keys(CASES))("%s", async (name) => {
    const { breaks, cause } = CASES[name] as Case;
    const expected = await breaks();
    const seen = await look();
    // What is derived from a row that was altered by hand differs from what would be derived of it now.
    expect((await found()).filter((one) => !one.startsWith("derived_row"))).toEqual([...expected].sort());
    expect(seen.remaining).toBe((await open()).length);
    for (const row of await open()) {
      expect(row.cause).toMatch(row.kind === "derived_row" ? ALTERED : cause);
      expect(row.ours ?? row.stripes).not.toBeNull();
      expect(row.last_seen >= row.first_seen).toBe(true);
    }
    const before = await open();

    const healed = await look({ fix: true });
    expect(await found()).toEqual([]);
    // Marks are derived by whoever finds them, so only the next look can say that they are gone.
    expect(healed).toMatchObject({ found: name.startsWith("marks") ? 0 : before.length, remaining: 0 });
    const { rows } = await sql<{ id: string }>`
      select id from reconciliation_differences where resolved_at is not null and id = any(${before.map((row) => row.id)}::uuid[])
    `.execute(app.db);
    expect(rows).toHaveLength(before.length);
    expect(await books()).toEqual(original);
  });
});

describe("derived rows that are not what mirror and ledger give are found, and derived anew", () => {
  interface Wrong {
    readonly statement: (donation: string) => ReturnType<typeof sql>;
    /** Tables, changes and columns that are named. */
    readonly rows: readonly (readonly [string, string, string])[];
  }
  const WRONG: Readonly<Record<string, Wrong>> = {
    "a payment of another amount": {
      statement: (id) => sql`update payments set amount = amount + 1 where donation_id = ${id}`,
      rows: [["payments", "changed", "amount"]],
    },
    "a payment in another state": {
      statement: (id) => sql`update payments set status = 'processing', paid_at = null where donation_id = ${id}`,
      rows: [["payments", "changed", "status,paid_at"]],
    },
    "a payment that was removed, and its movements with it": {
      statement: (id) => sql`delete from payments where donation_id = ${id}`,
      rows: [
        ["payments", "new", ""],
        ["payment_movements", "new", ""],
      ],
    },
    "a movement that was removed": {
      statement: (id) => sql`delete from payment_movements where donation_id = ${id}`,
      rows: [["payment_movements", "new", ""]],
    },
    "a donation in another state": {
      statement: (id) => sql`update donations set status = 'failed' where id = ${id}`,
      rows: [["donations", "changed", "status"]],
    },
  };

  test.each(Object.keys(WRONG))("%s", async (name) => {
    const { statement, rows } = WRONG[name] as Wrong;
    const donation = await one(sql`
      select donation_id as id from payments where frequency = 'once' and status = 'paid' and refunded = 0 and disputed = 0 order by amount limit 1
    `);
    await run(statement(donation));
    await look({ since: new Date(app.clock.now().getTime() - 3_600_000) });
    expect(await found()).toContain(`derived_row ${donation}`);
    const [difference] = (await open()).filter((row) => row.kind === "derived_row");
    expect(difference?.ours).toMatchObject({
      count: rows.length,
      rows: rows.map(([table, change, columns]) => ({ table, change, columns: columns.split(",").filter(Boolean) })),
    });
    expect(difference?.cause).toMatch(ALTERED);
    expect((await look({ fix: true })).remaining).toBe(0);
    expect(await books()).toEqual(original);
  });

  test("what is marked is left to whoever derives it, and what can't be derived is named and holds up no other", async () => {
    const [marked, stuck, altered] = (
      await sql<{ id: string }>`
        select distinct donation_id as id from payments where frequency = 'once' and status = 'paid' order by 1 limit 3
      `.execute(app.db)
    ).rows.map((row) => row.id) as [string, string, string];
    await run(sql`update donations set status = 'failed' where id in (${marked}, ${altered})`);
    // More than a number here holds exactly: no row of this donation can be read.
    await run(
      sql`update stripe_sessions set amount_total = amount_total + 9007199254740993 where donation_id = ${stuck}`,
    );
    await run(sql`insert into dirty_objects (kind, object_id) values ('donation', ${marked})`);
    const differences: BookDifference[] = [];
    const failed: string[] = [];
    for await (const batch of compareSettled(app.background)) {
      differences.push(...batch.differences);
      failed.push(...batch.failed.map((one) => one.donation_id));
    }
    expect({ differing: differences.map((one) => one.donation_id), failed }).toEqual({
      differing: [altered],
      failed: [stuck],
    });
    await look();
    expect((await found()).filter((row) => row.startsWith("derived_row"))).toEqual(
      [`derived_row ${altered}`, `derived_row ${stuck}`].sort(),
    );
    await run(
      sql`update stripe_sessions set amount_total = amount_total - 9007199254740993 where donation_id = ${stuck}`,
    );
    expect((await look({ fix: true })).remaining).toBe(0);
    expect(await books()).toEqual(original);
  });
});

describe("what no upsert can heal stays open, with its cause", () => {
  test("a ledger row that was altered, until it is restored", async () => {
    const id = await one(
      sql`
        select b.id from balance_transactions b join payments p on p.stripe_balance_transaction = b.id
        where p.status = 'paid' order by b.id limit 1
      `,
    );
    await breakLedger(app.db, sql`update balance_transactions set amount = amount + 1, net = net + 1 where id = ${id}`);
    const done = await look({ fix: true });
    expect(await found()).toEqual(expect.arrayContaining(["balance USD", `balance_transaction_differs ${id}`]));
    expect(done.remaining).toBe((await open()).length);
    const differs = (await open()).find((row) => row.object_id === id);
    expect(differs?.cause).toMatch(/restore it from a backup/);
    expect(Object.keys(differs?.ours ?? {}).sort()).toEqual(["amount", "net"]);
    await breakLedger(app.db, sql`update balance_transactions set amount = amount - 1, net = net - 1 where id = ${id}`);
    expect(await look()).toMatchObject({ remaining: 0 });
  });

  test("a ledger row that is dated by when its money was available (opencollective #8803)", async () => {
    const id = await one(
      sql`
        select b.id from balance_transactions b join payments p on p.stripe_balance_transaction = b.id
        where p.status = 'paid' order by b.id limit 1
      `,
    );
    await run(sql`create table kept_date as select created from balance_transactions where id = ${id}`);
    await breakLedger(app.db, sql`update balance_transactions set created = available_on where id = ${id}`);
    await look({ fix: true });
    // Nothing is derived from a ledger that was altered.
    expect(await found()).toEqual([`balance_transaction_differs ${id}`, expect.stringMatching(/^derived_row /)]);
    expect(Object.keys((await open())[0]?.ours ?? {})).toEqual(["created"]);
    expect(await payments()).toEqual(original.payments);
    await breakLedger(
      app.db,
      sql`update balance_transactions set created = (select created from kept_date) where id = ${id}`,
    );
    await run(sql`drop table kept_date`);
    expect(await look()).toMatchObject({ remaining: 0 });
  });

  test("rows that Stripe knows nothing of", async () => {
    await run(sql`
      insert into stripe_charges (id, as_of, created, status, paid, captured, amount, amount_captured, currency)
      select 'ch_of_nobody', created, created, 'failed', false, false, 100, 0, 'USD' from stripe_charges order by created limit 1
    `);
    await run(sql`
      insert into balance_transactions (id, created, available_on, type, reporting_category, currency, amount, fee, net, fee_details)
      select 'txn_of_nobody', created, available_on, 'adjustment', 'other_adjustment', 'USD', 7, 0, 7, '[]'
      from balance_transactions order by created limit 1
    `);
    await look({ fix: true });
    expect(await found()).toEqual([
      "balance USD",
      "balance_transaction_unknown txn_of_nobody",
      "charge_unknown ch_of_nobody",
    ]);
    await breakLedger(app.db, sql`delete from balance_transactions where id = 'txn_of_nobody'`);
    await run(sql`delete from stripe_charges where id = 'ch_of_nobody'`);
    expect(await look()).toMatchObject({ remaining: 0 });
    expect(await books()).toEqual(original);
  });
});

test("an amount that was altered is found also in a row that was seen later than Stripe's answer", async () => {
  const id = await one(A_GIFT);
  const [kept] = (await sql<{ as_of: string }>`select as_of::text from stripe_charges where id = ${id}`.execute(app.db))
    .rows;
  await run(sql`update stripe_charges set amount = amount + 1, as_of = as_of + interval '10 years' where id = ${id}`);
  await look();
  expect(await found()).toEqual([`charge_differs ${id}`]);
  expect((await open())[0]?.ours).toHaveProperty("amount");
  await run(sql`update stripe_charges set as_of = ${kept?.as_of} where id = ${id}`);
  expect((await look({ fix: true })).remaining).toBe(0);
  expect(await books()).toEqual(original);
});

test("a difference stays open under runs that begin later than its object, and is resolved by them once it is gone", async () => {
  const id = await one(A_REFUND);
  const kept = await sql<{ amount: number }>`select amount from stripe_refunds where id = ${id}`.execute(app.db);
  await run(sql`update stripe_refunds set amount = amount + 1 where id = ${id}`);
  await look();
  const first = await open();
  expect(first.map((row) => row.kind)).toEqual(["derived_row", "refund_differs", "refund_total"]);
  const recent = new Date(app.clock.now().getTime() - 86_400_000);
  expect((await look({ since: recent })).remaining).toBe(first.length);
  expect((await open()).map((row) => row.id)).toEqual(first.map((row) => row.id));
  await run(sql`update stripe_refunds set amount = ${kept.rows[0]?.amount} where id = ${id}`);
  expect((await look({ since: recent })).remaining).toBe(0);
});

test("what differs for the first time and is put right within moments is not reported", async () => {
  const id = await one(A_GIFT);
  await run(sql`update stripe_charges set status = 'pending' where id = ${id}`);
  await run(sql`
    update stripe_events set state = 'received', finished_at = null, due_at = clock_timestamp() + interval '1 hour'
    where id = (select id from stripe_events where object_id = ${id} order by created desc limit 1)
  `);
  const applied = new Promise((resolve) => setTimeout(resolve, 700)).then(() =>
    run(sql`
      with event as (update stripe_events set state = 'applied', finished_at = now() where state = 'received' returning object_id)
      update stripe_charges set status = 'succeeded' where id in (select object_id from event)
    `),
  );
  await app.standIn.advance(20_000);
  const done = await reconcile(app.background, { since: EVER, patienceMs: 10_000 });
  await applied;
  expect(done).toMatchObject({ found: 0, remaining: 0 });
  expect(await books()).toEqual(original);
});

test("a run that breaks off says so, resolves nothing, and leaves the ledger to others", async () => {
  const id = await one(A_REFUND);
  await run(sql`delete from stripe_refunds where id = ${id}`);
  await look();
  expect((await open()).length).toBe(3);
  app.standIn.failNext({ kind: "status", status: 401, path: "/v1/charges" });
  await expect(look()).rejects.toThrow();
  expect((await open()).length).toBe(3);
  const { rows } = await sql<{ failure: string | null }>`
    select failure from reconciliation_runs order by started_at desc limit 1
  `.execute(app.db);
  expect(rows[0]?.failure).toMatch(/Stripe/);
  expect((await look({ fix: true })).remaining).toBe(0);
});

test("a dead event of an object that Stripe no longer has stays for somebody to look at", async () => {
  await run(sql`
    insert into stripe_events (id, type, livemode, created, object_id, state, reason) values
      ('evt_of_nothing', 'customer.updated', false, now(), 'cus_of_nobody', 'dead', 'TypeError')
  `);
  await look({ fix: true });
  expect(await found()).toEqual(["event_dead evt_of_nothing"]);
  await run(sql`delete from stripe_events where id = 'evt_of_nothing'`);
  expect(await look()).toMatchObject({ remaining: 0 });
});

test("limits and failures of Stripe are waited out", async () => {
  app.standIn.failNext({ kind: "status", status: 429, times: 3, path: "/v1/charges" });
  app.standIn.failNext({ kind: "cut", times: 2, path: "/v1/refunds" });
  app.standIn.failNext({ kind: "not_json", path: "/v1/invoices" });
  expect(await look()).toMatchObject({ remaining: 0 });
});

describe("the report", () => {
  const get = async (path: string, role: "finance" | "audience" | "admin" = "finance") =>
    await fetch(`${app.url}/v1/reports/reconciliation${path}`, {
      headers: { authorization: `Bearer ${await app.token(role)}` },
    });

  test("shows what is open with since when, a page at a time, and the newest run", async () => {
    const ids = [...Array(3).keys()].map((index) => `ch_of_nobody${index}`);
    for (const id of ids) {
      await run(sql`
        insert into stripe_charges (id, as_of, created, status, paid, captured, amount, amount_captured, currency)
        select ${id}, created, created, 'failed', false, false, 100, 0, 'USD' from stripe_charges order by created limit 1
      `);
    }
    const done = await look();
    const rows: { object_id: string; since: string; kind: string }[] = [];
    let path = "?limit=2";
    for (;;) {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      const page = (await answer.json()) as { rows: typeof rows; next_cursor: string | null; run: object };
      expect(page.run).toMatchObject({ run_id: done.run, remaining: 3, failure: null });
      rows.push(...page.rows);
      if (page.next_cursor === null) break;
      path = `?limit=2&cursor=${page.next_cursor}`;
    }
    expect(rows.map((row) => row.object_id).sort()).toEqual(ids);
    expect(rows.every((row) => row.kind === "charge_unknown" && !Number.isNaN(Date.parse(row.since)))).toBe(true);
    const csv = await (await get(".csv")).text();
    expect(csv.split("\r\n")[0]).toBe(
      "difference_id,kind,object_id,occurred_at,since,last_seen,resolved_at,ours,stripes,cause",
    );
    expect(csv.trimEnd().split("\r\n")).toHaveLength(4);
    await run(sql`delete from stripe_charges where id like 'ch_of_nobody%'`);
    await look();
    expect(await (await get("")).json()).toMatchObject({ rows: [], next_cursor: null, run: { remaining: 0 } });
    const resolved = (await (await get("?state=resolved&limit=1000")).json()) as { rows: { resolved_at: string }[] };
    expect(resolved.rows.length).toBeGreaterThanOrEqual(3);
    expect(resolved.rows.every((row) => row.resolved_at !== null)).toBe(true);
  });

  test("is for finance and admin, and takes no other filter", async () => {
    expect((await get("", "admin")).status).toBe(200);
    expect((await get("", "audience")).status).toBe(403);
    expect((await fetch(`${app.url}/v1/reports/reconciliation`)).status).toBe(401);
    for (const path of ["?limit=0", "?cursor=1", "?state=new", "?kind=balance"])
      expect((await get(path)).status).toBe(400);
  });

  test("names nobody, whatever differs: of what could be a reading history it says only that it differs", async () => {
    await run(sql`update stripe_subscriptions set attribution_code = 'of-another-reader'`);
    await run(sql`update stripe_charges set card_country = 'XX', wallet = 'of-another-reader'`);
    await look();
    const everything = JSON.stringify(await (await get("?limit=1000")).json());
    expect(everything).toContain('"attribution_code":"not shown"');
    expect(everything).toContain('"card_country":"not shown"');
    expect(everything).not.toMatch(/example\.org|Reader|of-another-reader/);
    await look({ fix: true });
    expect(await books()).toEqual(original);
  });
});

test("a database that was lost is filled from Stripe's lists, not object by object", async () => {
  const world = await openWorld(app, { checkouts: false });
  try {
    const [deps] = world.workers;
    const extra = 600;
    await sql`
      insert into stripe_events (id, type, livemode, created, state, reason)
      select 'evt_' || n, 'customer.updated', false, now(), 'dead', 'a test' from generate_series(1, ${extra}) as n
    `.execute(world.db);
    await app.standIn.advance(20_000);
    const done = await reconcile(deps, { since: EVER, patienceMs: 0, fix: true });
    expect(done.found).toBeGreaterThan(extra + 20);
    expect(done.remaining).toBe(extra);
    const kept = await readBooks(world.db, app.deps.vault, new Set());
    expect(kept.payments).toEqual(original.payments);
    expect(kept.payment_movements).toEqual(original.payment_movements);
  } finally {
    await world.close();
  }
});
