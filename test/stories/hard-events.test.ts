import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refetchDue } from "../../src/mirror/refetch.ts";
import { type Books, readBooks } from "../support/books.ts";
import { give } from "../support/giving.ts";
import { eventsOf, type History, recordHistory, type SentEvent } from "../support/history.ts";
import { drainOnce, openWorld, type World, type WorldOptions } from "../support/world.ts";

let history: History;
let all: ReadonlySet<string>;
beforeAll(async () => {
  history = await recordHistory();
  all = new Set(history.events.map((event) => event.data.object.id));
});
afterAll(() => history.app.close());

test.each([
  ["cancelled, then kept after all", [true, false]],
  ["kept, then cancelled after all", [false, true]],
] as const)("cashier-stripe #1759: within one second %s, told in either order", async (_title, wishes) => {
  const { events, first, last } = await withinOneSecond(wishes);
  for (const order of [
    [first, last],
    [last, first],
  ]) {
    await inWorld({}, async (world) => {
      await deliver(world, [...events, ...order]);
      expect(await refetchDue(world.workers[0])).toBe(0);
      const { rows } = await sql<{ soon: boolean }>`
        select due_at < clock_timestamp() + interval '2 seconds' as soon from refetches where object_id = ${last.data.object.id}
      `.execute(world.db);
      expect(rows).toEqual([{ soon: false }]);
      await history.app.standIn.advance(5000);
      await world.settle();
      expect(await subscriptionOf(world, last)).toMatchObject({ cancel_at_period_end: wishes[1], status: "active" });
    });
  }
});

test("a bank debit that is under way and fails within one second ends as Stripe has it", async () => {
  const failed = history.events.find(
    ({ type, data }) =>
      type === "payment_intent.payment_failed" && data.object.amount === 3000 && data.object.latest_charge !== null,
  ) as SentEvent;
  const ofIntent = history.events.filter(
    ({ type, data }) => data.object.id === failed.data.object.id && type !== "payment_intent.created",
  );
  const sameSecond = ofIntent.map((event) => ({ ...event, created: failed.created }));
  expect(ofIntent.map((event) => event.type)).toEqual(["payment_intent.processing", "payment_intent.payment_failed"]);
  for (const order of [sameSecond, sameSecond.toReversed()]) {
    await inWorld({}, async (world) => {
      await deliver(world, order);
      await world.settle();
      const { status } = await world.db.selectFrom("stripe_payment_intents").select("status").executeTakeFirstOrThrow();
      expect(status).toBe("requires_payment_method");
    });
  }
});

test("cashier-stripe #1201: a late event does not send a state backwards", async () => {
  await inWorld({}, async (world) => {
    await deliver(world, history.events);
    await world.settle();
    const before = await readBooks(world.db, history.app.deps.vault, new Set());
    const late = history.events.map((event) => ({ ...event, id: `${event.id}late` }));
    await deliver(world, late);
    await world.settle();
    expect(await readBooks(world.db, history.app.deps.vault, new Set())).toEqual(before);
    expect(before.stripe_subscriptions?.map((row) => row.status)).toContain("canceled");
  });
});

test("Ghost #19706: an invoice that comes before its customer, its subscription and its session", async () => {
  const expected = await booksAfter(history.monthly);
  const isInvoice = (event: SentEvent) => event.data.object.object.startsWith("invoice");
  const sorted = [...history.monthly.filter(isInvoice), ...history.monthly.filter((event) => !isInvoice(event))];
  expect(sorted[0]?.data.object.object).toBe("invoice");
  await inWorld({}, async (world) => {
    await deliver(world, sorted);
    await world.settle();
    expect(await books(world)).toEqual(expected);
  });
});

test("rev-engine 8f3aaa5e7: a null join key matches nothing", async () => {
  const gifts = [...history.once, ...history.monthly];
  const expected = await booksAfter(gifts);
  const strangers = gifts.flatMap(unlinked);
  expect(strangers.length).toBeGreaterThan(6);
  const { donations, payments } = await booksAfter([...strangers, ...gifts, ...strangers.map(again)]);
  expect({ donations, payments }).toEqual({ donations: expected.donations, payments: expected.payments });
});

test("events in another API version are hints: what they name is fetched in ours", async () => {
  const expected = await booksAfter(history.events);
  await inWorld({}, async (world) => {
    const hints = history.events.map((event, index) => ({
      ...event,
      api_version: index % 3 === 0 ? null : "2019-12-03",
      data: { object: { id: event.data.object.id, object: event.data.object.object, total: "not as it is now" } },
    }));
    await deliver(world, hints);
    await world.settle();
    expect(withoutAttempts(await books(world))).toEqual(withoutAttempts(expected));
    const rows = await world.db.selectFrom("stripe_events").select(["state", "reason"]).distinct().execute();
    expect(rows.map(({ state, reason }) => `${state}: ${reason}`).sort()).toEqual([
      "applied: in API version 2019-12-03: the object is fetched in ours",
      "applied: in API version unknown: the object is fetched in ours",
      "ignored: the books use no events of this type",
    ]);
  });
});

