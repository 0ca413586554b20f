import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Deps } from "../../src/deps.ts";
import { readBooks } from "../support/books.ts";
import { type History, recordHistory, type SentEvent } from "../support/history.ts";
import { drainOnce, openWorld, type World } from "../support/world.ts";

let history: History;
beforeAll(async () => {
  history = await recordHistory();
});
afterAll(() => history.app.close());

/** Two objects of one gift, neither of which tells all; the last two are of donations that the database has never seen. */
const PAIRS = [
  ["once", "payment_intent", "charge", true],
  ["once", "customer", "checkout.session", true],
  ["monthly", "invoice", "invoice_payment", true],
  ["monthly", "subscription", "checkout.session", true],
  ["once", "payment_intent", "checkout.session", false],
  ["monthly", "subscription", "invoice", false],
] as const;

/**
 * Where the first worker is stopped, in the middle of a transaction: triggers that wait for a lock which the test holds. The second worker
 * goes as far as it can meanwhile.
 */
const STAGES = {
  "its object is written and not yet committed": "after insert on dirty_objects",
  "its mark is taken and nothing is read": "after delete on dirty_objects",
  "the donation is read and nothing is written": "before update on donations",
} as const;

const HELD = 4711;

describe.each(PAIRS)("of a gift %s, %s and %s, known: %s", (gift, one, other, checkouts) => {
  describe.each([
    [one, other],
    [other, one],
  ])("first %s, then %s", (first, second) => {
    test.each(Object.entries(STAGES))("stopped when %s", async (_stage, when) => {
      const expected = await booksInOrder(gift, checkouts);
      const world = await openWorld(history.app, { workers: ["first", "second"], checkouts });
      const holder = new Client({ connectionString: world.databaseUrl });
      await holder.connect();
      try {
        const isHalf = (event: SentEvent) => [first, second].some((kind) => kind === event.data.object.object);
        for (const event of history[gift]) if (!isHalf(event)) await world.post(event);
        await world.drain();

        await stopFirstWorker(world, when);
        await holder.query("select pg_advisory_lock($1)", [HELD]);
        const [firstWorker, secondWorker] = world.workers as [Deps, Deps];
        await postAll(world, gift, first);
        const slow = drainAlone(firstWorker);
        const stopped = await reaches(world, "first", slow);
        await postAll(world, gift, second);
        const quick = drainAlone(secondWorker);
        await reaches(world, "second", quick);
        await holder.query("select pg_advisory_unlock($1)", [HELD]);
        await Promise.all([slow, quick]);
        await world.drain();

        // An invoice_payment alone leads to no donation, so nothing is read or written for it.
        if (!(first === "invoice_payment" && when === STAGES["the donation is read and nothing is written"])) {
          expect(stopped).toBe("stopped");
        }
        expect(await readBooks(world.db, history.app.deps.vault, new Set())).toEqual(expected);
      } finally {
        await holder.end();
        await world.close();
      }
    });
  });

  async function postAll(world: World, of: "once" | "monthly", kind: string): Promise<void> {
    const events = history[of].filter((event) => event.data.object.object === kind);
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(await world.post(event)).toBe(200);
  }
});

const known = new Map<string, ReturnType<typeof readBooks>>();

/** As in life; ties of one second are left as they are, since fetching again would derive again and hide what was lost. */
function booksInOrder(gift: "once" | "monthly", checkouts: boolean): ReturnType<typeof readBooks> {
  const books = known.get(`${gift} ${checkouts}`) ?? make();
  known.set(`${gift} ${checkouts}`, books);
  return books;

  async function make() {
    const world = await openWorld(history.app, { checkouts });
    try {
      for (const event of history[gift]) {
        await world.post(event);
        await world.drain();
      }
      return await readBooks(world.db, history.app.deps.vault, new Set());
    } finally {
      await world.close();
    }
  }
}

/** Worker "first" alone, by the name of its connections. */
async function stopFirstWorker(world: World, when: string): Promise<void> {
  await sql`
    create function stop_here() returns trigger language plpgsql as $$
    begin
      if current_setting('application_name') = 'reader-donations first' then
        perform pg_advisory_xact_lock(${sql.lit(HELD)});
      end if;
      return null;
    end $$
  `.execute(world.db);
  await sql`create trigger stop_here ${sql.raw(when)} for each statement execute function stop_here()`.execute(
    world.db,
  );
}

async function drainAlone(worker: Deps): Promise<void> {
  while ((await drainOnce(worker)) > 0);
}

/** Until the worker is done or waits for a lock. */
async function reaches(world: World, worker: string, work: Promise<void>): Promise<"done" | "stopped"> {
  let done = false;
  void work.finally(() => {
    done = true;
  });
  for (;;) {
    if (done) return "done";
    const { rows } = await sql`
      select from pg_stat_activity where application_name = ${`reader-donations ${worker}`} and wait_event_type = 'Lock'
        and datname = current_database()
    `.execute(world.db);
    if (rows.length > 0) return "stopped";
    await sleep(2);
  }
}
