import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Reconciled, reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import type { TestApp } from "../support/app.ts";
import { type Books, readBooks } from "../support/books.ts";
import { busyAccount } from "../support/busy-account.ts";

let app: TestApp;
const EVER = new Date("2020-01-01T00:00:00Z");

beforeAll(async () => {
  app = await busyAccount();
}, 120_000);
afterAll(() => app.close());

const look = (options: { fix?: boolean; since?: Date } = {}): Promise<Reconciled> =>
  reconcile(app.background, { since: EVER, patienceMs: 0, ...options });

const open = async () =>
  await app.db.selectFrom("reconciliation_differences").selectAll().where("resolved_at", "is", null).orderBy("kind").execute();

test("the books of an account on which everything happened agree with Stripe", async () => {
  const done = await look();
  expect(await open()).toEqual([]);
  expect(done).toMatchObject({ found: 0, remaining: 0 });
  expect(done.balances.every((line) => line.ours === line.stripes)).toBe(true);
  expect(Object.values(done.looked_at).every((count) => count > 0)).toBe(true);
});
