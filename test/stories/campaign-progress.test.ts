import { afterAll, beforeAll, expect, test } from "vitest";
import { sumCampaign } from "../../src/reports/campaigns/progress.queries.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { type Gift, insertGift } from "../support/gifts.ts";
import { give } from "../support/giving.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    newsroom: (newsroom) => ({
      ...newsroom,
      campaigns: {
        harbour: { name: "For the harbour desk", goal: 1_000_000 },
        ferry: { name: "For the ferry desk", currency: "EUR", starts: "2026-11-01", ends: "2026-12-01" },
      },
    }),
  });
});
afterAll(() => app.close());

const progress = (slug: string, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/v1/campaigns/${slug}/progress`, { headers });

test("tells what a campaign has brought, net of what was given back, to any page and any cache", async () => {
  const attribution = { campaign: "harbour" };
  const first = await give(app, { amount: 5000, attribution });
  await give(app, { amount: 2500, attribution });
  await give(app, { amount: 700, attribution }, { email: "other@example.org" });
  await give(app, { amount: 9900 });
  await app.settle();
  const { stripe_charge } = await app.db
    .selectFrom("payments")
    .select("stripe_charge")
    .where("donation_id", "=", first.id)
    .executeTakeFirstOrThrow();
  await app.deps.stripe.api.refunds.create({ charge: stripe_charge ?? "", amount: 1200 });
  await app.settle();

  const answer = await progress("harbour", { origin: "https://elsewhere.example" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("public, max-age=60");
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(await answer.json()).toEqual({
    slug: "harbour",
    goal: 1_000_000,
    total: 7000,
    supporters: 2,
    currency: "USD",
  });
  const again = await progress("harbour", { "if-none-match": answer.headers.get("etag") ?? "" });
  expect(again.status).toBe(304);
});

test("counts from the first day to the last, in one currency, and takes back what is refunded later", async () => {
  const gift = (given: Partial<Gift>) =>
    insertGift(app.db, {
      currency: "EUR",
      settled: { currency: "EUR", gross: 1000, fee: 40 },
      ...given,
      donation: { campaign: "ferry" },
    });
  await gift({ at: "2026-10-31T22:59:59Z" });
  const counted = await gift({ at: "2026-10-31T23:00:00Z" });
  await gift({ at: "2026-11-30T22:59:59Z" });
  await gift({ at: "2026-11-30T23:00:00Z" });
  await gift({ at: "2026-11-10T12:00:00Z", settled: { currency: "USD", gross: 1100, fee: 44 } });
  await app.db
    .insertInto("payment_movements")
    .values({
      balance_transaction_id: "txn_back",
      ...{ ...counted, frequency: "once", booked_at: "2027-02-01T00:00:00Z", currency: "EUR" },
      ...{ gross: 0, refunded: 1000, disputed: 0, fee: 0, net: -1000 },
    })
    .execute();
  expect(await (await progress("ferry")).json()).toEqual({
    ...{ slug: "ferry", goal: null, total: 1000, supporters: 1, currency: "EUR" },
  });
  expect(await sumCampaign(app.db, "ferry", "EUR", { start: null, end: null })).toEqual({ total: 3000, supporters: 3 });
});

test.each(["none", "__proto__", "constructor", "HARBOUR", "harbour%20", "%00"])("has none called %s", async (slug) => {
  const answer = await progress(slug);
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ code: "not_found" });
});
