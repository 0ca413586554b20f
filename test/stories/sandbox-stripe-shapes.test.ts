import type { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { STRIPE_SHAPES } from "../support/stripe-shapes.ts";
import {
  act,
  clientOf,
  control,
  DAY_MS,
  givenCharge,
  givenProduct,
  once,
  recurring,
  SUCCESS,
  startStandIn,
} from "../support/stripe-stand-in.ts";

type Shape = keyof typeof STRIPE_SHAPES;

/** Objects whose keys are the account's or the caller's. */
const OPAQUE = new Set(["metadata", "payment_method_options", "fraud_details", "radar_options"]);

function keyPaths(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keyPaths(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = path === "" ? key : `${path}.${key}`;
    return OPAQUE.has(key) ? [at] : [at, ...keyPaths(inner, at)];
  });
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf(".")));

/** What one has and the other lacks, wherever both have an object. */
function differences(actual: unknown, shape: Shape): { missing: string[]; extra: string[] } {
  const ours = new Set(keyPaths(actual));
  const theirs = new Set(STRIPE_SHAPES[shape].split(" "));
  const filledByUs = new Set([...ours].map(parentOf));
  const filledByThem = new Set([...theirs].map(parentOf));
  return {
    missing: [...theirs].filter((path) => !ours.has(path) && filledByUs.has(parentOf(path))),
    extra: [...ours].filter((path) => !theirs.has(path) && filledByThem.has(parentOf(path))),
  };
}

describe("the simulated Stripe's objects have Stripe's keys, no more and no less", () => {
  let standIn: StripeStandIn;
  let stripe: Stripe;
  const found = new Map<Shape, unknown>();

  /** As it travels: the client turns some strings into objects of its own. */
  async function read(path: string): Promise<{ data: never[] } & Record<string, never>> {
    const answer = await fetch(`${standIn.url}/v1/${path}`, { headers: { authorization: "Bearer sk_test_x" } });
    return (await answer.json()) as { data: never[] } & Record<string, never>;
  }
  /** A bank debit's charge names its mandate. */
  async function mandateOf(method: string): Promise<unknown> {
    const { data } = (await read("charges?limit=100")) as unknown as { data: Stripe.Charge[] };
    const charge = data.find((it) => it.payment_method === method);
    return read(`mandates/${charge?.payment_method_details?.sepa_debit?.mandate as string}`);
  }
  const newest = async (path: string) => (await read(`${path}?limit=1`)).data[0];

  beforeAll(async () => {
    standIn = await startStandIn();
    stripe = clientOf(standIn);
    const product = await givenProduct(stripe);
    const email = { customer_email: "ada@example.org" };

    const gift = await stripe.checkout.sessions.create(once(product, 1000, "usd", email));
    found.set("session, payment", await newest("checkout/sessions"));
    await act(gift, "decline");
    found.set("payment intent, declined", await newest("payment_intents"));
    await act(gift, "pay");
    found.set("payment intent", await newest("payment_intents"));
    found.set("card charge", await newest("charges"));
    found.set("balance transaction", await newest("balance_transactions"));
    found.set("customer", await newest("customers"));
    found.set("event", (await read("events?type=charge.succeeded&limit=1")).data[0]);
    found.set("event of a change", (await read("events?type=charge.updated&limit=1")).data[0]);

    const monthly = await stripe.checkout.sessions.create(recurring(product, "month", 500, email));
    found.set("session, subscription", await newest("checkout/sessions"));
    await act(monthly, "pay");
    found.set("payment intent of an invoice", await newest("payment_intents"));
    found.set("subscription", await newest("subscriptions"));
    found.set("invoice", await newest("invoices"));
    found.set("invoice payment", await newest("invoice_payments"));
    found.set("card", await newest("payment_methods"));
    await act(await stripe.checkout.sessions.create(recurring(product)), "pay_later");
    found.set("bank debit", await newest("payment_methods"));
    const [debit] = (await read("payment_methods?type=sepa_debit&limit=1")).data as { id: string }[];
    found.set("mandate", await mandateOf(debit?.id ?? ""));

    const charge = await givenCharge(stripe, product);
    await control(standIn, "early_fraud_warnings", { charge: charge.id });
    found.set("early fraud warning", await newest("radar/early_fraud_warnings"));
    await control(standIn, "disputes", { charge: charge.id });
    found.set("dispute", await newest("disputes"));
    await stripe.refunds.create({ charge: (await givenCharge(stripe, product)).id });
    found.set("refund", await newest("refunds"));
    await givenCharge(stripe, product, 100_000);
    await standIn.advance(4 * DAY_MS);
    await stripe.payouts.create({ amount: 1, currency: "usd" });
    await standIn.advance(DAY_MS);
    found.set("payout", await newest("payouts"));
    const configuration = await stripe.billingPortal.configurations.create({
      features: { payment_method_update: { enabled: true } },
    });
    found.set("portal configuration", await newest("billing_portal/configurations"));
    const { id: customer } = await stripe.customers.create();
    const flow = {
      type: "payment_method_update",
      after_completion: { type: "redirect", redirect: { return_url: SUCCESS } },
    };
    found.set(
      "portal session",
      await stripe.billingPortal.sessions.create({ customer, configuration: configuration.id, flow_data: flow }),
    );
    found.set("list", { ...(await read("invoice_payments?invoice=in_none")), data: [] });
    found.set("error", await read("customers/cus_none"));
  });
  afterAll(() => standIn.close());

  test.each(Object.keys(STRIPE_SHAPES) as Shape[])("%s", (shape) => {
    const actual = found.get(shape);
    expect(actual).toBeDefined();
    // The object of an event has a shape of its own.
    const compared = shape.startsWith("event") ? withoutObject(actual) : actual;
    expect(differences(compared, shape)).toEqual({ missing: [], extra: [] });
  });

  test("a key too many and one too few are found", () => {
    const payment = found.get("invoice payment") as Record<string, unknown>;
    expect(differences({ ...payment, payment_intent: "pi_old" }, "invoice payment").extra).toEqual(["payment_intent"]);
    const { status: _, ...lacking } = payment;
    expect(differences(lacking, "invoice payment").missing).toEqual(["status"]);
  });
});

function withoutObject(event: unknown): unknown {
  const { data, ...rest } = event as { data: object };
  return { ...rest, data: Object.fromEntries(Object.keys(data).map((key) => [key, null])) };
}
