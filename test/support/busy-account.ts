import { type AppOptions, startApp, type TestApp } from "./app.ts";
import { give, onStripesPage, type Start, start } from "./giving.ts";
import { ATTRIBUTION } from "./history.ts";

export const DAY_MS = 86_400_000;

/** The charge of a gift that was paid once. */
async function chargeOf(app: TestApp, donationId: string, installment = 1): Promise<string> {
  const row = await app.db
    .selectFrom("payments")
    .select("stripe_charge")
    .where("donation_id", "=", donationId)
    .where("installment", "=", installment)
    .executeTakeFirstOrThrow();
  return row.stripe_charge ?? "";
}

/** Seven weeks of an account on which everything happens: all of it in the books of `app`. */
export async function busyAccount(options: AppOptions = {}): Promise<TestApp> {
  const app = await startApp(options);
  const { api } = app.deps.stripe;
  app.standIn.control("POST", "/payouts", { schedule: "daily" });
  const gifts: Start[] = [];
  for (const [index, amount] of [2500, 1800, 4200, 5100, 6300, 7700].entries()) {
    gifts.push(await give(app, { amount, cover_fees: index === 0, attribution: ATTRIBUTION }, donor(`once${index}`)));
  }
  const euros = await give(app, { amount: 3300, currency: "EUR", discreet: true }, donor("euros"));
  const monthly = await give(app, { frequency: "monthly", amount: 1000, newsletter: true }, donor("monthly"));
  const annual = await give(app, { frequency: "annual", amount: 5000 }, donor("annual"));
  const failing = await give(app, { frequency: "monthly", amount: 800 }, donor("failing"));
  const paused = await give(app, { frequency: "monthly", amount: 900 }, donor("paused"));
  const debit = await begin(app, { amount: 3000, currency: "EUR" });
  await onStripesPage(debit.url, "pay_later", donor("pay_later"));
  for (const outcome of ["pay_later_fail", "decline", "authenticate"]) {
    await onStripesPage((await begin(app, { amount: 3000, currency: "EUR" })).url, outcome, donor(outcome));
  }
  await boughtMug(app);
  await app.settle();
  await app.standIn.advance(5 * DAY_MS);
  await app.settle();

  const charges = await Promise.all(gifts.map((gift) => chargeOf(app, gift.id)));
  const [whole = "", partly = "", failed = "", lost = "", won = "", inquiry = ""] = charges;
  await api.refunds.create({ charge: whole });
  await api.refunds.create({ charge: partly, amount: 500 });
  await api.refunds.create({ charge: partly, amount: 300 });
  const bounced = await api.refunds.create({ charge: failed, amount: 1000 });
  const dispute = app.standIn.control("POST", "/disputes", { charge: lost }) as { id: string };
  const other = app.standIn.control("POST", "/disputes", { charge: won }) as { id: string };
  app.standIn.control("POST", "/disputes", { charge: inquiry, kind: "inquiry" });
  app.standIn.control("POST", "/early_fraud_warnings", { charge: await chargeOf(app, euros.id) });
  app.standIn.control("POST", `/charges/${await chargeOf(app, debit.id)}`, { to: "failed" });
  app.standIn.control("POST", "/balance_transactions", { type: "stripe_fee", amount: -120, currency: "usd" });
  const subscription = async (id: string) =>
    await app.db.selectFrom("donations").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const customer = (await subscription(failing.id)).stripe_customer ?? "";
  app.standIn.control("POST", `/customers/${customer}`, { renewals: "fail" });
  await api.subscriptions.update((await subscription(paused.id)).stripe_subscription ?? "", {
    pause_collection: { behavior: "void" },
  });
  await api.subscriptions.update((await subscription(annual.id)).stripe_subscription ?? "", {
    cancel_at_period_end: true,
  });
  await api.customers.update((await subscription(monthly.id)).stripe_customer ?? "", { name: "A Married Reader" });
  await app.settle();
  await app.standIn.advance(10 * DAY_MS);
  await app.settle();

  app.standIn.control("POST", `/refunds/${bounced.id}`, { to: "failed" });
  app.standIn.control("POST", `/disputes/${dispute.id}`, { to: "lost" });
  app.standIn.control("POST", `/disputes/${other.id}`, { to: "won" });
  app.standIn.control("POST", "/payouts", { failing: 1 });
  await give(app, { amount: 19_100 }, donor("late"));
  await app.settle();
  await app.standIn.advance(35 * DAY_MS, { finishDrafts: true });
  await app.settle();
  return app;
}

/** Stops the clock far from midnight, when Stripe pays out: from then on only `advance` moves it. */
export async function untilNoon(app: TestApp): Promise<void> {
  const now = app.clock.now().getTime();
  await app.standIn.advance(Math.ceil(now / DAY_MS) * DAY_MS + DAY_MS / 2 - now);
  app.standIn.freeze(true);
  await app.settle();
}

function donor(name: string): Record<string, string> {
  return { email: `${name}@example.org`, name: `Reader ${name}` };
}

async function begin(app: TestApp, body: object): Promise<Start> {
  return (await (await start(app, { frequency: "once", currency: "USD", ...body })).json()) as Start;
}

/** Not a gift, on the same account. */
async function boughtMug(app: TestApp): Promise<void> {
  const session = await app.deps.stripe.api.checkout.sessions.create({
    mode: "payment",
    ui_mode: "hosted_page",
    success_url: `${app.url}/`,
    customer_creation: "always",
    line_items: [{ quantity: 1, price_data: { currency: "usd", unit_amount: 9900, product_data: { name: "A mug" } } }],
  });
  await onStripesPage(session.url ?? "", "pay", donor("mug"));
}
