import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { forgetRuns } from "../../src/ledger/reconcile/forget.queries.ts";
import { type NightlyState, nightlyState, nightlyStep } from "../../src/ledger/reconcile/nightly.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give } from "../support/giving.ts";

let app: TestApp;
let now: Date;
let stopping: AbortController;
beforeEach(async () => {
  app = await startApp({ newsroom: (newsroom) => ({ ...newsroom, time_zone: "America/New_York" }) });
  stopping = new AbortController();
  now = new Date("2026-11-23T12:00:00Z");
});
afterEach(() => app.close());

const oneProcess = (): NightlyState => nightlyState(stopping.signal, () => now);
const step = (state: NightlyState) => nightlyStep(app.background, state);
const runs = async () =>
  (await sql<{ failure: string | null }>`select failure from reconciliation_runs order by started_at`.execute(app.db))
    .rows;

test("it runs once a night across all processes, at three in the newsroom's time zone and not on the first day", async () => {
  const [one, other] = [oneProcess(), oneProcess()];
  expect(await step(one)).toBe(false);
  // In New York the clock shows 02:59.
  now = new Date("2026-11-24T07:59:00Z");
  expect(await step(one)).toBe(false);
  now = new Date("2026-11-24T08:00:30Z");
  const done = await Promise.all([step(one), step(other), step(oneProcess())]);
  expect(done.filter((ran) => ran)).toHaveLength(1);
  expect(await step(other)).toBe(false);
  expect(await runs()).toEqual([{ failure: null }]);
  // Summer time has begun in between: three o'clock is an hour earlier by UTC, or as good as that.
  now = new Date("2027-03-15T07:30:00Z");
  expect(await step(other)).toBe(true);
  expect(await runs()).toHaveLength(2);
});

test("a night that nobody was up is made up for, once", async () => {
  const state = oneProcess();
  await step(state);
  now = new Date("2026-11-27T15:00:00Z");
  expect(await step(state)).toBe(true);
  expect(await step(state)).toBe(false);
});

test("what differs is kept and said in the log, without a name", async () => {
  const state = oneProcess();
  await step(state);
  await give(app);
  await app.settle();
  await sql`delete from payments`.execute(app.db);
  await app.standIn.advance(60 * 60 * 1000);
  now = new Date("2026-11-24T09:00:00Z");
  expect(await step(state)).toBe(true);
  const { rows } = await sql<{
    kind: string;
  }>`select kind from reconciliation_differences where resolved_at is null order by kind`.execute(app.db);
  expect(rows).toEqual([{ kind: "charge_without_payment" }, { kind: "derived_row" }]);
  expect(app.logged()).toContain("the books differ from Stripe");
  expect(app.logged()).not.toContain("reader@example.org");
});

test("a night on which Stripe fails is tried again a quarter of an hour later, and holds up nobody meanwhile", async () => {
  const state = oneProcess();
  await step(state);
  now = new Date("2026-11-24T09:00:00Z");
  app.standIn.failNext({ kind: "status", status: 401, path: "/v1/charges" });
  expect(await step(state)).toBe(false);
  expect(app.logged()).toContain("the nightly comparison with Stripe broke off");
  now = new Date("2026-11-24T09:14:00Z");
  expect(await step(state)).toBe(false);
  expect(await runs()).toHaveLength(1);
  now = new Date("2026-11-24T09:16:00Z");
  expect(await step(state)).toBe(true);
  expect((await runs()).map((one) => one.failure === null)).toEqual([false, true]);
});

test("the end of the process ends it quietly, and another process takes it up", async () => {
  const state = oneProcess();
  await step(state);
  now = new Date("2026-11-24T09:00:00Z");
  stopping.abort();
  expect(await step(state)).toBe(false);
  expect(app.logged()).not.toContain("broke off");
  stopping = new AbortController();
  expect(await step(oneProcess())).toBe(true);
});

test("comparisons of more than two years ago are forgotten, but for the latest and those of what is still open", async () => {
  const ids = ["a", "b", "c", "d"].map((digit) => `00000000-0000-7000-8000-00000000000${digit}`);
  await sql`
    insert into reconciliation_runs (id, since, fix, started_at)
    select id, now() - interval '4 years', false, now() - interval '4 years' + at * interval '1 day'
    from unnest(${ids}::uuid[]) with ordinality as r (id, at)
  `.execute(app.db);
  const difference = (id: string | undefined, resolved: Date | null) => sql`
    insert into reconciliation_differences (id, kind, object_id, cause, first_seen, last_seen, last_run, resolved_at)
    values (${id}, 'charge_without_payment', ${id}, 'test', now(), now(), ${id}, ${resolved})
  `;
  await difference(ids[0], new Date()).execute(app.db);
  await difference(ids[1], null).execute(app.db);
  expect(await forgetRuns(app.db)).toBe(2);
  const left = await sql<{ id: string }>`select id from reconciliation_runs order by id`.execute(app.db);
  expect(left.rows.map((row) => row.id)).toEqual([ids[1], ids[3]]);
  expect((await sql`select from reconciliation_differences`.execute(app.db)).rows).toHaveLength(1);
  expect(await forgetRuns(app.db)).toBe(0);
});
