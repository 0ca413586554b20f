import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrange } from "../../src/sandbox/stripe/arrange.ts";
import { type Books, readBooks, writersOf } from "../support/books.ts";
import { type History, recordHistory, type SentEvent } from "../support/history.ts";
import { rollupDifferences } from "../support/rollups.ts";
import { seed } from "../support/seed.ts";
import { drainOnce, openWorld, type World, type WorldOptions, whileWorking } from "../support/world.ts";

let history: History;
let inOrder: World;
let expected: Books;

beforeAll(async () => {
  history = await recordHistory();
  inOrder = await openWorld(history.app);
  await oneByOne(inOrder, history.events);
  expected = await settledBooks(inOrder);
});
afterAll(async () => {
  await inOrder.close();
  await history.app.close();
});

test("the history has something of everything", () => {
  const types = new Set(history.events.map((event) => event.type));
  for (const type of NEEDED) expect(types).toContain(type);
  const count = (table: string, column: string) => Object.groupBy(expected[table] ?? [], (row) => String(row[column]));
  expect(Object.keys(count("donations", "status")).sort()).toEqual(["expired", "failed", "paid"]);
  expect(Object.keys(count("donations", "frequency")).sort()).toEqual(["annual", "monthly", "once"]);
  expect(Object.keys(count("payments", "status")).sort()).toEqual(["failed", "paid", "processing"]);
  expect(expected.payments?.some((row) => row.installment === 2)).toBe(true);
  expect(expected.payments?.every((row) => row.status !== "paid" || row.net !== null)).toBe(true);
  expect(expected.stripe_charges?.filter((row) => row.amount === 9900)).toHaveLength(3);
  expect(history.tied.size).toBeGreaterThan(0);
});

test("Ghost #29967: every event delivered five times, to two workers, leaves the same rows", async () => {
  await inWorld({ workers: ["first", "second"] }, async (world) => {
    const copies = history.events.flatMap((event) => Array.from({ length: 5 }, () => event));
    await whileWorking(world, () => inParallel(world, copies));
    expect(await settledBooks(world)).toEqual(expected);
  });
});

test("all events in reverse, each handled before the next arrives, leave the same rows", async () => {
  await inWorld({}, async (world) => {
    await oneByOne(world, history.events.toReversed());
    expect(await settledBooks(world)).toEqual(expected);
  });
});

test.each([1, 2, seed])(
  "events shuffled with seed %i and three workers at once leave the same rows",
  async (number) => {
    await inWorld({ workers: ["first", "second", "third"] }, async (world) => {
      await whileWorking(world, () => inParallel(world, arrange(history.events, "shuffle", number, 1)));
      expect(await settledBooks(world)).toEqual(expected);
    });
  },
);

test("all events again, applied and derived anew, write no row", async () => {
  const before = await writersOf(inOrder.db);
  await inParallel(inOrder, history.events);
  await sql`update stripe_events set state = 'received', reason = null, due_at = clock_timestamp()`.execute(inOrder.db);
  await inOrder.settle();
  await deriveAllAgain(inOrder);
  expect(await writersOf(inOrder.db)).toEqual(before);
});

/**
 * Of a database that was lost, Stripe gives everything back but this: the donation's `created_at` is that of its first object at Stripe
 * instead of the reader's request, `origin` says that it came from there, and the proof of consent and the checkout's own record are gone.
 */
test.each(["in_order", "reverse", "shuffle"] as const)(
  "a database that has never seen the donations makes the same ones from Stripe's metadata, events %s (texastribune: metadata is written and read under one name)",
  async (order) => {
    await inWorld({ checkouts: false }, async (world) => {
      await oneByOne(world, arrange(history.events, order, seed, 1));
      const books = await settledBooks(world);
      expect({ ...books, donations: books.donations?.map(asRemembered) }).toEqual({
        ...expected,
        donations: expected.donations?.map(asRemembered),
      });
      for (const donation of books.donations ?? []) expect(donation.origin).toBe("stripe");
      const before = await writersOf(world.db);
      await deriveAllAgain(world);
      expect(await writersOf(world.db)).toEqual(before);
    });
  },
);

