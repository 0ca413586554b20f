import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forgetAttribution } from "../../src/donations/forget.queries.ts";
import { rollupStep } from "../../src/reports/rollups/step.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give, start } from "../support/giving.ts";
import { rollupDifferences } from "../support/rollups.ts";
import { viewed } from "../support/views.ts";

const DAY_MS = 86_400_000;
let app: TestApp;
let authorization: string;

/**
 * 10 January to 9 February at the simulated Stripe, which keeps 1.75 of 50.00 USD and 0.59 of 10.00:
 * - harbour-vote stood under the form 5 times, was opened twice, and 3 readers went to pay: one gave 50.00 once and got 12.00 back, one
 *   gives 10.00 monthly, one went away;
 * - ferry-fares was seen once; one reader gave 50.00 in EUR, settled in EUR;
 * - one reader gave 50.00 once from no article.
 */
async function live(): Promise<void> {
  app = await startApp({ stripe: { settlementCurrencies: ["usd", "eur"] } });
  const year = app.clock.now().getUTCFullYear() + 1;
  await app.standIn.advance(Date.UTC(year, 0, 10, 12) - +app.clock.now());
  await rollupStep(app.background);
  const view = (body: object) => viewed(app, body);
  for (const step of ["shown", "shown", "shown", "shown", "shown", "opened", "opened", "continued"]) {
    expect(await view({ article_id: "harbour-vote", placement: "end", campaign: "winter-2026", step })).toBe(204);
  }
  expect(await view({ article_id: "ferry-fares", step: "shown" })).toBe(204);

  const harbour = { article_id: "harbour-vote", placement: "end", campaign: "winter-2026", utm_source: "letter" };
  const once = await give(app, { amount: 5000, country: "DE", attribution: harbour });
  await give(
    app,
    { frequency: "monthly", amount: 1000, country: "US", attribution: harbour },
    { email: "m@example.org" },
  );
  await start(app, { frequency: "once", amount: 700, currency: "USD", attribution: harbour });
  await give(
    app,
    { amount: 5000, currency: "EUR", attribution: { article_id: "ferry-fares", variant: "b" } },
    { email: "e@example.org" },
  );
  await give(app, { amount: 5000 }, { email: "n@example.org" });
  await app.settle();
  const { stripe_charge: charge } = await app.db
    .selectFrom("payments")
    .select("stripe_charge")
    .where("donation_id", "=", once.id)
    .executeTakeFirstOrThrow();
  await app.deps.stripe.api.refunds.create({ charge: charge ?? "", amount: 1200 });
  await app.settle();
  authorization = `Bearer ${await app.token("audience")}`;
}

const year = () => app.clock.now().getUTCFullYear();
// biome-ignore lint/suspicious/noExplicitAny: what the tests look at is up to them
async function audience(query: string): Promise<{ rows: any[]; next_cursor: string | null }> {
  const answer = await fetch(`${app.url}/v1/reports/audience?${query}`, { headers: { authorization } });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return (await answer.json()) as never;
}
const january = () => `from=${year()}-01-01&to=${year()}-02-01`;

const HARBOUR = {
  source: "harbour-vote",
  ...{ shown: 5, opened: 2, continued: 1, sessions: 3, completed: 2, conversion: 0.6667 },
  // 50.00 + 10.00; less 1.75 + 0.59 in fees and 12.00 given back.
  ...{ currency: "USD", gross: 6000, net: 4566, value_12_months: 4566 },
};
const FERRY = {
  source: "ferry-fares",
  ...{ shown: 1, opened: 0, continued: 0, sessions: 1, completed: 1, conversion: 1 },
  ...{ currency: "EUR", gross: 5000, net: 4900, value_12_months: 4900 },
};
const NOWHERE = {
  source: null,
  ...{ shown: 0, opened: 0, continued: 0, sessions: 1, completed: 1, conversion: 1 },
  ...{ currency: "USD", gross: 5000, net: 4825, value_12_months: 4825 },
};

