import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkBooks } from "../../src/donations/rebuild.ts";
import { backfill } from "../../src/ledger/backfill/backfill.ts";
import { type Change, dryRun } from "../../src/ledger/backfill/dry-run.ts";
import { MIRROR_KINDS } from "../../src/mirror/kind.ts";
import { knownKind } from "../../src/mirror/kinds.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { type Books, readBooks, writersOf } from "../support/books.ts";
import { busyAccount, DAY_MS } from "../support/busy-account.ts";
import { openWorld, type World } from "../support/world.ts";

let app: TestApp;
let original: Books;
const EVER = new Date("2020-01-01T00:00:00Z");

beforeAll(async () => {
  app = await busyAccount();
  original = await booksOf(app);
}, 120_000);
afterAll(() => app.close());

/** As of when a row was seen differs, and so does what was only asked for. */
async function booksOf(of: Pick<TestApp, "db">): Promise<Books> {
  const { refetches: _, dirty_objects: __, ...books } = await readBooks(of.db, app.deps.vault, new Set());
  return Object.fromEntries(
    Object.entries(books).map(([table, rows]) => [table, rows.map(({ as_of, ...row }) => row)]),
  );
}

async function inWorld(checkouts: boolean, story: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(app, { checkouts });
  try {
    await story(world);
  } finally {
    await world.close();
  }
}

/** What a lost database can't get back from Stripe: the moment of the reader's request, and that the gift began here. */
function asRemembered({ created_at, origin, ...donation }: Readonly<Record<string, unknown>>) {
  return donation;
}

function expectOriginal(books: Books, { checkouts }: { checkouts: boolean }): void {
  const donations = (of: Books) => (checkouts ? of.donations : of.donations?.map(asRemembered));
  expect(donations(books)).toEqual(donations(original));
  for (const table of ["payments", "payment_movements", "balance_transactions", "payout_lines"]) {
    expect(books[table], table).toEqual(original[table]);
  }
  for (const [table, rows] of Object.entries(original)) {
    if (!table.startsWith("stripe_")) continue;
    const found = new Map(books[table]?.map((row) => [row.id, row]));
    for (const row of rows) expect(found.get(row.id), `${table} ${row.id}`).toEqual(row);
  }
}

test("the account has something of everything", () => {
  const states = (table: string, column: string) => new Set(original[table]?.map((row) => row[column]));
  expect(states("donations", "status")).toEqual(new Set(["paid", "failed", "expired"]));
  expect(states("stripe_refunds", "status")).toEqual(new Set(["succeeded", "failed"]));
  expect(states("stripe_disputes", "status")).toContain("lost");
  expect(states("stripe_disputes", "status")).toContain("won");
  expect(states("stripe_payouts", "status")).toContain("failed");
  expect(states("stripe_payouts", "reconciliation_status")).toContain("completed");
  expect(states("stripe_subscriptions", "status")).toContain("canceled");
  expect(original.payout_lines?.length).toBeGreaterThan(5);
});

test("an empty database and a backfill give the original books", async () => {
  await inWorld(false, async (world) => {
    const [deps] = world.workers;
    await backfill(deps, { since: EVER });
    const books = await booksOf(world);
    expectOriginal(books, { checkouts: false });
    expect(new Set(books.donations?.map((row) => row.origin))).toEqual(new Set(["stripe"]));
    const differences: unknown[] = [];
    await checkBooks(deps, (difference) => differences.push(difference));
    expect(differences).toEqual([]);
  });
});

test("a backfill of books that are complete says nothing new: it derives nothing and changes no book", async () => {
  await inWorld(true, async (world) => {
    const [deps] = world.workers;
    await backfill(deps, { since: EVER });
    const books = await booksOf(world);
    expectOriginal(books, { checkouts: true });
    const writers = async () => {
      const all = await writersOf(world.db);
      return Object.fromEntries(["donations", "payments", "payment_movements"].map((table) => [table, all[table]]));
    };
    const before = await writers();
    await backfill(deps, { since: EVER });
    expect(await writers()).toEqual(before);
    expect(await booksOf(world)).toEqual(books);
    expect(await sql`select from backfill_lists`.execute(world.db).then(({ rows }) => rows)).toEqual([]);
  });
});

