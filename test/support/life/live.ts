import type { Stripe } from "stripe";
import type { TestApp } from "../app.ts";
import { onStripesPage, type Start, start } from "../giving.ts";
import { gather, type SentEvent, tiedObjects } from "../history.ts";
import type { GiftStep, LifeStep, Step, SubscriptionStep } from "./steps.ts";

const SECOND_MS = 1000;

/** What happened at the simulated Stripe. */
export interface Life {
  /** In the order in which they happened. */
  readonly events: readonly SentEvent[];
  /** Objects with two versions within one second: they are fetched again, and dated by that. */
  readonly tied: ReadonlySet<string>;
}

/**
 * Does these steps at the simulated Stripe of `app`, whose deliveries are held: its database knows the checkouts and sees no event. Stripe's
 * clock stands still between steps, so that the same steps give the same history. A step that Stripe refuses is left out.
 */
export async function live(app: TestApp, steps: readonly LifeStep[]): Promise<Life> {
  app.standIn.deliveries.hold();
  app.standIn.freeze(true);
  const seen = new Map<string, SentEvent>();
  for (const { step, hasty } of steps) {
    if (!hasty) await app.standIn.advance(2 * SECOND_MS);
    await attempt(() => doIt(app, step));
    if (step.do === "wait") await gather(app, seen);
  }
  await gather(app, seen);
  // What is under way settles, and what is fetched from now on is newer than all that was told.
  await app.standIn.advance(5 * 86_400 * SECOND_MS);
  await gather(app, seen);
  await app.standIn.advance(20 * SECOND_MS);
  const events = [...seen.values()];
  return { events, tied: tiedObjects(events) };
}

async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { status, statusCode } = error as { status?: number; statusCode?: number };
    const code = status ?? statusCode ?? 0;
    if (code < 400 || code >= 500) throw error;
  }
}

async function doIt(app: TestApp, step: Step): Promise<void> {
  const { api } = app.deps.stripe;
  const control = (path: string, body: object) => void app.standIn.control("POST", `/${path}`, body);
  switch (step.do) {
    case "give":
      return await give(app, step);
    case "wait":
      return void (await app.standIn.advance(step.seconds * SECOND_MS));
    case "refund": {
      const charge = pick(await paidCharges(api), step.of);
      const left = charge === undefined ? 0 : charge.amount - charge.amount_refunded;
      const amount = Math.floor((left * step.quarters) / 4);
      if (charge === undefined || amount === 0) return;
      return void (await api.refunds.create({ charge: charge.id, amount, metadata: { sandbox: step.course } }));
    }
    case "refund goes": {
      const refund = pick((await api.refunds.list({ limit: 100 })).data.toReversed(), step.of);
      return refund === undefined ? undefined : control(`refunds/${refund.id}`, { to: step.to });
    }
    case "dispute": {
      const charge = pick(
        (await paidCharges(api)).filter((it) => !it.disputed && it.amount > it.amount_refunded),
        step.of,
      );
      if (charge === undefined) return;
      const amount = Math.max(1, Math.floor(((charge.amount - charge.amount_refunded) * step.quarters) / 4));
      return control("disputes", { charge: charge.id, kind: step.kind, amount });
    }
    case "dispute goes": {
      const dispute = pick((await api.disputes.list({ limit: 100 })).data.toReversed(), step.of);
      return dispute === undefined ? undefined : control(`disputes/${dispute.id}`, { to: step.to });
    }
    case "debit comes back": {
      const debits = (await paidCharges(api)).filter((it) => it.payment_method_details?.type !== "card");
      const charge = pick(debits, step.of);
      return charge === undefined ? undefined : control(`charges/${charge.id}`, { to: "failed" });
    }
    case "fraud warning": {
      const charge = pick(await paidCharges(api), step.of);
      return charge === undefined ? undefined : control("early_fraud_warnings", { charge: charge.id });
    }
    case "answer bank": {
      const intents = (await api.paymentIntents.list({ limit: 100 })).data.toReversed();
      const asked = pick(
        intents.filter((it) => it.status === "requires_action"),
        step.of,
      );
      return asked === undefined ? undefined : control(`payment_intents/${asked.id}`, { outcome: step.outcome });
    }
    case "pay by hand": {
      const owed = (await api.invoices.list({ limit: 100 })).data.toReversed();
      const invoice = pick(
        owed.filter((it) => it.status === "open" || it.status === "uncollectible"),
        step.of,
      );
      return invoice === undefined ? undefined : void (await api.invoices.pay(invoice.id));
    }
    case "dunning":
      return control("dunning", { retries: [3, 5], subscription: step.subscription, invoice: step.invoice });
    case "payouts":
      return control("payouts", { schedule: step.schedule, failing: step.failing });
    case "movement":
      return step.amount === 0 ? undefined : control("balance_transactions", { ...named(step), currency: "usd" });
    case "sell a mug":
      return await sellMug(app, step.amount, step.refunded);
    case "rename": {
      const customer = pick((await api.customers.list({ limit: 100 })).data.toReversed(), step.of);
      if (customer === undefined) return;
      return void (await api.customers.update(customer.id, { name: "A Married Reader", email: "married@example.org" }));
    }
    default:
      return await toSubscription(app, step);
  }
}