test("payments of a donation that was never seen follow what is learned of it last", async () => {
  await inWorld({ checkouts: false }, async (world) => {
    const told = history.annual.filter(({ type }) => type !== "checkout.session.completed");
    const isLate = ({ type }: SentEvent) => type.startsWith("customer.subscription.");
    await oneByOne(world, [...told.filter((event) => !isLate(event)), ...told.filter(isLate)]);
    const payments = await world.db.selectFrom("payments").select(["frequency", "installment", "status"]).execute();
    expect(payments).toEqual([{ frequency: "annual", installment: 1, status: "paid" }]);
  });
});

test("Ghost #20243: what was bought on the same account is kept and is no gift", () => {
  const mugs = expected.stripe_charges?.filter((row) => row.amount === 9900).map((row) => row.id) ?? [];
  expect(expected.balance_transactions?.filter((row) => mugs.includes(String(row.source_id)))).toHaveLength(3);
  expect(expected.payments?.filter((row) => mugs.includes(String(row.stripe_charge)))).toEqual([]);
  expect(expected.donations?.filter((row) => row.amount === 9900)).toEqual([]);
});

test("givewp #7449: the first payment of a recurring gift is not also a renewal", () => {
  const monthly = donationOf("monthly");
  const payments = expected.payments?.filter((row) => row.donation_id === monthly) ?? [];
  expect(payments.map((row) => row.installment).sort()).toEqual([1, 2]);
  expect(new Set(payments.map((row) => row.stripe_invoice)).size).toBe(2);
  expect(new Set(payments.map((row) => row.stripe_charge)).size).toBe(2);
});

test("givewp #7890: a renewal's PaymentIntent carries no metadata, and its payment is found all the same", () => {
  const renewal = expected.payments?.find((row) => row.donation_id === donationOf("monthly") && row.installment === 2);
  const intent = expected.stripe_payment_intents?.find((row) => row.id === renewal?.stripe_payment_intent);
  expect(intent).toMatchObject({ donation_id: null, frequency: null, status: "succeeded" });
  expect(renewal).toMatchObject({
    donation_id: donationOf("monthly"),
    status: "paid",
    stripe_charge: expect.any(String),
  });
});

function donationOf(gift: "once" | "monthly"): unknown {
  const session = history[gift].find((event) => event.type === "checkout.session.completed");
  return session?.data.object.client_reference_id;
}

async function inWorld(options: WorldOptions, story: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(history.app, options);
  try {
    await story(world);
  } finally {
    await world.close();
  }
}

/** Each event is applied and derived before the next one arrives. */
async function oneByOne(world: World, events: readonly SentEvent[]): Promise<void> {
  for (const event of events) {
    expect(await world.post(event)).toBe(200);
    await drainOnce(world.workers[0]);
  }
}

/** Eight at a time, as Stripe does. */
async function inParallel(world: World, events: readonly SentEvent[]): Promise<void> {
  const waiting = [...events];
  const send = async () => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      expect(await world.post(event)).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: 8 }, send));
}

async function settledBooks(world: World): Promise<Books> {
  await world.settle();
  const states = await sql<{ state: string }>`select distinct state from stripe_events order by state`.execute(
    world.db,
  );
  expect(states.rows.map((row) => row.state)).toEqual(["applied", "ignored"]);
  expect(await rollupDifferences(world.db), "rollups and their recount").toEqual([]);
  return await readBooks(world.db, history.app.deps.vault, history.tied);
}

async function deriveAllAgain(world: World): Promise<void> {
  await sql`insert into dirty_objects (kind, object_id) select 'donation', id::text from donations`.execute(world.db);
  await world.drain();
}

function asRemembered(donation: Readonly<Record<string, unknown>>) {
  const { created_at, origin, ...rest } = donation;
  return rest;
}

const NEEDED = [
  "checkout.session.completed",
  "checkout.session.expired",
  "payment_intent.succeeded",
  "payment_intent.processing",
  "payment_intent.payment_failed",
  "payment_intent.canceled",
  "charge.succeeded",
  "charge.updated",
  "charge.failed",
  "charge.pending",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice_payment.paid",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.created",
  "customer.updated",
  "customer.deleted",
];
