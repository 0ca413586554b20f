import { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryClock } from "../../src/sandbox/clock.ts";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import {
  act,
  clientOf,
  DAY_MS,
  givenProduct,
  once,
  recurring,
  SUCCESS,
  startStandIn,
} from "../support/stripe-stand-in.ts";

describe("the simulated Stripe's API, by the real client", () => {
  const clock = memoryClock();
  let standIn: StripeStandIn;
  let stripe: Stripe;
  let product: string;

  beforeAll(async () => {
    standIn = await startStandIn({ clock });
    stripe = clientOf(standIn);
    product = await givenProduct(stripe);
  });
  afterAll(() => standIn.close());

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${standIn.url}${path}`, {
      method: "POST",
      body,
      headers: { authorization: "Bearer sk_test_x", ...headers },
    });
  const nowSeconds = () => Math.floor(clock.now().getTime() / 1000);
  const sessionCount = async () =>
    (await stripe.checkout.sessions.list({ limit: 100 }).autoPagingToArray({ limit: 1000 })).length;

  describe("keys", () => {
    test.each([
      ["no key", {}, null],
      ["a live secret key", { authorization: "Bearer sk_live_51abc" }, /refuses live keys/],
      ["a live restricted key", { authorization: "Bearer rk_live_51abc" }, /refuses live keys/],
      ["a publishable key", { authorization: "Bearer pk_test_abc" }, /publishable/],
      ["anything else", { authorization: "Bearer hello" }, /Invalid API Key/],
    ])("%s → 401 in Stripe's shape, without an echo of the key", async (_name, headers, message) => {
      const answer = await fetch(`${standIn.url}/v1/balance`, { headers: headers as Record<string, string> });
      const body = (await answer.json()) as { error: { type: string; message: string } };
      expect(answer.status).toBe(401);
      expect(body.error.type).toBe("invalid_request_error");
      if (message !== null) expect(body.error.message).toMatch(message);
      expect(body.error.message).not.toContain("51abc");
      expect(answer.headers.get("request-id")).toMatch(/^req_/);
    });

    test("test keys of both kinds, and a key as the user of Basic, pass", async () => {
      await expect(clientOf(standIn, "rk_test_abc").balance.retrieve()).resolves.toMatchObject({ object: "balance" });
      const basic = `Basic ${Buffer.from("sk_test_abc:").toString("base64")}`;
      expect((await fetch(`${standIn.url}/v1/balance`, { headers: { authorization: basic } })).status).toBe(200);
      await expect(clientOf(standIn, "sk_live_abc").balance.retrieve()).rejects.toBeInstanceOf(
        Stripe.errors.StripeAuthenticationError,
      );
    });

    test("another API version is refused rather than misread", async () => {
      const old = await fetch(`${standIn.url}/v1/balance`, {
        headers: { authorization: "Bearer sk_test_x", "stripe-version": "2020-08-27" },
      });
      expect(old.status).toBe(400);
    });
  });

  describe("what a session can't be made of", () => {
    const bad: [string, (params: Record<string, unknown>) => void, object][] = [
      ["an unknown parameter", (it) => (it.colour = "red"), { code: "parameter_unknown", param: "colour" }],
      [
        "payment_method_types, gone since endive",
        (it) => (it.payment_method_types = ["card"]),
        { code: "parameter_unknown", param: "payment_method_types" },
      ],
      ["the old name of the hosted page", (it) => (it.ui_mode = "hosted"), { param: "ui_mode" }],
      [
        "an unknown nested parameter",
        (it) => (it.payment_intent_data = { colour: "red" }),
        { code: "parameter_unknown", param: "payment_intent_data[colour]" },
      ],
      ["no success_url", (it) => delete it.success_url, { code: "parameter_missing", param: "success_url" }],
      ["no mode", (it) => delete it.mode, { code: "parameter_missing", param: "mode" }],
      ["no line items", (it) => delete it.line_items, { code: "parameter_missing", param: "line_items" }],
      [
        "no unit_amount",
        (it) => (it.line_items = [{ quantity: 1, price_data: { currency: "usd", product } }]),
        { code: "parameter_missing", param: "line_items[0][price_data][unit_amount]" },
      ],
      [
        "an amount with a fraction",
        (it) => (it.line_items = lines({ unit_amount: "10.5" })),
        { code: "parameter_invalid_integer", param: "line_items[0][price_data][unit_amount]" },
      ],
      [
        "a negative amount",
        (it) => (it.line_items = lines({ unit_amount: -1 })),
        { code: "parameter_invalid_integer" },
      ],
      [
        "an amount that is too small",
        (it) => (it.line_items = lines({ unit_amount: 49 })),
        { code: "amount_too_small" },
      ],
      [
        "an amount that is too small in yen",
        (it) => (it.line_items = lines({ unit_amount: 49, currency: "jpy" })),
        { code: "amount_too_small" },
      ],
      [
        "no such currency",
        (it) => (it.line_items = lines({ currency: "xyz" })),
        { param: "line_items[0][price_data][currency]" },
      ],
      [
        "no such product",
        (it) => (it.line_items = lines({ product: "prod_gone" })),
        { code: "resource_missing", param: "line_items[0][price_data][product]" },
      ],
      [
        "product and product_data",
        (it) => (it.line_items = lines({ product_data: { name: "Gift" } })),
        { param: "line_items[0][price_data]" },
      ],
      [
        "a recurring price in payment mode",
        (it) => (it.line_items = lines({ recurring: { interval: "month" } })),
        { param: "line_items" },
      ],
      [
        "subscription_data in payment mode",
        (it) => (it.subscription_data = { description: "x" }),
        { param: "subscription_data" },
      ],
      ["a URL that is none", (it) => (it.success_url = "/thanks"), { code: "url_invalid", param: "success_url" }],
      [
        "no such customer",
        (it) => {
          it.customer = "cus_gone";
          delete it.customer_creation;
        },
        { code: "resource_missing", param: "customer" },
      ],
      [
        "an e-mail that is none",
        (it) => (it.customer_email = "nobody"),
        { code: "email_invalid", param: "customer_email" },
      ],
      ["an expiry too soon", (it) => (it.expires_at = nowSeconds() + 1700), { param: "expires_at" }],
      ["an expiry too late", (it) => (it.expires_at = nowSeconds() + 86_500), { param: "expires_at" }],
      ["an unknown language", (it) => (it.locale = "tlh"), { param: "locale" }],
      [
        "a descriptor with a star",
        (it) => (it.payment_intent_data = { statement_descriptor_suffix: "GIFT*" }),
        { param: "payment_intent_data[statement_descriptor_suffix]" },
      ],
      [
        "51 keys of metadata",
        (it) => (it.metadata = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"]))),
        { param: "metadata" },
      ],
      ["a long key of metadata", (it) => (it.metadata = { ["k".repeat(41)]: "v" }), { param: "metadata" }],
      ["a long value of metadata", (it) => (it.metadata = { k: "v".repeat(501) }), { param: "metadata" }],
      ["what Stripe has and the stand-in hasn't", (it) => (it.discounts = [{ coupon: "x" }]), { param: "discounts" }],
    ];
    const lines = (more: Record<string, unknown>) => [
      { quantity: 1, price_data: { currency: "usd", unit_amount: 1000, product, ...more } },
    ];

    test.each(bad)("%s", async (_name, spoil, expected) => {
      const params: Record<string, unknown> = { ...once(product) };
      spoil(params);
      const before = await sessionCount();
      const attempt = stripe.checkout.sessions.create(params as Stripe.Checkout.SessionCreateParams);
      await expect(attempt).rejects.toMatchObject({ statusCode: 400, type: "StripeInvalidRequestError", ...expected });
      expect(await sessionCount()).toBe(before);
    });

    test.each([
      ["submit_type", { submit_type: "donate" }],
      ["customer_creation", { customer_creation: "always" }],
      ["payment_intent_data", { payment_intent_data: { description: "x" } }],
    ] as const)("%s in subscription mode", async (param, more) => {
      await expect(stripe.checkout.sessions.create(recurring(product, "month", 500, more))).rejects.toMatchObject({
        statusCode: 400,
        param,
      });
    });

    test("one-time prices alone in subscription mode", async () => {
      const params = { ...recurring(product), line_items: lines({}) } as Stripe.Checkout.SessionCreateParams;
      await expect(stripe.checkout.sessions.create(params)).rejects.toMatchObject({ param: "line_items" });
    });
  });

  test("a session with everything that the service sends; both ends of the expiry are accepted", async () => {
    for (const seconds of [1800 + 2, 86_400]) {
      const session = await stripe.checkout.sessions.create({
        ...once(product, 2500, "eur"),
        expires_at: nowSeconds() + seconds,
        consent_collection: { terms_of_service: "required" },
        custom_text: { terms_of_service_acceptance: { message: "I agree." }, submit: { message: "Thank you." } },
        customer_email: "ada@example.org",
        allowed_payment_method_types: ["card", "sepa_debit"],
      });
      expect(session).toMatchObject({
        success_url: SUCCESS,
        amount_total: 2500,
        currency: "eur",
        customer_creation: "always",
        locale: "de",
      });
      expect(session.adaptive_pricing).toEqual({ enabled: false });
      expect(session.payment_method_types).toEqual(["card", "sepa_debit"]);
      expect(session.after_expiration?.recovery).toMatchObject({ enabled: true, url: null });
    }
  });

  test("ids that don't exist: 404 at the path, 400 in a parameter", async () => {
    const gone = { code: "resource_missing", type: "StripeInvalidRequestError" };
    await expect(stripe.customers.retrieve("cus_gone")).rejects.toMatchObject({
      statusCode: 404,
      param: "id",
      ...gone,
    });
    await expect(stripe.checkout.sessions.retrieve("cs_gone")).rejects.toMatchObject({ statusCode: 404, ...gone });
    await expect(stripe.charges.list({ starting_after: "ch_gone" })).rejects.toMatchObject({
      statusCode: 400,
      ...gone,
    });
    await expect(stripe.rawRequest("GET", "/v1/nothing")).rejects.toMatchObject({
      statusCode: 404,
      message: /Unrecognized request URL/,
    });
  });

  test("every answer carries Request-Id and the stand-in's Date, which follows its clock", async () => {
    const ahead = memoryClock();
    ahead.advance(90 * DAY_MS);
    const other = await startStandIn({ clock: ahead });
    const customer = await clientOf(other).customers.create({});
    const date = new Date(customer.lastResponse.headers.date ?? 0).getTime();
    expect(customer.lastResponse.requestId).toMatch(/^req_/);
    expect(Math.abs(date - Date.now() - 90 * DAY_MS)).toBeLessThan(5000);
    expect(customer.created * 1000).toBe(date);
    await other.close();
  });

  describe("Idempotency-Key", () => {
    const key = () => ({ idempotencyKey: crypto.randomUUID() });

    test("the same request gives the same answer, and one effect", async () => {
      const options = key();
      const before = await sessionCount();
      const [first, second] = [
        await stripe.checkout.sessions.create(once(product), options),
        await stripe.checkout.sessions.create(once(product), options),
      ];
      expect(second.id).toBe(first.id);
      expect(first.lastResponse.headers["idempotent-replayed"]).toBeUndefined();
      expect(second.lastResponse.headers["idempotent-replayed"]).toBe("true");
      expect(second.lastResponse.headers["original-request"]).toBe(first.lastResponse.requestId);
      expect(await sessionCount()).toBe(before + 1);
    });

    test("the same key with other parameters, or at another path, is an error", async () => {
      const options = key();
      await stripe.checkout.sessions.create(once(product), options);
      await expect(stripe.checkout.sessions.create(once(product, 1100), options)).rejects.toMatchObject({
        statusCode: 400,
        type: "StripeIdempotencyError",
      });
      await expect(stripe.customers.create({}, options)).rejects.toMatchObject({ type: "StripeIdempotencyError" });
    });

    test("a request that was refused by its form frees the key; a refusal by the endpoint is replayed", async () => {
      const free = key();
      await expect(
        stripe.checkout.sessions.create({ ...once(product), colour: "red" } as never, free),
      ).rejects.toMatchObject({ code: "parameter_unknown" });
      await expect(stripe.checkout.sessions.create(once(product), free)).resolves.toMatchObject({ status: "open" });
      const kept = key();
      await expect(stripe.checkout.sessions.create(once("late_product"), kept)).rejects.toMatchObject({
        code: "resource_missing",
      });
      await stripe.products.create({ id: "late_product", name: "Late" });
      await expect(stripe.checkout.sessions.create(once("late_product"), kept)).rejects.toMatchObject({
        code: "resource_missing",
        headers: { "idempotent-replayed": "true" },
      });
    });

    test("a 500 is replayed too", async () => {
      const options = key();
      standIn.failNext({ kind: "replayed_500" });
      await expect(stripe.customers.create({}, options)).rejects.toMatchObject({
        statusCode: 500,
        type: "StripeAPIError",
      });
      await expect(stripe.customers.create({}, options)).rejects.toMatchObject({
        statusCode: 500,
        headers: { "idempotent-replayed": "true" },
      });
    });

    test("while the first request hangs, the second is told so; afterwards the key is free", async () => {
      const options = key();
      standIn.failNext({ kind: "hang", path: "/v1/customers" });
      const hanging = stripe.customers.create({}, { ...options, timeout: 400 });
      hanging.catch(() => undefined);
      await expect.poll(() => standIn.requests.list().at(-1)?.idempotency_key).toBe(options.idempotencyKey);
      await expect(stripe.customers.create({}, options)).rejects.toMatchObject({
        statusCode: 409,
        code: "idempotency_key_in_use",
      });
      await expect(hanging).rejects.toMatchObject({ type: "StripeConnectionError" });
      await expect
        .poll(() =>
          stripe.customers.create({}, options).then(
            (it) => it.object,
            () => null,
          ),
        )
        .toBe("customer");
    });

    test("keys are forgotten after a day", async () => {
      const options = key();
      const first = await stripe.customers.create({}, options);
      await standIn.advance(DAY_MS + 1000);
      expect((await stripe.customers.create({}, options)).id).not.toBe(first.id);
    });
  });

  describe("faults on request", () => {
    test("a status, for as many requests as asked, at one path only", async () => {
      standIn.failNext({ kind: "status", status: 503, times: 2, path: "/v1/balance" });
      await expect(stripe.customers.list()).resolves.toMatchObject({ object: "list" });
      await expect(stripe.balance.retrieve()).rejects.toMatchObject({ statusCode: 503 });
      await expect(stripe.balance.retrieve()).rejects.toMatchObject({ statusCode: 503 });
      await expect(stripe.balance.retrieve()).resolves.toMatchObject({ livemode: false });
      standIn.failNext({ kind: "status", status: 429 });
      await expect(stripe.balance.retrieve()).rejects.toMatchObject({ statusCode: 429, type: "StripeRateLimitError" });
    });

    test("a cut connection has no effect, one after the effect has; both can be repeated with the key", async () => {
      for (const [kind, made] of [
        ["cut", 0],
        ["after_effect_cut", 1],
      ] as const) {
        const options = { idempotencyKey: crypto.randomUUID() };
        const before = await sessionCount();
        // The client itself tries once more after a cut.
        standIn.failNext({ kind, path: "/v1/checkout/sessions", times: 2 });
        await expect(stripe.checkout.sessions.create(once(product), options)).rejects.toMatchObject({
          type: "StripeConnectionError",
        });
        expect(await sessionCount()).toBe(before + made);
        await stripe.checkout.sessions.create(once(product), options);
        expect(await sessionCount()).toBe(before + 1);
      }
    });

    test("an answer that isn't JSON", async () => {
      standIn.failNext({ kind: "not_json" });
      await expect(stripe.balance.retrieve()).rejects.toMatchObject({
        type: "StripeAPIError",
        message: /Invalid JSON/,
      });
    });

    test("the client's own retries get through", async () => {
      standIn.failNext({ kind: "status", status: 500 });
      await expect(clientOf(standIn, "sk_test_x", { retries: 2 }).balance.retrieve()).resolves.toMatchObject({
        object: "balance",
      });
    });

    test("requests are counted", async () => {
      const before = standIn.requests.count("GET", "/v1/account");
      await stripe.accounts.retrieveCurrent();
      expect(standIn.requests.count("GET", "/v1/account")).toBe(before + 1);
      expect(standIn.requests.list().at(-1)).toEqual({
        method: "GET",
        path: "/v1/account",
        idempotency_key: null,
        status: 200,
      });
    });
  });

  describe("lists", () => {
    test("pages of any size hold every object once, the newest first, in both directions", async () => {
      const other = await startStandIn();
      const client = clientOf(other);
      const made: string[] = [];
      for (let count = 0; count < 25; count += 1)
        made.unshift((await client.customers.create({ email: `${count}@example.org` })).id);
      for (const limit of [1, 7, 25, 100]) {
        const all = await client.customers.list({ limit }).autoPagingToArray({ limit: 1000 });
        expect(all.map((it) => it.id)).toEqual(made);
      }
      const middle = made[12] ?? "";
      const newer = await client.customers.list({ ending_before: middle, limit: 5 });
      expect(newer.data.map((it) => it.id)).toEqual(made.slice(7, 12));
      expect(newer.has_more).toBe(true);
      const older = await client.customers.list({ starting_after: middle, limit: 12 });
      expect(older.data.map((it) => it.id)).toEqual(made.slice(13));
      expect(older.has_more).toBe(false);
      await client.customers.del(middle);
      expect((await client.customers.list({ limit: 100 })).data.map((it) => it.id)).toEqual(
        made.filter((id) => id !== middle),
      );
      expect(await client.customers.retrieve(middle)).toEqual(expect.objectContaining({ id: middle, deleted: true }));
      await other.close();
    });

    test.each([0, 101, "ten"])("a limit of %s is refused", async (limit) => {
      await expect(stripe.customers.list({ limit: limit as number })).rejects.toMatchObject({
        param: "limit",
        code: "parameter_invalid_integer",
      });
    });

    test("by time, currency, type and source", async () => {
      const session = await stripe.checkout.sessions.create(once(product, 3000));
      await act(session, "pay");
      const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id);
      const [charge] = (await stripe.charges.list({ payment_intent: intent as string })).data;
      const [booked] = (await stripe.balanceTransactions.list({ source: charge?.id ?? "" })).data;
      expect(booked?.amount).toBe(3000);
      const at = booked?.created ?? 0;
      const ids = async (params: Stripe.BalanceTransactionListParams) =>
        (await stripe.balanceTransactions.list({ limit: 100, ...params })).data.map((it) => it.id);
      expect(await ids({ created: { gte: at } })).toContain(booked?.id);
      expect(await ids({ created: { lte: at }, type: "charge", currency: "usd" })).toContain(booked?.id);
      expect(await ids({ created: at })).toContain(booked?.id);
      expect(await ids({ created: { gt: at } })).not.toContain(booked?.id);
      expect(await ids({ created: { lt: at } })).not.toContain(booked?.id);
      expect(await ids({ type: "refund" })).toEqual([]);
      await expect(ids({ payout: "po_none" })).rejects.toMatchObject({ code: "resource_missing", param: "payout" });
      expect(
        (await stripe.events.list({ types: ["charge.succeeded", "charge.updated"], limit: 2 })).data
          .map((it) => it.type)
          .sort(),
      ).toEqual(["charge.succeeded", "charge.updated"]);
      await expect(
        stripe.events.list({ types: Array.from({ length: 21 }, () => "charge.updated") }),
      ).rejects.toMatchObject({ statusCode: 400 });
      await expect(stripe.charges.list({ created: "soon" as never })).rejects.toMatchObject({ param: "created" });
    });
  });

  describe("expand", () => {
    test("on create, retrieve and list, as deep as four levels", async () => {
      const session = await stripe.checkout.sessions.create({
        ...recurring(product),
        expand: ["line_items.data.price.product"],
      });
      expect(session.line_items?.data[0]?.price?.product).toMatchObject({ name: "Support for The Daily Test" });
      await act(session, "pay");
      const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
      const found = await stripe.subscriptions.retrieve(subscription as string, {
        expand: [
          "latest_invoice.payments.data.payment",
          "latest_invoice.confirmation_secret",
          "default_payment_method",
          "customer",
        ],
      });
      expect(found.default_payment_method).toMatchObject({ type: "card", card: { last4: "4242" } });
      expect(found.latest_invoice).toMatchObject({ confirmation_secret: { type: "payment_intent" } });
      const listed = await stripe.balanceTransactions.list({
        limit: 1,
        expand: ["data.source.payment_intent.customer"],
      });
      const source = listed.data[0]?.source as Stripe.Charge;
      expect(source.payment_intent).toMatchObject({ customer: { object: "customer" } });
      expect(await stripe.charges.retrieve(source.id, { expand: ["refunds"] })).toMatchObject({
        refunds: { data: [] },
      });
    });

    test("what can't be expanded is refused", async () => {
      const customer = await stripe.customers.create({});
      for (const path of ["nothing", "created", "invoice_prefix"]) {
        await expect(stripe.customers.retrieve(customer.id, { expand: [path] })).rejects.toMatchObject({
          statusCode: 400,
          param: "expand",
        });
      }
      await expect(stripe.customers.retrieve(customer.id, { expand: ["a.b.c.d.e"] })).rejects.toMatchObject({
        code: "property_expansion_max_depth",
      });
    });
  });

  test("customers: create, change with previous values, delete", async () => {
    const made = await stripe.customers.create({ email: "a@example.org", name: "A", metadata: { one: "1", two: "2" } });
    const changed = await stripe.customers.update(made.id, {
      name: "",
      email: "b@example.org",
      metadata: { one: "", three: "3" },
    });
    expect(changed).toMatchObject({ name: null, email: "b@example.org", metadata: { two: "2", three: "3" } });
    const [event] = (await stripe.events.list({ type: "customer.updated", limit: 1 })).data;
    expect(event?.data.previous_attributes).toEqual({
      email: "a@example.org",
      name: "A",
      metadata: { one: "1", two: "2" },
    });
    expect(event?.request?.id).toBe(changed.lastResponse.requestId);
    expect((await stripe.customers.list({ email: "b@example.org" })).data).toHaveLength(1);
    expect(await stripe.customers.del(made.id)).toMatchObject({ deleted: true });
    await expect(stripe.customers.update(made.id, { name: "C" })).rejects.toMatchObject({ statusCode: 404 });
  });

  test("products and prices: fixed ids, reuse in sessions", async () => {
    await expect(stripe.products.create({ id: product, name: "Again" })).rejects.toMatchObject({
      code: "resource_already_exists",
    });
    const price = await stripe.prices.create({
      currency: "usd",
      unit_amount: 700,
      recurring: { interval: "year" },
      product,
      lookup_key: "annual",
    });
    expect((await stripe.prices.list({ lookup_keys: ["annual"] })).data.map((it) => it.id)).toEqual([price.id]);
    const { line_items: _, ...params } = recurring(product);
    const session = await stripe.checkout.sessions.create({
      ...params,
      line_items: [{ price: price.id, quantity: 2 }],
    });
    expect(session.amount_total).toBe(1400);
    const items = await stripe.checkout.sessions.listLineItems(session.id);
    expect(items.data).toMatchObject([{ quantity: 2, amount_total: 1400, price: { id: price.id } }]);
    const inline = await stripe.checkout.sessions.create({
      ...params,
      line_items: [
        {
          quantity: 1,
          price_data: {
            currency: "usd",
            unit_amount: 100,
            recurring: { interval: "month" },
            product_data: { name: "Made inline" },
          },
        },
      ],
    });
    expect((await stripe.checkout.sessions.listLineItems(inline.id)).data[0]).toMatchObject({
      description: "Made inline",
      price: { active: false },
    });
  });

  test("forms: too large, contradictory, nested beyond sense", async () => {
    expect((await post("/v1/customers", `name=${"x".repeat(1 << 20)}`)).status).toBe(413);
    for (const body of [
      "metadata=x&metadata[a]=b",
      `${"a[b]".padEnd(200, "[c]")}=1`,
      "constructor=x",
      "metadata[__proto__]=x&__proto__[polluted]=1",
    ]) {
      expect((await post("/v1/customers", body)).status).toBe(400);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("the controls are there for other processes, and closed to web pages", async () => {
    const control = (path: string, body?: object, headers: Record<string, string> = {}) =>
      fetch(`${standIn.url}/_sandbox/${path}`, {
        method: body === undefined ? "GET" : "POST",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { "content-type": "application/json", ...headers },
      });
    const before = clock.now().getTime();
    const advanced = (await (await control("advance", { days: 2 })).json()) as { now: string; events: number };
    expect(new Date(advanced.now).getTime() - before).toBeGreaterThanOrEqual(2 * DAY_MS);
    expect((await control("fail", { kind: "status", status: 500, path: "/v1/balance" })).status).toBe(200);
    await expect(stripe.balance.retrieve()).rejects.toMatchObject({ statusCode: 500 });
    expect(await (await control("requests")).json()).toMatchObject({
      requests: expect.arrayContaining([expect.objectContaining({ path: "/v1/balance" })]),
    });
    expect((await control("advance", { weeks: 1 })).status).toBe(400);
    expect((await control("unknown", {})).status).toBe(404);
    expect((await control("advance", { days: 1 }, { origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await control("advance", { days: 1 }, { "content-type": "text/plain" })).status).toBe(403);
  });
});
