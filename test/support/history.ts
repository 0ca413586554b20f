import { toJanuary } from "./account.ts";
import { startApp, type TestApp } from "./app.ts";
import { give, onStripesPage, type Start, start } from "./giving.ts";

const DAY_MS = 86_400_000;

/** An event as Stripe sends it. */
export interface SentEvent {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly api_version: string;
  readonly data: { readonly object: { readonly id: string; readonly object: string } & Record<string, unknown> };
  readonly [name: string]: unknown;
}

export interface History {
  /** Where it was recorded: its database knows the checkouts and has seen no event. */
  readonly app: TestApp;
  /** In the order in which they happened. */
  readonly events: readonly SentEvent[];
  /** What one gift alone caused, until its payment was made. */
  readonly once: readonly SentEvent[];
  readonly monthly: readonly SentEvent[];
  readonly annual: readonly SentEvent[];
  /** Objects with two versions within one second: they are fetched again, and dated by that. */
  readonly tied: ReadonlySet<string>;
}

/**
 * Lives through a month of gifts of every kind at the simulated Stripe while its deliveries are held, so that what happened can be told
 * to other databases, in any order.
 */
export async function recordHistory(): Promise<History> {
  const app = await startApp();
  await toJanuary(app);
  app.standIn.deliveries.hold();
  const seen = new Map<string, SentEvent>();
  const { api } = app.deps.stripe;

  const once = await during(app, seen, () =>
    give(app, { amount: 2500, cover_fees: true, locale: "de", attribution: ATTRIBUTION }, { wallet: "apple_pay" }),
  );
  const monthly = await during(app, seen, () =>
    give(app, { frequency: "monthly", amount: 1000, newsletter: true, attribution: ATTRIBUTION }, REGULAR),
  );
  const annual = await during(app, seen, () =>
    give(app, { frequency: "annual", amount: 5000, discreet: true, country: "DE" }, { email: "annual@example.org" }),
  );
  await give(app, { amount: 1200 }, REGULAR);
  await paidOnSecondTry(app);
  await declinedForGood(app);
  await begin(app, { frequency: "monthly", amount: 800 });
  for (const outcome of ["pay_later", "pay_later_fail", "authenticate"]) {
    await onStripesPage((await begin(app, { amount: 3000, currency: "EUR" })).url, outcome, {
      email: `${outcome}@example.org`,
    });
  }
  for (const outcome of ["pay_later", "pay_later_fail"]) {
    const { url } = await begin(app, { frequency: "monthly", amount: 900, currency: "EUR" });
    await onStripesPage(url, outcome, { email: `monthly-${outcome}@example.org` });
  }
  await boughtMugs(app);
  await gather(app, seen);

  await app.standIn.advance(8 * DAY_MS);
  const { data: customers } = await api.customers.list({ email: REGULAR.email });
  for (const [index, customer] of customers.entries()) {
    await api.customers.update(customer.id, { name: "A Married Reader", email: `new${index}@example.org` });
  }
  const leaving = await api.customers.list({ email: "annual@example.org" });
  await gather(app, seen);
  await app.standIn.advance(12 * DAY_MS);
  for (const customer of leaving.data) await api.customers.del(customer.id);
  await gather(app, seen);
  await app.standIn.advance(12 * DAY_MS);
  await gather(app, seen);
  await app.standIn.advance(10_000);

  const events = [...seen.values()];
  return { app, events, once, monthly, annual, tied: tiedObjects(events) };
}

export const ATTRIBUTION = {
  article_url: "https://www.example.org/news/the-harbour-vote",
  article_id: "harbour-vote",
  campaign: "autumn",
  placement: "end-of-article",
  variant: "b",
  referrer: "https://search.example/",
  utm_source: "newsletter",
  utm_medium: "email",
  utm_campaign: "autumn-2026",
  utm_content: "button",
  utm_term: "harbour",
};

const REGULAR = { email: "regular@example.org", name: "A Regular Reader" };

async function begin(app: TestApp, body: object): Promise<Start> {
  const answer = await start(app, { frequency: "once", currency: "USD", ...body });
  if (answer.status !== 201) throw new Error(`The checkout was answered with ${answer.status}.`);
  return (await answer.json()) as Start;
}

async function paidOnSecondTry(app: TestApp): Promise<void> {
  const { url } = await begin(app, { amount: 1500 });
  await onStripesPage(url, "decline", { email: "second-try@example.org" });
  await onStripesPage(url, "pay", { email: "second-try@example.org" });
}

async function declinedForGood(app: TestApp): Promise<void> {
  const { url } = await begin(app, { amount: 1600 });
  await onStripesPage(url, "decline", { email: "declined@example.org" });
}

/** Two products that are no gifts, on the same account. */
async function boughtMugs(app: TestApp): Promise<void> {
  for (const mode of ["payment", "subscription"] as const) {
    const session = await app.deps.stripe.api.checkout.sessions.create({
      mode,
      ui_mode: "hosted_page",
      success_url: `${app.url}/`,
      ...(mode === "payment" ? { customer_creation: "always" } : {}),
      metadata: { donation_id: "4711", frequency: "once" },
      line_items: [
        {
          quantity: 1,
          price_data: {
            currency: "usd",
            unit_amount: 9900,
            product_data: { name: "A mug" },
            ...(mode === "payment" ? {} : { recurring: { interval: "month" } }),
          },
        },
      ],
    });
    await onStripesPage(session.url ?? "", "pay", { email: "mugs@example.org" });
  }
}

async function during(app: TestApp, seen: Map<string, SentEvent>, act: () => Promise<unknown>): Promise<SentEvent[]> {
  await gather(app, seen);
  const before = seen.size;
  await act();
  await gather(app, seen);
  return [...seen.values()].slice(before);
}

/** What `act` causes at Stripe, in the order in which it happens. */
export function eventsOf(app: TestApp, act: () => Promise<unknown>): Promise<SentEvent[]> {
  return during(app, new Map(), act);
}

/** Stripe lists events newest first and forgets them after thirty days. */
export async function gather(app: TestApp, seen: Map<string, SentEvent>): Promise<void> {
  const fresh: SentEvent[] = [];
  for (let after = ""; ; ) {
    const { data, has_more } = await listEvents(app, `limit=100${after}`);
    fresh.push(...data);
    after = `&starting_after=${data.at(-1)?.id}`;
    if (!has_more) break;
  }
  for (const event of fresh.reverse()) if (!seen.has(event.id)) seen.set(event.id, event);
}

/** Past the client, which makes objects of its own of some values: as they are sent. */
async function listEvents(app: TestApp, query: string): Promise<{ data: SentEvent[]; has_more: boolean }> {
  const headers = { authorization: "Bearer sk_test_any" };
  return (await (await fetch(`${app.standIn.url}/v1/events?${query}`, { headers })).json()) as never;
}

export function tiedObjects(events: readonly SentEvent[]): ReadonlySet<string> {
  const moments = new Set<string>();
  const tied = new Set<string>();
  for (const { created, data } of events) {
    const moment = `${data.object.id} ${created}`;
    if (moments.has(moment)) tied.add(data.object.id);
    moments.add(moment);
  }
  return tied;
}
