import type { Stripe } from "stripe";
import { describe, expect, onTestFinished, test } from "vitest";
import { createStripeClient } from "../../src/stripe/client.ts";
import { ensurePortal } from "../../src/stripe/portal.ts";
import { clientOf, DAY_MS, startStandIn } from "../support/stripe-stand-in.ts";

const TERMS = { terms_url: "https://news.example/terms", privacy_url: "https://news.example/privacy" };
async function scene() {
  const standIn = await startStandIn();
  onTestFinished(() => standIn.close());
  const stripe = clientOf(standIn);
  const client = createStripeClient({ secretKey: "sk_test_x", apiBase: new URL(standIn.url) });
  const all = async () => (await stripe.billingPortal.configurations.list()).data;
  return { standIn, stripe, client, all };
}

const flow = { type: "payment_method_update" } as const;

describe("the portal's configuration", () => {
  test("is made once, and follows the newsroom's addresses", async () => {
    const { stripe, client, all } = await scene();
    const other = await stripe.billingPortal.configurations.create({
      features: { invoice_history: { enabled: true } },
      metadata: { made_by: "somebody" },
    });
    expect(await ensurePortal(client, TERMS)).toBe("made");
    expect(await ensurePortal(client, TERMS)).toBe("was there");
    const [ours, ...rest] = await all();
    expect(rest).toEqual([expect.objectContaining({ id: other.id })]);
    expect(ours).toMatchObject({
      active: true,
      is_default: false,
      business_profile: { terms_of_service_url: TERMS.terms_url, privacy_policy_url: TERMS.privacy_url },
    });
    const on = Object.entries(ours?.features ?? {}).filter(([, { enabled }]) => enabled);
    expect(on.map(([name]) => name).sort()).toEqual(["invoice_history", "payment_method_update"]);
    expect(await ensurePortal(client, { ...TERMS, terms_url: "https://news.example/terms/2" })).toBe("updated");
    expect((await all())[0]).toMatchObject({
      id: ours?.id,
      business_profile: { terms_of_service_url: "https://news.example/terms/2" },
    });
    await stripe.billingPortal.configurations.update(ours?.id ?? "", { active: false });
    expect(await ensurePortal(client, TERMS)).toBe("made");
  });
});

describe("a session of the portal", () => {
  test("needs a customer, and a configuration that lets the card be changed", async () => {
    const { stripe } = await scene();
    const customer = (await stripe.customers.create({ email: "ada@example.org" })).id;
    const without = await stripe.billingPortal.configurations.create({
      features: { invoice_history: { enabled: true } },
    });
    const refused = (params: Stripe.BillingPortal.SessionCreateParams) =>
      expect(stripe.billingPortal.sessions.create({ flow_data: flow, ...params })).rejects;
    await refused({ customer }).toMatchObject({ statusCode: 400, message: expect.stringMatching(/^No configuration/) });
    await refused({ customer: "cus_none" }).toMatchObject({ code: "resource_missing", param: "customer" });
    await refused({ customer, configuration: "bpc_none" }).toMatchObject({ param: "configuration" });
    await refused({ customer, configuration: without.id }).toMatchObject({ param: "flow_data[type]" });
    await refused({ customer, locale: "ar" }).toMatchObject({ param: "locale" });
    await refused({ customer, return_url: "nowhere" }).toMatchObject({ param: "return_url" });
  });

  test("makes the card the customer's default, and tells of it; an hour later its page is gone", async () => {
    const { standIn, stripe, client, all } = await scene();
    const customer = (await stripe.customers.create({ email: "ada@example.org" })).id;
    await ensurePortal(client, TERMS);
    const [configuration] = await all();
    const session = await stripe.billingPortal.sessions.create({
      customer,
      configuration: configuration?.id ?? "",
      return_url: "http://127.0.0.1:9/back",
      flow_data: flow,
    });
    const act = (body: string) => fetch(session.url, { method: "POST", redirect: "manual", body });
    expect((await act("outcome=nothing")).status).toBe(422);
    const answer = await act("outcome=new_card&card=amex");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "http://127.0.0.1:9/back"]);
    const { invoice_settings: settings } = (await stripe.customers.retrieve(customer)) as Stripe.Customer;
    const [method] = (await stripe.paymentMethods.list({ customer })).data;
    expect(method).toMatchObject({ id: settings.default_payment_method, card: { last4: "0005" } });
    const told = (await stripe.events.list({ limit: 2 })).data;
    expect(told.map((event) => event.type).sort()).toEqual(["customer.updated", "payment_method.attached"]);
    await standIn.advance(DAY_MS / 24 + 1000);
    expect((await fetch(session.url)).status).toBe(404);
    expect((await act("outcome=new_card")).status).toBe(404);
    expect((await fetch(`${standIn.url}/p/session/bps_none`)).status).toBe(404);
  });
});
