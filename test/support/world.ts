import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { Stripe } from "stripe";
import { createApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import type { DB } from "../../src/db/schema.ts";
import type { Deps } from "../../src/deps.ts";
import { deriveDirty } from "../../src/donations/settle.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { pullPayoutLines } from "../../src/ledger/payout-lines.ts";
import { syncLedger } from "../../src/ledger/sync.ts";
import { refetchDue } from "../../src/mirror/refetch.ts";
import { foldDeltas } from "../../src/reports/rollups/fold.queries.ts";
import { rollupStep } from "../../src/reports/rollups/step.ts";
import { isQuiet } from "../../src/sandbox/quiet.queries.ts";
import type { TestApp } from "./app.ts";
import { testDatabase } from "./database.ts";
import { serveApp } from "./serve-app.ts";

export interface WorldOptions {
  /** Names of the workers, each with a pool of its own, as if in processes of their own. */
  readonly workers?: readonly string[];
  /** Whether the database knows the checkouts, as it does unless it was lost. */
  readonly checkouts?: boolean;
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** A database of its own for what was recorded with `app`: the same Stripe, the same keys, and none of its events yet. */
export async function openWorld(app: TestApp, options: WorldOptions = {}) {
  const database = await testDatabase();
  await copyTables(app.db, database.db, ["vault_lookup_key", ...(options.checkouts === false ? [] : CHECKOUTS)]);
  const settings = { ...app.settings, config: { ...app.settings.config, databaseUrl: database.url } };
  const newsroom = { current: app.deps.newsroom, close: () => {} };
  const composed = await Promise.all(
    ["http", ...(options.workers ?? ["work"])].map((name) =>
      compose(settings, { name, connections: 4, log: app.deps.log, newsroom }),
    ),
  );
  const [http, ...workers] = composed.map((one) => one.deps) as [Deps, Deps, ...Deps[]];
  await rollupStep(workers[0]);
  const served = await serveApp(
    createApp({
      deps: http,
      reports: http,
      readiness: { whyNot: async () => null },
      onReceived: () => {},
      stripeOrigins: [app.standIn.url],
      extra: [],
    }),
  );
  const drain = async () => {
    let found: number;
    do {
      const counts = await Promise.all(workers.map((worker) => drainOnce(worker)));
      found = counts.reduce((sum, count) => sum + count, 0);
    } while (found > 0);
  };
  const step = async () => {
    await drain();
    await sql`update refetches set due_at = clock_timestamp()`.execute(database.db);
    await refetchDue(workers[0]);
    await syncLedger(workers[0]);
    while ((await pullPayoutLines(workers[0])) > 0) {}
    await Promise.all(workers.map((worker) => rollupStep(worker)));
  };

  return {
    db: database.db,
    databaseUrl: database.url,
    url: served.url,
    workers,
    /** Delivers an event as Stripe does. @returns the status */
    post: (event: object) => postEvent(served.url, app.webhookSecret, JSON.stringify(event)),
    /** Applies and derives what has arrived, with all workers at once. */
    drain,
    /** One round of all background work; objects are fetched again as if their pause was over. */
    step,
    /** Does all that is left to do. */
    settle: async () => {
      for (let round = 0; round < 20; round++) {
        await step();
        if (await isQuiet(database.db)) return;
      }
      throw new Error("The books did not catch up.");
    },
    close: async () => {
      await served.close();
      await Promise.all(composed.map((one) => one.close()));
      await database.drop();
    },
  };
}

/** Deltas are folded by the way, a few at a time, so that workers meet in the rollups too. */
export async function drainOnce(worker: Deps): Promise<number> {
  await foldDeltas(worker.db, 25);
  return (await processInbox(worker)) + (await deriveDirty(worker));
}

/** Lets all workers run freely while `act` does something, as they do in processes of their own. */
export async function whileWorking(world: World, act: () => Promise<void>): Promise<void> {
  let over = false;
  const running = world.workers.map(async (worker) => {
    while (!over) if ((await drainOnce(worker)) === 0) await sleep(2);
  });
  try {
    await act();
  } finally {
    over = true;
    await Promise.all(running);
  }
}

/** The header that Stripe would send with this body now, or at another time in seconds. */
export function signature(payload: string, secret: string, timestamp = Math.floor(Date.now() / 1000)): string {
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
}

export async function postEvent(url: string, secret: string, payload: string): Promise<number> {
  const answer = await fetch(`${url}/webhooks/stripe`, {
    method: "POST",
    headers: { "content-type": "application/json; charset=utf-8", "stripe-signature": signature(payload, secret) },
    body: payload,
  });
  await answer.arrayBuffer();
  return answer.status;
}

const CHECKOUTS = ["donations", "consents", "checkouts"] as const;

/** What a database knows before any event comes: its lookup key and the checkouts. */
export async function copyCheckouts(from: Kysely<DB>, to: Kysely<DB>): Promise<void> {
  await copyTables(from, to, ["vault_lookup_key", ...CHECKOUTS]);
}

async function copyTables(from: Kysely<DB>, to: Kysely<DB>, tables: readonly (keyof DB)[]): Promise<void> {
  for (const table of tables) await copy(from, to, table);
}

async function copy(from: Kysely<DB>, to: Kysely<DB>, table: keyof DB): Promise<void> {
  const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(from);
  for (const row of rows) {
    const columns = Object.keys(row);
    await sql`
      insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
      values (${sql.join(columns.map((column) => row[column]))})
    `.execute(to);
  }
}
