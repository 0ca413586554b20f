import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBooks } from "../support/books.ts";
import { type History, recordHistory, type SentEvent } from "../support/history.ts";
import { openWorld, postEvent, type World, whileWorking } from "../support/world.ts";

let history: History;
beforeAll(async () => {
  history = await recordHistory();
});
afterAll(() => history.app.close());

const COPIES = 64;

async function inWorld<Result>(workers: readonly string[], story: (world: World) => Promise<Result>): Promise<Result> {
  const world = await openWorld(history.app, { workers });
  try {
    return await story(world);
  } finally {
    await world.close();
  }
}

async function told(world: World, event: SentEvent): Promise<number[]> {
  const body = JSON.stringify(event);
  return await Promise.all(Array.from({ length: COPIES }, () => postEvent(world.url, history.app.webhookSecret, body)));
}

async function count(world: World, table: "stripe_events" | "payments" | "payment_movements"): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(world.db);
  return rows[0]?.count ?? Number.NaN;
}

test("64 concurrent copies of each event of a gift, and three workers at once: one row each, and one gift", async () => {
  const expected = await inWorld(["work"], async (world) => {
    for (const event of history.once) expect(await world.post(event)).toBe(200);
    await world.settle();
    return await readBooks(world.db, history.app.deps.vault, history.tied);
  });
  await inWorld(["first", "second", "third"], async (world) => {
    await whileWorking(world, async () => {
      for (const event of history.once) expect(await told(world, event)).toEqual(Array(COPIES).fill(200));
    });
    expect(await count(world, "stripe_events")).toBe(history.once.length);
    await world.settle();
    expect(await readBooks(world.db, history.app.deps.vault, history.tied)).toEqual(expected);
    expect([await count(world, "payments"), await count(world, "payment_movements")]).toEqual([1, 1]);
  });
});

test("64 concurrent copies under 64 ids, as of two events that report one change: 64 rows, and one effect", async () => {
  await inWorld(["first", "second", "third"], async (world) => {
    for (const event of history.once) expect(await world.post(event)).toBe(200);
    await world.settle();
    const before = await readBooks(world.db, history.app.deps.vault, history.tied);
    const paid = history.once.find((event) => event.type === "payment_intent.succeeded") as SentEvent;
    await whileWorking(world, async () => {
      const statuses = Array.from({ length: COPIES }, (_, index) => world.post({ ...paid, id: `${paid.id}_${index}` }));
      expect(await Promise.all(statuses)).toEqual(Array(COPIES).fill(200));
    });
    expect(await count(world, "stripe_events")).toBe(history.once.length + COPIES);
    await world.settle();
    expect(await readBooks(world.db, history.app.deps.vault, history.tied)).toEqual(before);
  });
});
