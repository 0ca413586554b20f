import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gauges, readGauges } from "../../src/http/metrics.queries.ts";
import { metricsText } from "../../src/http/metrics.ts";
import { reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give } from "../support/giving.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

async function scrape(): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${app.url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name = "", value] = /^reader_donations_(\S+) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

const run = async (statement: ReturnType<typeof sql>) => void (await statement.execute(app.db));

async function event(id: string, state: string, received = sql`clock_timestamp()`): Promise<void> {
  await run(sql`
    insert into stripe_events (id, type, livemode, created, payload_sealed, state, reason, received_at, due_at)
    values (${id}, 'charge.succeeded', false, now(), '\\x00', ${state}, 'a test', ${received}, 'infinity')
  `);
}

/** Each makes its gauge move, and says to what. */
const MOVES: Readonly<Record<string, { readonly move: () => Promise<void>; readonly to: (value: number) => void }>> = {
  'inbox_events{state="received"}': { move: () => event("evt_r", "received"), to: (value) => expect(value).toBe(1) },
  'inbox_events{state="waiting"}': { move: () => event("evt_w", "waiting"), to: (value) => expect(value).toBe(1) },
  'inbox_events{state="dead"}': { move: () => event("evt_d", "dead"), to: (value) => expect(value).toBe(1) },
  inbox_oldest_seconds: {
    move: () => event("evt_o", "waiting", sql`clock_timestamp() - interval '1 hour'`),
    to: (value) => expect(Math.abs(value - 3600)).toBeLessThan(60),
  },
  dirty_objects: {
    move: () => run(sql`insert into dirty_objects (kind, object_id) values ('charge', 'ch_1'), ('charge', 'ch_2')`),
    to: (value) => expect(value).toBe(2),
  },
  refetches_due: {
    move: () =>
      run(sql`
        insert into refetches (object_id, kind, due_at, reason) values ('ch_1', 'charge', now(), 'a test'), ('ch_2', 'charge', now() + interval '1 day', 'later')
      `),
    to: (value) => expect(value).toBe(1),
  },
  'alerts{kind="unknown_state"}': {
    move: () => run(sql`insert into alerts (kind, object_id, detail) values ('unknown_state', 'ch_1', 'a test')`),
    to: (value) => expect(value).toBe(1),
  },
  'mails{kind="refunded",state="queued"}': { move: () => mail("queued"), to: (value) => expect(value).toBe(1) },
  'mails{kind="refunded",state="sent"}': {
    move: () =>
      run(
        sql`insert into mail_counts (kind, state, shard, count) values ('refunded', 'sent', 0, 3), ('refunded', 'sent', 1, 4)`,
      ),
    to: (value) => expect(value).toBe(7),
  },
  mail_oldest_seconds: {
    move: () => mail("queued", sql`clock_timestamp() - interval '3 hours'`),
    to: (value) => expect(Math.abs(value - 10_800)).toBeLessThan(60),
  },
  reminders_pending: { move: () => reminder("pending", 48), to: (value) => expect(value).toBe(1) },
  reminders_overdue_seconds: {
    move: async () => {
      for (const [state, hours] of [
        ["pending", -1],
        ["pending", -2],
        ["pending", 3],
        ["sent", -9],
      ] as const)
        await reminder(state, hours);
      await reminder("pending", -7, "on_site");
    },
    to: (value) => expect(Math.abs(value - 7200)).toBeLessThan(60),
  },
  ledger_age_seconds: {
    move: () =>
      run(sql`
        insert into cursors (name, moved_at) values ('balance_transactions', clock_timestamp() - interval '2 hours')
        on conflict (name) do update set moved_at = excluded.moved_at
      `),
    to: (value) => expect(Math.abs(value - 7200)).toBeLessThan(60),
  },
};

async function mail(state: string, created = sql`clock_timestamp()`): Promise<void> {
  await run(sql`
    insert into mails (id, kind, cause, state, created_at)
    values (gen_random_uuid(), 'refunded', gen_random_uuid(), ${state}, ${created})
  `);
}

async function reminder(state: string, dueInHours: number, channel = "email"): Promise<void> {
  const due = new Date(+app.clock.now() + dueInHours * 3_600_000);
  await run(sql`
    insert into reminders (id, channel, state, due_on, due_at, time_zone, lead_days, created_at)
    values (gen_random_uuid(), ${channel}, ${state}, ${due}, ${due}, 'UTC', 1, now())
  `);
}

describe("each gauge moves", () => {
  test.each(Object.keys(MOVES))("%s", async (name) => {
    const { move, to } = MOVES[name] as (typeof MOVES)[string];
    await run(sql`delete from stripe_events`);
    await run(sql`delete from mails`);
    await run(sql`delete from reminders`);
    const before = (await scrape()).get(name);
    await move();
    const after = (await scrape()).get(name) ?? Number.NaN;
    expect(after).not.toBe(before);
    to(after);
  });

  test("reconciliation_differences and the time of the latest comparison", async () => {
    await run(sql`delete from stripe_events`);
    await run(sql`delete from dirty_objects`);
    await run(sql`delete from refetches`);
    expect((await scrape()).has("reconciliation_finished_timestamp_seconds")).toBe(false);
    await give(app);
    await app.settle();
    await app.standIn.advance(10_000);
    const since = new Date("2020-01-01");
    await reconcile(app.background, { since, patienceMs: 0 });
    const sound = await scrape();
    expect(sound.get("reconciliation_differences")).toBe(0);
    expect(Math.abs((sound.get("reconciliation_finished_timestamp_seconds") ?? 0) - Date.now() / 1000)).toBeLessThan(
      60,
    );
    await run(sql`delete from payments`);
    await reconcile(app.background, { since, patienceMs: 0 });
    const broken = await scrape();
    expect(broken.get("reconciliation_differences")).toBe(2);
    for (const kind of ["charge_without_payment", "derived_row"])
      expect(broken.get(`reconciliation_differences_by_kind{kind="${kind}"}`)).toBe(1);
    await reconcile(app.background, { since, patienceMs: 0, fix: true });
    expect((await scrape()).get("reconciliation_differences")).toBe(0);
  });

  test("and there is no gauge that this file doesn't move", async () => {
    const moved = [...Object.keys(MOVES), "reconciliation_differences", "reconciliation_finished_timestamp_seconds"];
    const known = new Set(moved.map((name) => name.replace(/\{.*/, "")));
    for (const name of (await scrape()).keys())
      expect([...known, "reconciliation_differences_by_kind"]).toContain(name.replace(/\{.*/, ""));
  });
});

test("before anything has happened what isn't known is left out, and nothing is lost on the way to text", async () => {
  const none: Gauges = {
    ...(await readGauges(app.db, app.clock.now())),
    inbox: { received: 0, waiting: 2, dead: 0 },
    ledger_age_seconds: null,
    reconciled_at: null,
  };
  const text = metricsText(none);
  expect(text).not.toMatch(/null|NaN|undefined|ledger_age|timestamp/);
  expect(text).toContain(
    '# TYPE reader_donations_inbox_events gauge\nreader_donations_inbox_events{state="received"} 0\n',
  );
});