async function toSubscription(app: TestApp, step: SubscriptionStep): Promise<void> {
  const { subscriptions } = app.deps.stripe.api;
  const all = (await subscriptions.list({ status: "all", limit: 100 })).data.toReversed();
  const subscription = pick(all, step.of);
  if (subscription === undefined) return;
  const { id, customer } = subscription;
  const wish = async (cancel: boolean) => void (await subscriptions.update(id, { cancel_at_period_end: cancel }));
  switch (step.do) {
    case "bank":
      return void app.standIn.control("POST", `/customers/${customer}`, { renewals: step.renewals });
    case "card":
      return void app.standIn.control("POST", `/customers/${customer}/card`, { last4: step.last4 });
    case "pause": {
      const pause = step.behavior === "" ? ("" as const) : { behavior: step.behavior };
      return void (await subscriptions.update(id, { pause_collection: pause }));
    }
    case "cancel":
      if (step.how === "now") return void (await subscriptions.cancel(id));
      if (step.how === "at end") return await wish(true);
      // Both within the same second: the clock stands still.
      await wish(step.how === "and undo");
      return await wish(step.how !== "and undo");
  }
}

async function give(app: TestApp, step: GiftStep): Promise<void> {
  const { frequency, currency, amount, cover_fees, outcome, reader } = step;
  const answer = await start(app, { frequency, currency, amount, cover_fees, attribution: { campaign: "autumn" } });
  if (answer.status !== 201) throw new Error(`The checkout was answered with ${answer.status}: ${await answer.text()}`);
  const { url } = (await answer.json()) as Start;
  const donor = { email: `reader${reader}@example.org`, name: `Reader ${reader}` };
  for (const each of outcome.split(", then ")) await onStripesPage(url, each, donor);
}

async function sellMug(app: TestApp, amount: number, refunded: boolean): Promise<void> {
  const { api } = app.deps.stripe;
  const session = await api.checkout.sessions.create({
    mode: "payment",
    ui_mode: "hosted_page",
    success_url: `${app.url}/`,
    customer_creation: "always",
    line_items: [
      { quantity: 1, price_data: { currency: "usd", unit_amount: amount, product_data: { name: "A mug" } } },
    ],
  });
  await onStripesPage(session.url ?? "", "pay", { email: "mugs@example.org" });
  const [charge] = (await api.charges.list({ limit: 1 })).data;
  if (refunded && charge !== undefined) await api.refunds.create({ charge: charge.id });
}

async function paidCharges(api: Stripe): Promise<readonly Stripe.Charge[]> {
  const { data } = await api.charges.list({ limit: 100 });
  return data.toReversed().filter((charge) => charge.status === "succeeded");
}

function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items[at % Math.max(1, items.length)];
}

function named({ type, amount }: { readonly type: string; readonly amount: number }) {
  return { type, amount };
}