test("what was made before the period and has changed since is found: by events, by its age, by what names it", async () => {
  await inWorld(true, async (world) => {
    const [deps] = world.workers;
    await backfill(deps, { since: EVER });
    const forgotten = [
      sql`update stripe_subscriptions set status = 'trialing', as_of = created`,
      sql`update stripe_disputes set status = 'needs_response', as_of = created`,
      sql`update stripe_refunds set status = 'pending', rank = 0, as_of = created`,
      sql`update stripe_payouts set status = 'in_transit', rank = 3, as_of = created where status = 'failed'`,
      sql`update stripe_invoices set status = 'open', rank = 1, amount_paid = 0, as_of = created where status = 'paid'`,
      sql`update stripe_payment_intents set status = 'processing', rank = 9, as_of = created where status = 'succeeded'`,
      sql`delete from stripe_charges where id in (select charge_id from stripe_refunds)`,
      sql`delete from stripe_payment_intents where id in (select payment_intent_id from stripe_refunds)`,
    ];
    for (const statement of forgotten) await statement.execute(world.db);
    await sql`insert into dirty_objects (kind, object_id) select 'donation', id::text from donations`.execute(world.db);
    await world.drain();
    expect((await booksOf(world)).payments).not.toEqual(original.payments);

    await backfill(deps, { since: new Date(app.clock.now().getTime() - DAY_MS) });
    expectOriginal(await booksOf(world), { checkouts: true });
  });
});

describe("a dry run", () => {
  test("of some hundred payments takes seconds", { timeout: 15_000 }, async () => {
    const many = await startApp();
    const count = 500;
    many.standIn.control("POST", "/payments", { count, donation_ids: true, customers: true });
    const changes: Change[] = [];
    await dryRun(many.background, { since: EVER, onChange: (change) => changes.push(change) });
    expect(changes.filter((change) => change.kind === "payments")).toHaveLength(count);
    await many.close();
  });

  async function dry(world: World, since = EVER): Promise<readonly Change[]> {
    const changes: Change[] = [];
    await dryRun(world.workers[0], { since, onChange: (change) => changes.push(change) });
    return changes;
  }

  test("of an empty database names everything that a backfill then makes, and changes no row", async () => {
    await inWorld(false, async (world) => {
      const before = await writersOf(world.db);
      const changes = await dry(world);
      expect(await writersOf(world.db)).toEqual(before);
      expect(await sql`select from backfill_lists union all select from cursors`.execute(world.db)).toMatchObject({
        rows: [],
      });
      await backfill(world.workers[0], { since: EVER });
      const books = await booksOf(world);
      const named = (kind: string) =>
        changes
          .filter((change) => change.kind === kind)
          .map((change) => change.id)
          .sort();
      const ids = (table: string, key = "id") => books[table]?.map((row) => String(row[key])).sort();
      expect(named("donations")).toEqual(ids("donations"));
      expect(named("payments")).toEqual(ids("payments"));
      expect(named("payment_movements")).toEqual(ids("payment_movements", "balance_transaction_id"));
      expect(named("balance_transaction")).toEqual(ids("balance_transactions"));
      for (const { name, table } of MIRROR_KINDS.map(knownKind)) expect(named(name), name).toEqual(ids(table));
      expect(changes.every((change) => change.change === "new")).toBe(true);
      expect(JSON.stringify(changes)).not.toMatch(/example\.org|Reader/);
      expect(await dry(world)).toEqual([]);
    });
  });

  test("names the columns that would change, of objects and of what follows from them, and nobody", async () => {
    await inWorld(true, async (world) => {
      await backfill(world.workers[0], { since: EVER });
      const refund = await sql<{ id: string; charge_id: string }>`
        select id, charge_id from stripe_refunds where status = 'succeeded' order by id limit 1
      `.execute(world.db);
      const { id = "", charge_id: charge = "" } = refund.rows[0] ?? {};
      await sql`update stripe_refunds set amount = 1 where id = ${id}`.execute(world.db);
      await sql`update stripe_customers set details_hash = '\\x00'`.execute(world.db);
      await sql`insert into dirty_objects (kind, object_id) values ('refund', ${id})`.execute(world.db);
      await world.drain();
      const before = await writersOf(world.db);
      // An answer is dated back by a second: it must be newer than what the backfill has just seen.
      await app.standIn.advance(20_000);
      const changes = await dry(world);
      expect(await writersOf(world.db)).toEqual(before);
      expect(changes).toContainEqual({ kind: "refund", id, change: "changed", columns: ["amount"] });
      const payment = await world.db
        .selectFrom("payments")
        .select("id")
        .where("stripe_charge", "=", charge)
        .executeTakeFirst();
      expect(changes).toContainEqual({ kind: "payments", id: payment?.id, change: "changed", columns: ["refunded"] });
      expect(changes.filter((change) => change.kind === "customer").length).toBeGreaterThan(5);
      expect(JSON.stringify(changes)).not.toMatch(/example\.org|Reader/);
    });
  });
});
