import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import type { DB } from "../../src/db/schema.ts";
import { checkBooks } from "../../src/donations/rebuild.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/sandbox/postgres/start.ts";
import { seededRandom } from "../../src/sandbox/stripe/arrange.ts";
import { type Books, readBooks } from "../support/books.ts";
import { testDatabase } from "../support/database.ts";
import { execute } from "../support/database-server.ts";
import { fastFolder } from "../support/fast-folder.ts";
import { type History, recordHistory } from "../support/history.ts";
import { caughtUp, createSender, lostEvents, startProcess, stuckEvents } from "../support/ingest.ts";
import { seed } from "../support/seed.ts";
import { copyCheckouts, openWorld } from "../support/world.ts";

/* Two rounds each; `npm run test:faults` does 200. */
const ROUNDS = Number(process.env.ROUNDS ?? 2);
const TIMEOUT_MS = 60_000 + ROUNDS * 10_000;

let history: History;
let expected: Books;

beforeAll(async () => {
  history = await recordHistory();
  const world = await openWorld(history.app);
  try {
    for (const event of history.events) expect(await world.post(event)).toBe(200);
    await world.settle();
    expected = await booksOf(world.db);
  } finally {
    await world.close();
  }
});
afterAll(() => history.app.close());

async function booksOf(db: Kysely<DB>): Promise<Books> {
  return await readBooks(db, history.app.deps.vault, history.tied);
}

/** No event is lost, none has been applied twice or by half. */
async function expectWhole(db: Kysely<DB>): Promise<void> {
  await caughtUp(db);
  expect(await booksOf(db)).toEqual(expected);
  const states = await sql<{ state: string }>`select distinct state from stripe_events order by 1`.execute(db);
  expect(states.rows.map((row) => row.state)).toEqual(["applied", "ignored"]);
  const differences: unknown[] = [];
  await checkBooks({ ...history.app.deps, db }, (difference) => differences.push(difference));
  expect(differences).toEqual([]);
}

describe("while events come in", () => {
  test("kill -9 of the service loses nothing that was acknowledged, and applies nothing twice or by half", {
    timeout: TIMEOUT_MS,
  }, async ({ annotate }) => {
    const database = await testDatabase();
    onTestFinished(() => database.drop());
    await copyCheckouts(history.app.db, database.db);
    const random = seededRandom(seed);
    const sender = createSender(history.app.webhookSecret, history.events);
    const size = Math.max(3, Math.ceil(history.events.length / (ROUNDS + 1)));
    let next = startProcess(history.app, database.url);
    for (let round = 0; round < ROUNDS; round++) {
      const victim = await next;
      // The one that takes over starts meanwhile, as another replica does.
      next = startProcess(history.app, database.url);
      const burst = sender.burst(victim.url, size);
      await sleep(random() * 250);
      await victim.end("SIGKILL");
      await burst;
      expect(await lostEvents(database.db, sender)).toEqual([]);
      expect(await stuckEvents(database.db)).toBe(0);
    }
    const last = await next;
    onTestFinished(async () => void (await last.end("SIGKILL")));
    while (!sender.isDone()) await sender.burst(last.url, size);
    await expectWhole(database.db);
    expect(await lostEvents(database.db, sender)).toEqual([]);
    await annotate(`${ROUNDS} kills, ${sender.acknowledged.size} events acknowledged`);
  });

  test("kill -9 of Postgres or of one of its processes loses nothing that was acknowledged, and the service goes on", {
    timeout: TIMEOUT_MS,
  }, async ({ annotate }) => {
    const postgres = await ownPostgres();
    await copyCheckouts(history.app.db, postgres.db);
    const random = seededRandom(seed + 1);
    const sender = createSender(history.app.webhookSecret, history.events);
    const size = Math.max(3, Math.ceil(history.events.length / (ROUNDS + 1)));
    const service = await startProcess(history.app, postgres.url);
    onTestFinished(async () => void (await service.end("SIGKILL")));
    for (let round = 0; round < ROUNDS; round++) {
      const burst = sender.burst(service.url, size);
      await sleep(random() * 250);
      if (round % 2 === 0) await postgres.killServer();
      else await postgres.killOne();
      await burst;
      expect(await postgres.answer((db) => lostEvents(db, sender))).toEqual([]);
      expect(await postgres.answer(stuckEvents)).toBe(0);
    }
    while (!sender.isDone()) await sender.burst(service.url, size);
    await expectWhole(postgres.db);
    expect(await lostEvents(postgres.db, sender)).toEqual([]);
    expect(service.logged()).not.toContain('"level":"fatal"');
    await annotate(`${ROUNDS} kills, ${sender.acknowledged.size} events acknowledged`);
  });
});

/** A server that writes through to the disk, at an address that stays when it is started again. */
async function ownPostgres() {
  const dataDir = await mkdtemp(join(await fastFolder(), "durable-"));
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir });
  const { url, port } = server;
  const db = createDatabase(createPool({ url, max: 4, name: "tests", onError: () => {} }));
  onTestFinished(async () => {
    await db.destroy();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  await migrateToLatest(db);
  /** Asks again while the server is recovering. */
  const answer = async <Result>(ask: (db: Kysely<DB>) => Promise<Result>): Promise<Result> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask(db);
      } catch (error) {
        if (attempt === 200) throw error;
        await sleep(50);
      }
    }
  };
  return {
    url,
    db,
    killServer: async () => {
      process.kill(server.pid, "SIGKILL");
      await server.stop();
      server = await startEmbeddedPostgres({ dataDir, port });
      const { username, password } = new URL(url);
      await execute(server.adminUrl, `alter role ${username} password '${password}'`);
    },
    /** One of its processes: Postgres ends all the others too and recovers. */
    killOne: async () => {
      const pid = await answer(async (db) => {
        const { rows } = await sql<{ pid: number }>`
          select pid from pg_stat_activity
          where application_name like 'reader-donations%' order by state = 'active' desc, random() limit 1
        `.execute(db);
        if (rows[0] === undefined) throw new Error("The service has no connection.");
        return rows[0].pid;
      });
      process.kill(pid, "SIGKILL");
      // Until the server has noticed, it goes on answering, and then cuts everyone off in the middle of something.
      await answer(async (db) => {
        const { rows } = await sql`select from pg_stat_activity where pid = ${pid}`.execute(db);
        if (rows.length > 0) throw new Error("The server has not noticed yet.");
      });
    },
    answer,
  };
}
