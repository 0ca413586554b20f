import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBooks } from "../../src/donations/rebuild.ts";
import { backfill } from "../../src/ledger/backfill/backfill.ts";
import { type Change, dryRun } from "../../src/ledger/backfill/dry-run.ts";
import type { TestApp } from "../support/app.ts";
import { type Books, readBooks, writersOf } from "../support/books.ts";
import { busyAccount } from "../support/busy-account.ts";
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