/** An invoice that is under way has been tried since its last event, and what is fetched says so. */
function withoutAttempts(all: Awaited<ReturnType<typeof books>>) {
  return { ...all, stripe_invoices: all.stripe_invoices?.map(({ attempt_count, ...row }) => row) };
}

test("a hint about what Stripe has no more is told of and dropped", async () => {
  await inWorld({}, async (world) => {
    const [event] = history.once as [SentEvent];
    const gone = { ...event, api_version: "2019-12-03", data: { object: { id: "cus_gone", object: "customer" } } };
    await deliver(world, [{ ...gone, type: "customer.updated" }]);
    await world.settle();
    expect(await world.db.selectFrom("refetches").selectAll().execute()).toEqual([]);
    expect(history.app.logged()).toContain("cus_gone");
  });
});

test("an event of a connected account is kept and ignored: its objects are not ours", async () => {
  await inWorld({}, async (world) => {
    const event = history.once.find((one) => one.type === "payment_intent.succeeded") as SentEvent;
    const other = { ...event, id: "evt_connected", account: "acct_1Other" };
    for (const one of [other, { ...other, id: "evt_connected_old", api_version: "2019-12-03" }]) {
      expect(await world.post(one)).toBe(200);
    }
    await world.settle();
    const rows = await world.db.selectFrom("stripe_events").select(["state", "reason"]).execute();
    const ignored = { state: "ignored", reason: "it is of another account, which is connected to this one" };
    expect(rows).toEqual([ignored, ignored]);
    expect((await books(world)).donations).toEqual((await booksAfter([])).donations);
  });
});

test("what an object lacks is said in words", async () => {
  await inWorld({}, async (world) => {
    const event = history.monthly.find((one) => one.type === "invoice.paid") as SentEvent;
    const { status_transitions: _, ...object } = event.data.object as {
      id: string;
      object: string;
      status_transitions?: unknown;
    };
    await world.post({ ...event, id: "evt_lacking", data: { object } });
    await world.drain();
    expect(await world.db.selectFrom("stripe_events").select("reason").execute()).toEqual([
      { reason: "TypeError: The invoice of this event lacks the part that holds paid_at." },
    ]);
  });
});

test("unknown types are kept, marked ignored with a reason, and change nothing", async () => {
  await inWorld({}, async (world) => {
    const types = ["invoice.upcoming", "some.future_event", "v1.billing.meter.no_meter_found", "toString", "__proto__"];
    const [event] = history.once as [SentEvent];
    const before = await books(world);
    await deliver(
      world,
      types.map((type) => ({ ...event, id: `evt_${type}`, type })),
    );
    const rows = await world.db.selectFrom("stripe_events").select(["type", "state", "reason"]).execute();
    expect(rows).toHaveLength(types.length);
    for (const row of rows) expect(row).toMatchObject({ state: "ignored", reason: expect.stringMatching(/./) });
    expect(await books(world)).toEqual(before);
  });
});

const SECRET = "Ada-Secret-Reader";
const POISON: Readonly<Record<string, object | null>> = {
  "no object at all": null,
  "an object of another type": { id: "pi_1", object: "person", name: SECRET },
  "a currency that is none": { id: "pi_1", object: "payment_intent", created: 1, status: SECRET, currency: SECRET },
  "an amount that is no number": {
    ...{ id: "pi_1", object: "payment_intent", created: 1, currency: "usd", status: "succeeded", metadata: {} },
    ...{ amount: SECRET, amount_received: SECRET, customer: SECRET },
  },
  "a time beyond all calendars": {
    ...{ id: "pi_1", object: "payment_intent", created: 9e15, currency: "usd", status: SECRET, metadata: {} },
    ...{ amount: 1, amount_received: 1 },
  },
  "a text that no database takes": {
    ...{ id: "pi_1", object: "payment_intent", created: 1, currency: "usd", status: `${SECRET}\u0000`, metadata: {} },
    ...{ amount: 1, amount_received: 1 },
  },
};

test("GiveWP: a poison event doesn't hold up its batch, ends dead with a reason, and is quoted nowhere", async () => {
  const expected = await booksAfter(history.once);
  await inWorld({}, async (world) => {
    const [event] = history.once as [SentEvent];
    const poison = Object.values(POISON).map((object, index) => ({
      ...{ ...event, id: `evt_poison${index}`, type: "payment_intent.succeeded", data: { object } },
    }));
    poison.push({ ...event, id: "evt_poison_customer", type: "customer.updated", data: { object: BAD_CUSTOMER } });
    const [half, rest] = [poison.slice(0, 3), poison.slice(3)];
    for (const one of [...half, ...history.once, ...rest]) expect(await world.post(one)).toBe(200);
    for (let round = 0; round < 3; round++) await world.step();
    expect(await books(world)).toEqual(expected);

    const attempts = async () =>
      await world.db
        .selectFrom("stripe_events")
        .select(["id", "state", "attempts", "reason"])
        .where("id", "like", "evt_poison%")
        .execute();
    // What carries no object of ours at all is ignored at once.
    const ignored = (await attempts()).filter((row) => row.state === "ignored");
    expect(ignored.map((row) => row.id)).toEqual(["evt_poison0"]);
    for (let attempt = 1; attempt < 12; attempt++) {
      for (const row of await attempts()) {
        if (row.id !== "evt_poison0") expect(row).toMatchObject({ state: "received", attempts: attempt });
      }
      await sql`update stripe_events set due_at = clock_timestamp() where state = 'received'`.execute(world.db);
      await world.drain();
    }
    for (const row of await attempts()) {
      if (row.id !== "evt_poison0") expect(row).toMatchObject({ state: "dead", attempts: 12 });
      expect(row.reason).toMatch(/./);
      expect(row.reason).not.toContain("Secret");
    }
    expect(history.app.logged()).toContain("evt_poison_customer");
    expect(history.app.logged()).not.toContain("Secret");
    expect(await books(world)).toEqual(expected);
  });
});

