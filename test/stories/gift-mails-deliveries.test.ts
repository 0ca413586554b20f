import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rebuildBooks } from "../../src/donations/rebuild.ts";
import { backfill } from "../../src/ledger/backfill/backfill.ts";
import { toJanuary } from "../support/account.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { mailsOf } from "../support/gift-mails.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";
import { eventsOf, type SentEvent } from "../support/history.ts";
import { openWorld, type World, whileWorking } from "../support/world.ts";

const DAY_MS = 86_400_000;

/** Where things happen; its own database is told nothing of them. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp();
  await toJanuary(app);
  app.standIn.deliveries.hold();
});
afterAll(() => app.close());

async function begin(body: object): Promise<Start> {
  const answer = await start(app, { currency: "USD", ...body });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Start;
}

const api = () => app.deps.stripe.api;

/** The life of some gifts in steps; each is told before the next one happens, as mails are about the present. */
async function* life(gifts: Record<"once" | "monthly" | "changing" | "debit", Start>) {
  yield async () => {
    await onStripesPage(gifts.once.url, "decline");
    await onStripesPage(gifts.once.url, "pay");
    await onStripesPage(gifts.monthly.url, "pay", { email: "failing@example.org" });
    await onStripesPage(gifts.changing.url, "pay");
    await onStripesPage(gifts.debit.url, "pay_later_fail");
  };
  const [failing] = (await api().customers.list({ email: "failing@example.org" })).data;
  const subscription = async (gift: Start) => {
    const { data } = await api().subscriptions.list({ limit: 100, status: "all" });
    const found = data.find((each) => each.metadata.donation_id === gift.id);
    if (found === undefined) throw new Error("There is no such subscription.");
    return found;
  };
  yield async () => {
    await app.standIn.advance(4 * DAY_MS);
    const [charge] = (await api().charges.list({ limit: 100 })).data.filter(
      (each) => each.amount === 2500 && each.paid,
    );
    await api().refunds.create({ charge: charge?.id ?? "", amount: 500 });
  };
  yield async () => {
    const { id, items } = await subscription(gifts.changing);
    const price_data = {
      ...{ currency: "usd", product: "reader_support", unit_amount: 2000 },
      recurring: { interval: "month" as const },
    };
    await api().subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? "", price_data }],
      proration_behavior: "none",
    });
  };
  yield async () => {
    const { id } = await subscription(gifts.changing);
    await app.standIn.advance(60_000);
    await api().subscriptions.update(id, { pause_collection: { behavior: "void" } });
  };
  yield async () => {
    const { id } = await subscription(gifts.changing);
    await app.standIn.advance(60_000);
    await api().subscriptions.update(id, { cancel_at_period_end: true });
  };
  yield async () => {
    app.standIn.control("POST", `/customers/${failing?.id}`, { renewals: "fail" });
    await app.standIn.advance(27.5 * DAY_MS, { finishDrafts: true });
  };
  yield async () => {
    app.standIn.control("POST", `/customers/${failing?.id}`, { renewals: "authenticate" });
    await app.standIn.advance(3 * DAY_MS);
  };
  yield async () => {
    app.standIn.control("POST", `/customers/${failing?.id}`, { renewals: "ok" });
    await app.standIn.advance(5 * DAY_MS);
  };
  yield async () => {
    const { id } = await subscription(gifts.monthly);
    await api().subscriptions.cancel(id);
  };
}

async function tell(world: World, events: readonly SentEvent[]): Promise<void> {
  for (const event of events) expect(await world.post(event)).toBe(200);
}

const plain = async (world: World) => (await mailsOf(world.db)).map(({ data, ...mail }) => ({ ...mail, data }));

test("each mail is written once, whether its events come once and in order or five times, backwards, to two workers", {
  timeout: 60_000,
}, async () => {
  const gifts = {
    once: await begin({ frequency: "once", amount: 2500 }),
    monthly: await begin({ frequency: "monthly", amount: 1000 }),
    changing: await begin({ frequency: "monthly", amount: 1100 }),
    debit: await begin({ frequency: "once", amount: 3000, currency: "EUR" }),
  };
  const calm = await openWorld(app);
  const wild = await openWorld(app, { workers: ["first", "second"] });
  try {
    for await (const act of life(gifts)) {
      const events = await eventsOf(app, act);
      await tell(calm, events);
      await calm.settle();
      const worst = events.toReversed().flatMap((event) => Array.from({ length: 5 }, () => event));
      await whileWorking(wild, () => tell(wild, worst));
      await wild.settle();
      expect(await plain(wild)).toEqual(await plain(calm));
    }
    const kinds = (await mailsOf(calm.db)).map((mail) => mail.kind);
    expect(kinds.toSorted()).toEqual([
      "action_required",
      "amount_changed",
      "cancelled",
      "cancelled",
      "paused",
      "payment_failed",
      "payment_failed",
      "recurring_started",
      "recurring_started",
      "refunded",
      "renewal_receipt",
      "thank_you",
    ]);
    await everythingAgain(calm);
    await notFromStripesLists(gifts);
  } finally {
    await calm.close();
    await wild.close();
  }
});

/** Replayed, rebuilt and backfilled: nobody is mailed twice, and nobody for what is old. */
async function everythingAgain(world: World): Promise<void> {
  const before = await plain(world);
  await sql`update stripe_events set state = 'received', reason = null, due_at = clock_timestamp()`.execute(world.db);
  await world.settle();
  expect(await plain(world)).toEqual(before);
  await world.db.deleteFrom("mails").execute();
  const [worker] = world.workers;
  if (worker === undefined) throw new Error("There is no worker.");
  await rebuildBooks(worker);
  expect(await plain(world)).toEqual([]);
}

/** A database that was lost is made anew from Stripe: what it finds there is history. */
async function notFromStripesLists(gifts: Record<string, Start>): Promise<void> {
  const world = await openWorld(app, { checkouts: false });
  try {
    const [worker] = world.workers;
    if (worker === undefined) throw new Error("There is no worker.");
    await backfill(worker, { since: new Date(+app.clock.now() - 300 * DAY_MS) });
    await world.settle();
    const { rows } = await sql`select from donations where origin = 'stripe'`.execute(world.db);
    expect(rows.length).toBe(Object.keys(gifts).length);
    const mails = await mailsOf(world.db);
    expect(mails.map(({ kind, state, reason }) => ({ kind, state, reason }))).toEqual([
      { kind: "cancelled", state: "suppressed", reason: "history" },
      { kind: "renewal_receipt", state: "suppressed", reason: "history" },
    ]);
    const { rows: jobs } = await sql`select from graphile_worker.jobs`.execute(world.db);
    expect(jobs).toEqual([]);
    // From here on it is as good as any.
    const [charge] = (await api().charges.list({ limit: 100 })).data.filter(
      (each) => each.amount === 2500 && each.paid,
    );
    await app.standIn.advance(60_000);
    const events = await eventsOf(app, () => api().refunds.create({ charge: charge?.id ?? "", amount: 100 }));
    await tell(
      world,
      events.filter((event) => event.created * 1000 > +app.clock.now() - 60_000),
    );
    await world.settle();
    expect((await mailsOf(world.db)).filter((mail) => mail.state === "queued")).toMatchObject([
      { kind: "refunded", data: { amount: 100, of: 2500 } },
    ]);
  } finally {
    await world.close();
  }
}
