import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compose } from "../../src/compose.ts";
import type { Deps } from "../../src/deps.ts";
import { deriveDirty } from "../../src/donations/settle.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { pullPayoutLines } from "../../src/ledger/payout-lines.ts";
import { syncLedger } from "../../src/ledger/sync.ts";
import { refetchDue } from "../../src/mirror/refetch.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { startBadLine, type Trouble } from "../support/bad-line.ts";
import { give } from "../support/giving.ts";

let app: TestApp;
let line: Awaited<ReturnType<typeof startBadLine>>;
let jobs: { deps: Deps; close(): Promise<void> };

beforeAll(async () => {
  app = await startApp();
  line = await startBadLine(app.standIn.url);
  const { config } = app.settings;
  const stripe = { ...config.stripe, apiBase: new URL(line.url) };
  jobs = await compose(
    { ...app.settings, config: { ...config, stripe } },
    { name: "jobs", connections: 5, log: app.deps.log, newsroom: { current: app.deps.newsroom, close: () => {} } },
  );
  app.standIn.control("POST", "/payouts", { schedule: "daily" });
});
afterAll(async () => {
  await jobs.close();
  await line.close();
  await app.close();
});

/** Something for each job to ask Stripe about: a subscription in doubt, money, and a payout that is reconciled. */
async function somethingToAsk(): Promise<string> {
  line.make("none");
  const { id } = await give(app, { frequency: "monthly", amount: 1000 });
  await applied();
  const { stripe_subscription } = await app.db
    .selectFrom("donations")
    .select("stripe_subscription")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  await app.standIn.advance(4 * 86_400_000);
  await applied();
  app.standIn.freeze(true);
  for (const wish of [true, false]) {
    await app.deps.stripe.api.subscriptions.update(stripe_subscription ?? "", { cancel_at_period_end: wish });
  }
  app.standIn.freeze(false);
  await applied();
  await app.standIn.advance(10_000);
  await sql`update refetches set due_at = clock_timestamp()`.execute(app.db);
  return stripe_subscription ?? "";
}

async function applied(): Promise<void> {
  await app.standIn.settled();
  while ((await processInbox(jobs.deps)) + (await deriveDirty(jobs.deps)) > 0);
}

async function inDoubt(id: string) {
  const { rows } = await sql<{ attempts: number; seconds: number }>`
    select attempts, extract(epoch from due_at - clock_timestamp())::float8 as seconds from refetches where object_id = ${id}
  `.execute(app.db);
  return rows[0];
}

async function missing(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from payments where status = 'paid' and settled_gross is null)
      + (select count(*) from missing_balance_transactions) as count
  `.execute(app.db);
  return rows[0]?.count ?? Number.NaN;
}

const TROUBLES: readonly Trouble[] = ["500", "429", "cut off", "cut in the middle", "no JSON"];

test.each(TROUBLES)(
  "while Stripe's answers are %s the jobs write nothing and wait longer each time; then they catch up",
  async (trouble) => {
    const subscription = await somethingToAsk();
    const unbooked = await missing();
    expect(unbooked).toBeGreaterThan(0);
    line.make(trouble);
    const before = line.failed();
    await Promise.all([
      expect(syncLedger(jobs.deps)).rejects.toThrow(),
      refetchDue(jobs.deps),
      expect(pullPayoutLines(jobs.deps)).rejects.toThrow(),
    ]);
    expect(line.failed()).toBeGreaterThan(before);
    expect(await missing()).toBe(unbooked);
    const first = await inDoubt(subscription);
    expect(first).toMatchObject({ attempts: 1 });
    expect(first?.seconds).toBeGreaterThan(5);

    await sql`update refetches set due_at = clock_timestamp()`.execute(app.db);
    await refetchDue(jobs.deps);
    const second = await inDoubt(subscription);
    expect(second).toMatchObject({ attempts: 2 });
    expect(second?.seconds).toBeGreaterThan((first?.seconds ?? 0) + 5);

    line.make("none");
    expect((await syncLedger(jobs.deps))?.pulled).toBeGreaterThan(0);
    await sql`update refetches set due_at = clock_timestamp()`.execute(app.db);
    await refetchDue(jobs.deps);
    expect(await pullPayoutLines(jobs.deps)).toBeGreaterThan(0);
    await applied();
    expect(await inDoubt(subscription)).toBeUndefined();
    expect(await missing()).toBe(0);
    const { cancel_at_period_end } = await app.db
      .selectFrom("stripe_subscriptions")
      .select("cancel_at_period_end")
      .where("id", "=", subscription)
      .executeTakeFirstOrThrow();
    expect(cancel_at_period_end).toBe(false);
  },
);

test("an answer that takes long is dated by when it was asked for, never by when it came", async () => {
  const subscription = await somethingToAsk();
  line.make("slow");
  const { asOf } = await jobs.deps.stripe.fetch((api) => api.subscriptions.retrieve(subscription));
  const quick = await app.deps.stripe.fetch((api) => api.subscriptions.retrieve(subscription));
  // The Date header counts whole seconds, so the two may be one apart.
  expect(+asOf % 1000).toBeLessThanOrEqual(700);
  expect(+asOf).toBeLessThanOrEqual(+quick.asOf);
  await refetchDue(jobs.deps);
  expect(await inDoubt(subscription)).toBeUndefined();
  line.make("none");
});
