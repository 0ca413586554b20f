import { afterEach, expect, test } from "vitest";
import { backfill } from "../../src/ledger/backfill/backfill.ts";
import type { AdoptionRules } from "../../src/mirror/adoption.ts";
import type { Stripe } from "../../src/stripe/types.ts";
import { toJanuary } from "../support/account.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { mailsOf } from "../support/gift-mails.ts";
import { onStripesPage } from "../support/giving.ts";

let app: TestApp;
afterEach(() => app.close());

const DAY_MS = 86_400_000;

let adoption: AdoptionRules = [];

async function startWith(rules: AdoptionRules) {
  adoption = rules;
  app = await startApp({ newsroom: (newsroom) => ({ ...newsroom, adoption }) });
  await toJanuary(app);
}

/** As an older system made its gifts: none of our metadata on them. */
async function oldGift(params: Stripe.Checkout.SessionCreateParams): Promise<void> {
  const session = await app.deps.stripe.api.checkout.sessions.create({
    ui_mode: "hosted_page",
    success_url: `${app.url}/`,
    ...params,
  });
  await onStripesPage(session.url ?? "", "pay");
  await app.settle();
}

async function oldMembership(): Promise<void> {
  await app.deps.stripe.api.products.create({ id: "prod_OldMembership", name: "Membership" });
  const recurring = { interval: "month" } as const;
  await oldGift({
    mode: "subscription",
    line_items: [
      { quantity: 2, price_data: { currency: "eur", unit_amount: 700, product: "prod_OldMembership", recurring } },
    ],
  });
}

const books = () => app.db.selectFrom("payments").innerJoin("donations", "donations.id", "payments.donation_id");

test("an older system's subscription is ours by its product, with all its renewals", async () => {
  await startWith([{ product: "prod_OldMembership" }]);
  await oldMembership();
  await app.standIn.advance(32 * DAY_MS);
  await app.settle();
  const rows = await books()
    .select(["origin", "donations.frequency", "payments.amount", "installment", "donor_id", "net"])
    .orderBy("installment")
    .execute();
  expect(rows).toMatchObject([
    { origin: "adopted", frequency: "monthly", amount: 1400, installment: 1 },
    { origin: "adopted", frequency: "monthly", amount: 1400, installment: 2 },
  ]);
  expect(rows.every((row) => row.donor_id !== null && row.net !== null)).toBe(true);
});

test("nobody is mailed for what an older system's gift was before; from then on it is as good as any", async () => {
  await startWith([]);
  await oldMembership();
  await app.standIn.advance(DAY_MS);
  adoption = [{ product: "prod_OldMembership" }];
  await backfill(app.background, { since: new Date(+app.clock.now() - 30 * DAY_MS) });
  await app.settle();
  const [gift] = await app.db.selectFrom("donations").select("id").execute();
  const told = async () => (await mailsOf(app.db, gift?.id)).map(({ kind, reason }) => [kind, reason]);
  expect(await told()).toEqual([["recurring_started", "history"]]);
  await app.standIn.advance(31 * DAY_MS);
  await app.settle();
  expect(await told()).toEqual([
    ["recurring_started", "history"],
    ["renewal_receipt", null],
  ]);
});

test("a single payment is ours by its metadata, and only if all of it fits", async () => {
  await startWith([{ metadata: { source: "old-page", kind: "gift" } }]);
  const once = (metadata: Record<string, string>): Stripe.Checkout.SessionCreateParams => ({
    mode: "payment",
    customer_creation: "always",
    payment_intent_data: { metadata },
    line_items: [{ quantity: 1, price_data: { currency: "usd", unit_amount: 5500, product_data: { name: "A gift" } } }],
  });
  await oldGift(once({ source: "old-page", kind: "gift" }));
  await oldGift(once({ source: "old-page", kind: "mug" }));
  const rows = await books().select(["origin", "donations.frequency", "payments.amount", "payments.status"]).execute();
  expect(rows).toEqual([{ origin: "adopted", frequency: "once", amount: 5500, status: "paid" }]);
});

test("without a rule nothing of an older system is ours", async () => {
  await startWith([]);
  await oldMembership();
  expect(await books().selectAll("payments").execute()).toEqual([]);
  expect(await app.db.selectFrom("stripe_subscriptions").select("donation_id").execute()).toEqual([
    { donation_id: null },
  ]);
});
