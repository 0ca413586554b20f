import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forgetAttribution } from "../../src/donations/forget.queries.ts";
import { readAudience } from "../../src/reports/audience.queries.ts";
import { foldDeltas } from "../../src/reports/rollups/fold.queries.ts";
import { rebuildRollups } from "../../src/reports/rollups/rebuild.queries.ts";
import { readSummary, recountSummary } from "../../src/reports/summary.queries.ts";
import { addDays, parsePeriod } from "../../src/shared/period.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift, stripeId } from "../support/gifts.ts";
import { rollupDifferences } from "../support/rollups.ts";
import { seed } from "../support/seed.ts";

const RUNS = Number(process.env.RUNS ?? 12);
/** Midnight comes and goes at another hour in each, and in one of them it is left out in spring. */
const ZONES = ["Europe/Berlin", "America/New_York", "Africa/Cairo", "UTC"] as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** Around new year, the turns of months and the days on which clocks change. */
const moment = fc
  .tuple(
    fc.constantFrom(
      "2026-03-28T20",
      "2026-04-30T20",
      "2026-10-24T20",
      "2026-10-31T20",
      "2026-12-31T04",
      "2027-01-31T20",
    ),
    fc.integer({ min: 0, max: 40 * 60 }),
  )
  .map(([around, minutes]) => new Date(Date.parse(`${around}:00:00Z`) + minutes * 60_000).toISOString());
const which = fc.nat(30);
const article = fc.constantFrom("a", "b", null);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("give" as const),
      at: moment,
      gift: which,
      article,
      currency: fc.constantFrom("USD", "EUR"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("give back" as const), at: moment, gift: which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("date anew" as const), at: moment, gift: which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("attribute" as const), gift: which, article }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("take away" as const, "forget" as const), gift: which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("fold" as const), batch: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rebuild" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;
const question = fc.record({
  from: fc.integer({ min: 0, max: 400 }).map((days) => addDays("2026-01-01", days)),
  days: fc.integer({ min: 1, max: 500 }),
  interval: fc.constantFrom("day" as const, "month" as const, "year" as const),
});

test(
  "whatever is given, given back, changed, forgotten, folded and rebuilt, the sums are those of a recount",
  async () => {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.constantFrom(...ZONES),
      fc.array(question, { minLength: 4, maxLength: 8 }),
      async (steps, zone, questions) => {
        await sql`truncate donations cascade`.execute(database.db);
        await sql`truncate rollup_deltas, summary_rollups, audience_rollups`.execute(database.db);
        await rebuildRollups(database.db, zone);
        for (const one of steps) await take(one, zone);
        expect(await rollupDifferences(database.db, zone)).toEqual([]);
        for (const { from, days, interval } of questions) {
          const to = addDays(from, days);
          const period = parsePeriod(from, to, zone, { from, to });
          const counted = await recountSummary(database.db, period, interval, zone);
          expect(await readSummary(database.db, period, interval, zone), `${interval} ${from} ${to}`).toEqual(counted);
          await audienceAddsUp(period, zone);
        }
      },
    );
    await fc.assert(property, { seed, numRuns: RUNS });
  },
  60_000 + RUNS * 5_000,
);

async function take(one: Step, timeZone: string): Promise<void> {
  const { db } = database;
  if (one.do === "fold") return void (await foldDeltas(db, one.batch));
  if (one.do === "rebuild") return await rebuildRollups(db, timeZone);
  const gifts = await db.selectFrom("donations").select("id").orderBy("id").execute();
  const id = gifts[one.gift]?.id;
  if (one.do === "give") {
    const donation = { ...(id === undefined ? {} : { id }), article_id: one.article };
    await insertGift(db, {
      at: one.at,
      frequency: "monthly",
      donation,
      settled: { currency: one.currency, gross: 1000, fee: 59 },
    });
    return await chain();
  }
  if (id === undefined) return;
  const [payment] = await db
    .selectFrom("payments")
    .selectAll()
    .where("donation_id", "=", id)
    .orderBy("id")
    .limit(1)
    .execute();
  if (one.do === "forget") return await db.transaction().execute((trx) => forgetAttribution(trx, [id]));
  if (one.do === "attribute") {
    await sql`update donations set article_id = ${one.article} where id = ${id} and forgotten_through is null`.execute(
      db,
    );
  } else if (payment !== undefined && one.do === "take away") {
    await db.deleteFrom("payments").where("id", "=", payment.id).execute();
  } else if (payment !== undefined && one.do === "give back") {
    await db
      .insertInto("payment_movements")
      .values({
        ...{ balance_transaction_id: stripeId("txn"), payment_id: payment.id, donation_id: id, frequency: "monthly" },
        ...{ booked_at: one.at, currency: "USD", gross: 0, refunded: 300, disputed: 0, fee: 0, net: -300 },
      })
      .execute();
  } else if (payment !== undefined && one.do === "date anew") {
    await sql`update payment_movements set booked_at = ${one.at} where payment_id = ${payment.id}`.execute(db);
  }
  await chain();
}

/** As derivation leaves it, whatever was changed by hand. */
async function chain(): Promise<void> {
  await sql`
    update payment_movements m set previous_at = p.previous_at from (
      select balance_transaction_id, lag(booked_at) over (
        partition by donation_id, currency order by booked_at, balance_transaction_id
      ) as previous_at from payment_movements where gross <> 0
    ) as p
    where p.balance_transaction_id = m.balance_transaction_id and p.previous_at is distinct from m.previous_at
  `.execute(database.db);
}

/** However it is grouped, the same sessions and the same money. */
async function audienceAddsUp(period: { readonly from: string; readonly to: string }, timeZone: string): Promise<void> {
  const totals = [];
  for (const by of ["article", "campaign", "country"] as const) {
    const rows = await readAudience(database.db, { by, period, timeZone, after: null, limit: 1000 });
    totals.push({
      sessions: rows.reduce((sum, row) => sum + (row.sessions ?? 0), 0),
      net: rows.reduce((sum, row) => sum + (row.net ?? 0), 0),
      value: rows.reduce((sum, row) => sum + (row.value_12_months ?? 0), 0),
    });
  }
  expect(totals[1], `by campaign ${period.from} ${period.to}`).toEqual(totals[0]);
  expect(totals[2], `by country ${period.from} ${period.to}`).toEqual(totals[0]);
}
