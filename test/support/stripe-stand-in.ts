import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Stripe } from "stripe";
import { memoryClock } from "../../src/sandbox/clock.ts";
import { type StripeStandIn, type StripeStandInOptions, startStripeStandIn } from "../../src/sandbox/stripe/server.ts";

export const WEBHOOK_SECRET = "whsec_of_the_tests";
export const SUCCESS = "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}";
export const CANCEL = "http://127.0.0.1:9/article";

/** The real client, led to the stand-in; with retries off so that a test sees each answer. */
export function clientOf(standIn: StripeStandIn, key = "sk_test_anything", options: { retries?: number } = {}): Stripe {
  return new Stripe(key, {
    host: "127.0.0.1",
    port: standIn.port,
    protocol: "http",
    telemetry: false,
    maxNetworkRetries: options.retries ?? 0,
    timeout: 2000,
  });
}

export function startStandIn(options: Partial<StripeStandInOptions> = {}): Promise<StripeStandIn> {
  return startStripeStandIn({
    port: 0,
    stateFile: null,
    clock: memoryClock(),
    webhook: null,
    environment: "development",
    newsroomName: "The Daily Test",
    ...options,
  });
}

export interface Received {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly event: Stripe.Event;
}

/** A webhook endpoint that keeps what it gets. `answer` decides the status, by the number of the request. */
export async function startReceiver(answer: (count: number) => number = () => 200) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    received.push({ body, headers: request.headers, event: JSON.parse(body) as Stripe.Event });
    response.writeHead(answer(received.length)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    received,
    types: () => received.map((it) => it.event.type),
    webhook: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, secret: WEBHOOK_SECRET },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

type SessionParams = Stripe.Checkout.SessionCreateParams;

/** A gift's product: fixed id, made once. */
export async function givenProduct(stripe: Stripe): Promise<string> {
  const product = await stripe.products.create({ id: "reader_donation", name: "Support for The Daily Test" });
  return product.id;
}

export function once(product: string, amount = 1000, currency = "usd", more: SessionParams = {}): SessionParams {
  return {
    mode: "payment",
    ui_mode: "hosted_page",
    submit_type: "donate",
    customer_creation: "always",
    client_reference_id: "donation-1",
    metadata: { donation_id: "donation-1" },
    payment_intent_data: {
      metadata: { donation_id: "donation-1" },
      description: "A gift",
      statement_descriptor_suffix: "GIFT",
    },
    line_items: [{ quantity: 1, price_data: { currency, unit_amount: amount, product } }],
    success_url: SUCCESS,
    cancel_url: CANCEL,
    adaptive_pricing: { enabled: false },
    after_expiration: { recovery: { enabled: true } },
    locale: "de",
    ...more,
  };
}

export function recurring(
  product: string,
  interval: "month" | "year" = "month",
  amount = 500,
  more: SessionParams = {},
): SessionParams {
  return {
    mode: "subscription",
    ui_mode: "hosted_page",
    client_reference_id: "donation-2",
    metadata: { donation_id: "donation-2" },
    subscription_data: {
      metadata: { donation_id: "donation-2" },
      description: "A gift",
      billing_mode: { type: "flexible" },
    },
    line_items: [
      { quantity: 1, price_data: { currency: "usd", unit_amount: amount, product, recurring: { interval } } },
    ],
    success_url: SUCCESS,
    cancel_url: CANCEL,
    ...more,
  };
}

/** What a person does on the session's page. */
export function act(
  session: { url: string | null },
  outcome: string,
  fields: Record<string, string> = {},
): Promise<Response> {
  const details = { email: "ada@example.org", name: "Ada Reader", country: "DE", ...fields };
  return fetch(session.url ?? "", {
    method: "POST",
    body: new URLSearchParams({ outcome, ...details }),
    redirect: "manual",
  });
}

export const DAY_MS = 86_400_000;

/** One of the stand-in's controls, over HTTP as another process would. */
export async function control<T = Record<string, unknown>>(
  standIn: { url: string },
  path: string,
  body: object = {},
): Promise<T> {
  const answer = await fetch(`${standIn.url}/_sandbox/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const done = (await answer.json()) as T & { error?: string };
  if (!answer.ok) throw new Error(`${answer.status}: ${done.error}`);
  return done;
}

/** A paid gift's charge. `outcome` as on the session's page. */
export async function givenCharge(
  stripe: Stripe,
  product: string,
  amount = 1000,
  currency = "usd",
  outcome = "pay",
): Promise<Stripe.Charge> {
  const session = await stripe.checkout.sessions.create(once(product, amount, currency));
  await act(session, outcome);
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent.latest_charge"] });
  return (done.payment_intent as Stripe.PaymentIntent).latest_charge as Stripe.Charge;
}

/** A subscription that is paid for, by card unless the outcome says otherwise. */
export async function givenSubscription(
  stripe: Stripe,
  product: string,
  interval: "month" | "year" = "month",
  outcome = "pay",
): Promise<Stripe.Subscription> {
  const session = await stripe.checkout.sessions.create(recurring(product, interval));
  await act(session, outcome);
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription"] });
  return done.subscription as Stripe.Subscription;
}

/** Every balance transaction adds up to the balance; what is missing shows as a difference by currency. */
export async function balanceGap(stripe: Stripe): Promise<Record<string, number>> {
  const gap: Record<string, number> = {};
  for await (const it of stripe.balanceTransactions.list({ limit: 100 })) {
    gap[it.currency] = (gap[it.currency] ?? 0) + it.net;
  }
  const { available, pending } = await stripe.balance.retrieve();
  for (const { currency, amount } of [...available, ...pending]) gap[currency] = (gap[currency] ?? 0) - amount;
  return gap;
}

/** The types of what happened to an object or around it, the oldest first. */
export async function eventsSince(stripe: Stripe, time: number, ...beginnings: string[]): Promise<Stripe.Event[]> {
  const found: Stripe.Event[] = [];
  for await (const event of stripe.events.list({ created: { gte: time }, limit: 100 })) found.push(event);
  return found
    .reverse()
    .filter((it) => beginnings.length === 0 || beginnings.some((start) => it.type.startsWith(start)));
}