describe("the audience report", () => {
  beforeAll(live, 60_000);
  afterAll(() => app.close());

  test("tells by article how often the form was seen, how many went to pay, how many paid, and what it came to", async () => {
    expect((await audience(`${january()}&by=article`)).rows).toEqual([HARBOUR, NOWHERE, FERRY]);
  });

  test("adds up to the summary, whatever it is grouped by", async () => {
    const answer = await fetch(`${app.url}/v1/reports/summary?${january()}`, { headers: { authorization } });
    const { rows: summary } = (await answer.json()) as { rows: { currency: string; gross: number; net: number }[] };
    const sums = (rows: readonly { currency: string | null; gross: number; net: number }[]) =>
      ["EUR", "USD"].map((currency) =>
        rows
          .filter((row) => row.currency === currency)
          .reduce((sum, row) => ({ gross: sum.gross + row.gross, net: sum.net + row.net }), { gross: 0, net: 0 }),
      );
    for (const by of ["article", "campaign", "placement", "variant", "country", "utm_source"]) {
      const { rows } = await audience(`${january()}&by=${by}`);
      expect(sums(rows), by).toEqual(sums(summary));
      expect(
        rows.reduce((sum, row) => sum + (row.sessions ?? 0), 0),
        by,
      ).toBe(5);
    }
  });

  test("groups by country and by link without views, of which neither is known", async () => {
    const { rows } = await audience(`${january()}&by=country`);
    expect(rows.map(({ source, shown, sessions, currency, net }) => [source, shown, sessions, currency, net])).toEqual([
      [null, null, 3, "EUR", 4900],
      [null, null, null, "USD", 4825],
      ["DE", null, 1, "USD", 3625],
      ["US", null, 1, "USD", 941],
    ]);
    expect((await audience(`${january()}&by=utm_source`)).rows).toMatchObject([
      { source: "letter", shown: null, sessions: 3 },
      {},
      {},
    ]);
  });

  test("goes on by cursor, a source at a time, and as CSV with decimals", async () => {
    const first = await audience(`${january()}&limit=1`);
    expect(first.rows).toEqual([HARBOUR]);
    const second = await audience(`${january()}&limit=1&cursor=${first.next_cursor}`);
    expect(second.rows).toEqual([NOWHERE]);
    const third = await audience(`${january()}&limit=1&cursor=${second.next_cursor}`);
    expect(third).toMatchObject({ rows: [FERRY], next_cursor: null });
    const csv = await fetch(`${app.url}/v1/reports/audience.csv?${january()}`, { headers: { authorization } });
    expect((await csv.text()).split("\r\n").slice(0, 2)).toEqual([
      "source,shown,opened,continued,sessions,completed,conversion,currency,gross,gross_decimal,net,net_decimal,value_12_months,value_12_months_decimal",
      "harbour-vote,5,2,1,3,2,0.6667,USD,6000,60.00,4566,45.66,4566,45.66",
    ]);
  });

  test("the audience's reports open to those who see sums, and to nobody else", async () => {
    for (const report of ["audience", "audience.csv", "recurring", "recurring.csv"]) {
      const url = `${app.url}/v1/reports/${report}`;
      expect((await fetch(url)).status).toBe(401);
      expect((await fetch(url, { headers: { authorization: `Bearer ${await app.token("support")}` } })).status).toBe(
        403,
      );
      expect((await fetch(url, { headers: { authorization: `Bearer ${await app.token("finance")}` } })).status).toBe(
        200,
      );
      for (const query of ["by=donor", "x=1", "cursor=abc", "from=2026-02-30"]) {
        expect((await fetch(`${url}?${query}`, { headers: { authorization } })).status, `${report}?${query}`).toBe(400);
      }
    }
  });
});

describe("where gifts came from", () => {
  beforeAll(live, 60_000);
  afterAll(() => app.close());

  test("may be forgotten: conversions stay, also through a rebuild, and what comes later lies nowhere", async () => {
    const gifts = await app.db.selectFrom("donations").select("id").execute();
    const ids = gifts.map((row) => row.id);
    await app.db.transaction().execute(async (trx) => await forgetAttribution(trx, ids));
    const before = [HARBOUR, NOWHERE, FERRY];
    expect((await audience(january())).rows).toEqual(before);
    expect(await rollupDifferences(app.db)).toEqual([]);
    await sql`update rollup_state set is_built = false`.execute(app.db);
    expect((await audience(january())).rows, "counted anew").toEqual(before);
    await app.settle();
    expect((await audience(january())).rows, "made anew").toEqual(before);

    await app.standIn.advance(31 * DAY_MS, { finishDrafts: true });
    await app.settle();
    expect((await audience(`from=${year()}-02-01&to=${year()}-03-01`)).rows).toEqual([
      {
        ...NOWHERE,
        ...{ sessions: 0, completed: 0, conversion: null, gross: 1000, net: 941, value_12_months: 0 },
      },
    ]);
    expect((await audience(january())).rows).toEqual([HARBOUR, { ...NOWHERE, value_12_months: 4825 + 941 }, FERRY]);
    expect(await rollupDifferences(app.db)).toEqual([]);
  });
});