test("a donation that can't be derived doesn't hold up the others, and is derived once it can be", async () => {
  const events = [...history.once, ...history.monthly, ...history.annual];
  const expected = await booksAfter(events);
  const bad = expected.payments?.find((row) => row.frequency === "monthly")?.donation_id;
  await inWorld({}, async (world) => {
    await sql`
      create function refuse_this() returns trigger language plpgsql as $$
      begin
        if new.donation_id = ${sql.lit(bad)} then raise exception '%', ${sql.lit(SECRET)}; end if;
        return new;
      end $$
    `.execute(world.db);
    await sql`create trigger refuse_this before insert or update on payments for each row execute function refuse_this()`.execute(
      world.db,
    );
    for (const event of events) expect(await world.post(event)).toBe(200);
    await expect(world.drain()).rejects.toThrow();
    const paid = await world.db.selectFrom("payments").select("frequency").orderBy("frequency").execute();
    expect(paid.map((row) => row.frequency)).toEqual(["annual", "once"]);
    expect(history.app.logged()).not.toContain(SECRET);

    await sql`drop trigger refuse_this on payments`.execute(world.db);
    await world.settle();
    expect(await books(world)).toEqual(expected);
  });
});

const BAD_CUSTOMER = { id: "cus_1", object: "customer", created: 1, email: { address: SECRET }, name: SECRET };

/** A monthly gift of which two things are wished within one second. */
async function withinOneSecond(wishes: readonly [boolean, boolean]) {
  const { app } = history;
  const { subscriptions } = app.deps.stripe.api;
  const events = await eventsOf(app, () => give(app, { frequency: "monthly", amount: 700 }));
  const id = events.find((event) => event.type === "customer.subscription.created")?.data.object.id ?? "";
  for (let attempt = 0; attempt < 10; attempt++) {
    await subscriptions.update(id, { cancel_at_period_end: !wishes[0] });
    await app.standIn.advance(2000);
    const told = await eventsOf(app, async () => {
      for (const wish of wishes) await subscriptions.update(id, { cancel_at_period_end: wish });
    });
    const [first, last] = told as [SentEvent, SentEvent];
    if (first.created === last.created) return { events, first, last };
  }
  throw new Error("Two requests within one second took longer ten times.");
}

async function subscriptionOf(world: World, event: SentEvent) {
  return await world.db
    .selectFrom("stripe_subscriptions")
    .selectAll()
    .where("id", "=", event.data.object.id)
    .executeTakeFirst();
}

/** The same object without its links, as one of somebody else's. */
function unlinked(event: SentEvent): SentEvent[] {
  const links = UNLINKED[event.data.object.object];
  if (links === undefined) return [];
  const object = { ...event.data.object, ...links, id: `${event.data.object.id}_stranger` };
  return [{ ...event, id: `${event.id}_stranger`, data: { object } }];
}

const UNLINKED: Readonly<Record<string, object>> = {
  charge: { payment_intent: null, customer: null, balance_transaction: null, metadata: {} },
  payment_intent: { customer: null, metadata: {} },
  "checkout.session": { customer: null, payment_intent: null, subscription: null, invoice: null, metadata: {} },
  subscription: { customer: null, metadata: {} },
  invoice: { customer: null, parent: null },
  invoice_payment: { invoice: null, payment: { type: "payment_intent" } },
};

function again(event: SentEvent): SentEvent {
  return { ...event, id: `${event.id}_again`, created: event.created + 1 };
}

async function deliver(world: World, events: readonly object[]): Promise<void> {
  for (const event of events) {
    expect(await world.post(event)).toBe(200);
    await drainOnce(world.workers[0]);
  }
}

function books(world: World): Promise<Books> {
  return readBooks(world.db, history.app.deps.vault, all);
}

async function booksAfter(events: readonly SentEvent[]): Promise<Books> {
  let result: Books = {};
  await inWorld({}, async (world) => {
    for (const event of events) expect(await world.post(event)).toBe(200);
    await world.settle();
    result = await books(world);
  });
  return result;
}

async function inWorld(options: WorldOptions, story: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(history.app, options);
  try {
    await story(world);
  } finally {
    await world.close();
  }
}
