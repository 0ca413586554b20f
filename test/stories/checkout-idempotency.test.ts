import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beginAttempt, readCheckout } from "../../src/checkout/checkout.queries.ts";
import type { NewsroomConfig } from "../../src/newsroom.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { onStripesPage, start } from "../support/giving.ts";
import { ATTRIBUTION } from "../support/history.ts";
import { type SecondApp, startSecondApp } from "../support/second-app.ts";
import { startWire } from "../support/wire.ts";

const SESSIONS = "/v1/checkout/sessions";
const GIFT = { frequency: "once", amount: 2500, currency: "USD", email: "reader@example.org" } as const;

let app: TestApp;
let other: SecondApp;
let change: (newsroom: NewsroomConfig) => NewsroomConfig = (newsroom) => newsroom;
beforeAll(async () => {
  app = await startApp({ newsroom: (newsroom) => change(newsroom) });
  other = await startSecondApp(app);
});
afterAll(async () => {
  await other.close();
  await app.close();
});

describe("a client's key", () => {
  test("with the same body gets the same answer from any process, and makes one session", async () => {
    const key = randomUUID();
    const before = calls();
    const first = await ask(app, GIFT, key);
    expect(first).toMatchObject({ status: 201, body: { id: expect.any(String), url: expect.any(String) } });
    for (const where of [app, other]) expect(await ask(where, GIFT, key)).toEqual(first);
    const { email, ...rest } = GIFT;
    expect(await ask(other, { email, ...rest, cover_fees: false }, key)).toEqual(first);
    expect(calls()).toBe(before + 1);
    expect(await sessionsOf(app, first.body.id)).toHaveLength(1);
  });

  test("with the same body gets the same answer when the newsroom has changed its limits meanwhile", async () => {
    const key = randomUUID();
    const first = await ask(app, GIFT, key);
    change = (newsroom) => withMinimum(newsroom, 9000);
    expect((await ask(app, GIFT, randomUUID())).body.code).toBe("amount_below_minimum");
    expect(await ask(app, GIFT, key)).toEqual(first);
    change = (newsroom) => newsroom;
  });

  test("with another body is refused and makes nothing", async () => {
    const key = randomUUID();
    await ask(app, GIFT, key);
    const before = calls();
    for (const body of [
      { ...GIFT, amount: 2600 },
      { ...GIFT, cover_fees: true },
      { ...GIFT, attribution: ATTRIBUTION },
    ]) {
      expect(await ask(other, body, key)).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
    }
    expect(calls()).toBe(before);
  });

  test.each([" ", "a b", "x".repeat(256), "ключ"])("that is %j is refused", async (key) => {
    const answer = await ask(app, GIFT, encodeURIComponent(key) === key ? key : Buffer.from(key).toString("latin1"));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "Idempotency-Key" }] } });
  });

  test("sent twenty times at once to two processes makes one donation and one session", async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask(index % 2 === 0 ? app : other, GIFT, key)),
    );
    const started = answers.filter((answer) => answer.status === 201);
    expect(started.length).toBeGreaterThan(0);
    for (const answer of answers) {
      if (answer.status === 201) expect(answer).toEqual(started[0]);
      else expect(answer).toMatchObject({ status: 409, retryAfter: "1", body: { code: "request_in_progress" } });
    }
    expect(await ask(other, GIFT, key)).toEqual(started[0]);
    expect(await sessionsOf(app, started[0]?.body.id)).toHaveLength(1);
  });

  test("is not held for ever by a process that crashed", async () => {
    const key = randomUUID();
    app.standIn.failNext({ kind: "status", status: 401, path: SESSIONS });
    expect((await ask(app, GIFT, key)).status).toBe(503);
    const { id } = await latestDonation();
    await sql`update idempotency_keys set lease_until = clock_timestamp() + interval '15 seconds' where donation_id = ${id}`.execute(
      app.db,
    );
    expect(await ask(other, GIFT, key)).toMatchObject({ status: 409, body: { code: "request_in_progress" } });
    await sql`update idempotency_keys set lease_until = lease_until - interval '15 seconds' where donation_id = ${id}`.execute(
      app.db,
    );
    expect(await ask(other, GIFT, key)).toMatchObject({ status: 201, body: { id } });
    expect(await sessionsOf(app, id)).toHaveLength(1);
  });

  test("that isn't sent makes another session each time", async () => {
    const ids = [await ask(app, GIFT), await ask(app, GIFT)].map((answer) => answer.body.id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(await sessionsOf(app, id)).toHaveLength(1);
  });

  test("is kept as a hash only", async () => {
    const key = `key-of-ada-${randomUUID()}`;
    await ask(app, GIFT, key);
    const rows = await app.db.selectFrom("idempotency_keys").selectAll().execute();
    for (const row of rows)
      expect(row.key_hash.toString("latin1") + row.request_hash.toString("latin1")).not.toContain("ada");
  });
});

test("two processes that begin the next attempt at once leave one: a key's parameters never change", async () => {
  app.standIn.failNext({ kind: "status", status: 401, path: SESSIONS });
  await ask(app, GIFT);
  const { id } = await latestDonation();
  const next = { donation_id: id, attempt: 2, expires_at: new Date(), resumable_until: new Date() };
  const params = ["one", "other"].map((text) => Buffer.from(text));
  await Promise.all(params.map((params_sealed) => beginAttempt(app.db, { ...next, params_sealed })));
  const first = await readCheckout(app.db, id);
  for (const params_sealed of params) await beginAttempt(app.db, { ...next, params_sealed });
  expect(first?.attempt).toBe(2);
  expect(await readCheckout(app.db, id)).toEqual(first);
});

describe("a plain form's hidden idempotency_key", () => {
  test("leads to the same page however often it is sent, at once too", async () => {
    const fields = { ...GIFT, amount: "2500", idempotency_key: randomUUID() };
    const first = await submit(app, fields);
    expect(first.status).toBe(303);
    const again = await Promise.all(Array.from({ length: 6 }, (_, index) => submit(index % 2 ? app : other, fields)));
    for (const answer of again) expect(answer).toEqual(first);
    const { id } = await latestDonation();
    expect(await sessionsOf(app, id)).toHaveLength(1);

    const key = randomUUID();
    const clicks = await Promise.all(Array.from({ length: 6 }, () => submit(app, { ...fields, idempotency_key: key })));
    const led = clicks.filter((answer) => answer.status === 303);
    expect(new Set(led.map((answer) => answer.location)).size).toBe(1);
    for (const answer of clicks) expect(answer.status).toBe(303);
    expect(await sessionsOf(app, (await latestDonation()).id)).toHaveLength(1);
  });

  test("with other fields is refused with a page", async () => {
    const fields = { ...GIFT, amount: "2500", idempotency_key: randomUUID() };
    await submit(app, fields);
    expect(await submit(other, { ...fields, amount: "2600" })).toMatchObject({ status: 422, location: null });
  });
});

test("rev-engine 4ed407869: no key at Stripe is used for two different calls", async () => {
  await ask(app, GIFT);
  await ask(app, GIFT, "one-key");
  const keys = app.standIn.requests.list().filter((request) => request.method === "POST");
  const ids = new Set((await app.db.selectFrom("donations").select("id").execute()).map((row) => row.id));
  for (const { path, idempotency_key } of keys) {
    expect(idempotency_key).not.toBeNull();
    if (path !== SESSIONS) continue;
    expect(idempotency_key).toMatch(/^checkout:[0-9a-f-]{36}:\d+$/);
    expect(ids).toContain(idempotency_key?.split(":")[1]);
  }
});

describe("what is kept and what Stripe is told", () => {
  const TRACED = {
    ...ATTRIBUTION,
    article_url: "https://zelda:hunter2@www.example.org/news/the-harbour-vote?reader=zelda#zelda",
    referrer: "https://search.example/?q=zelda",
  };

  test.each(["once", "monthly"] as const)(
    "of a gift %s: consent and attribution here, an opaque code there",
    async (frequency) => {
      const wire = await startWire(app.standIn.url);
      const wired = await startSecondApp(app, {
        stripe: { ...app.settings.config.stripe, apiBase: new URL(wire.url) },
      });
      const body = {
        ...GIFT,
        frequency,
        locale: "de",
        cover_fees: true,
        terms_version: "2026-11-01",
        attribution: TRACED,
      };
      const { body: started } = await ask(wired, body);
      await onStripesPage(started.url ?? "", "pay");

      const donation = await app.db
        .selectFrom("donations")
        .selectAll()
        .where("id", "=", started.id ?? "")
        .executeTakeFirstOrThrow();
      expect(donation).toMatchObject({
        ...ATTRIBUTION,
        chosen_amount: 2500,
        amount: 2606,
        fees_covered: true,
        locale: "de",
      });
      const consent = await app.db
        .selectFrom("consents")
        .selectAll()
        .where("donation_id", "=", donation.id)
        .executeTakeFirstOrThrow();
      expect(consent).toMatchObject({
        terms_version: "2026-11-01",
        locale: "de",
        frequency,
        currency: "USD",
        amount: 2606,
      });
      expect(consent.statement).toMatch(/26,06/);
      expect(Math.abs(+consent.shown_at - Date.now() - app.clock.offsetMs())).toBeLessThan(60_000);

      const [call] = wire.sent.filter((request) => request.path === SESSIONS);
      const names = [...(call?.body.keys() ?? [])].map((name) => name.replace(/attribution(_\d+)?\]/, "attribution]"));
      expect(names.sort()).toEqual(PARAMETERS[frequency].toSorted());
      expect(call?.body.get("line_items[0][price_data][unit_amount]")).toBe("2606");
      const told = [String(call?.body), JSON.stringify(await everythingAtStripe(started.id ?? ""))];
      for (const text of told)
        expect(text).not.toMatch(/harbour-vote|harbour_vote|autumn|end-of-article|search\.example|hunter2|zelda/i);
      await wired.close();
      await wire.close();
    },
  );

  async function everythingAtStripe(id: string): Promise<unknown[]> {
    const { api } = app.deps.stripe;
    const [listed] = await sessionsOf(app, id);
    const session = await api.checkout.sessions.retrieve(listed?.id ?? "", {
      expand: ["payment_intent.latest_charge", "subscription.latest_invoice", "customer", "line_items"],
    });
    expect(Object.keys(session.metadata ?? {}).sort()).toEqual(["attribution", "donation_id", "frequency"]);
    return [session, (await api.events.list({ limit: 20 })).data];
  }
});

describe("when Stripe", () => {
  test("has done it and the answer is lost, the same call gets it", async () => {
    // Twice: the client itself sends a call whose connection was cut once more.
    app.standIn.failNext({ kind: "after_effect_cut", times: 2, path: SESSIONS });
    const { status, body } = await ask(app, GIFT);
    expect(status).toBe(201);
    expect(await sessionsOf(app, body.id)).toHaveLength(1);
  });

  test("fails once in any way, the reader doesn't notice", async () => {
    for (const fault of FAULTS) {
      app.standIn.failNext({ ...fault, path: SESSIONS });
      const { status, body } = await ask(app, GIFT);
      expect(status).toBe(201);
      expect(await sessionsOf(app, body.id)).toHaveLength(1);
    }
  });

  test("refuses our key, nobody waits, and it works once the key does", async () => {
    for (const status of [401, 403]) {
      const key = randomUUID();
      app.standIn.failNext({ kind: "status", status, path: SESSIONS });
      expect(await ask(app, GIFT, key)).toMatchObject(UNAVAILABLE);
      const { body } = await ask(app, GIFT, key);
      expect(await sessionsOf(app, body.id)).toHaveLength(1);
    }
  });

  test("finds the amount too small after all, so is the answer, each time", async () => {
    change = (newsroom) => withMinimum(newsroom, 1);
    const key = randomUUID();
    const answer = await ask(app, { ...GIFT, amount: 20 }, key);
    expect(answer).toMatchObject({ status: 422, body: { code: "amount_below_minimum", errors: [{ path: "amount" }] } });
    const before = calls();
    expect((await ask(other, { ...GIFT, amount: 20 }, key)).body).toMatchObject({ code: "amount_below_minimum" });
    expect(calls()).toBe(before);
    expect((await latestDonation()).status).toBe("failed");
    change = (newsroom) => newsroom;
  });

  test("has no product yet, it works once there is one", async () => {
    const id = `later_${randomUUID()}`;
    change = (newsroom) => ({ ...newsroom, stripe_product: { ...newsroom.stripe_product, id } });
    const key = randomUUID();
    for (let time = 0; time < 2; time++) expect(await ask(app, GIFT, key)).toMatchObject(UNAVAILABLE);
    await app.deps.stripe.api.products.create({ id, name: "Reader support" });
    const { status, body } = await ask(app, GIFT, key);
    expect(status).toBe(201);
    expect(body.id).toBe((await latestDonation()).id);
    expect(await sessionsOf(app, body.id)).toHaveLength(1);
    change = (newsroom) => newsroom;
  });

  test("goes on failing, the answer is a 503 within ten seconds, and the repeat succeeds with one session", {
    timeout: 40_000,
  }, async () => {
    await Promise.all([...FAULTS.map(outlast), outlastHanging()]);
  });
});

const FAULTS = [
  { kind: "status", status: 429 },
  { kind: "status", status: 500 },
  { kind: "replayed_500" },
  { kind: "cut" },
  { kind: "not_json" },
] as const;

const UNAVAILABLE = { status: 503, retryAfter: "5", body: { code: "payment_provider_unavailable" } };

async function outlast(fault: (typeof FAULTS)[number]): Promise<void> {
  const own = await startApp();
  try {
    // Six calls find time in ten seconds; the client makes two of each whose connection is cut.
    own.standIn.failNext({ ...fault, times: fault.kind === "cut" ? 12 : 6, path: SESSIONS });
    const key = randomUUID();
    const begin = performance.now();
    expect(await ask(own, GIFT, key)).toMatchObject(UNAVAILABLE);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(await sessionsOf(own, undefined)).toHaveLength(0);
    const { status, body } = await ask(own, GIFT, key);
    expect(status).toBe(201);
    expect(await sessionsOf(own, undefined)).toEqual([expect.objectContaining({ client_reference_id: body.id })]);
  } finally {
    await own.close();
  }
}

/** Meanwhile another process is told that the request is being worked on, and for how long at most. */
async function outlastHanging(): Promise<void> {
  const own = await startApp();
  const second = await startSecondApp(own);
  try {
    own.standIn.failNext({ kind: "hang", times: 2, path: SESSIONS });
    const key = randomUUID();
    const begin = performance.now();
    const hanging = ask(own, GIFT, key);
    while (own.standIn.requests.count("POST", SESSIONS) === 0) await sleep(5);
    expect(await ask(second, GIFT, key)).toMatchObject({
      status: 409,
      retryAfter: "1",
      body: { code: "request_in_progress" },
    });
    expect((await ask(second, { ...GIFT, amount: 9900 }, key)).status).toBe(422);
    const { rows } = await sql<{ seconds: number }>`
      select extract(epoch from lease_until - clock_timestamp())::float as seconds from idempotency_keys
    `.execute(own.db);
    expect(rows[0]?.seconds).toBeGreaterThan(10);
    expect(rows[0]?.seconds).toBeLessThanOrEqual(15);

    expect(await hanging).toMatchObject(UNAVAILABLE);
    expect(performance.now() - begin).toBeLessThan(10_000);
    const { status, body } = await ask(second, GIFT, key);
    expect(status).toBe(201);
    expect(await sessionsOf(own, undefined)).toEqual([expect.objectContaining({ client_reference_id: body.id })]);
  } finally {
    await second.close();
    await own.close();
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: { readonly id?: string; readonly url?: string; readonly code?: string };
}

async function ask(where: Pick<TestApp, "url">, body: object, key?: string): Promise<Answer> {
  const answer = await start(where, body, key === undefined ? {} : { "idempotency-key": key });
  return {
    status: answer.status,
    retryAfter: answer.headers.get("retry-after"),
    body: (await answer.json()) as Answer["body"],
  };
}

async function submit(where: Pick<TestApp, "url">, fields: Record<string, string>) {
  const answer = await fetch(`${where.url}/v1/checkout-sessions`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields),
  });
  await answer.arrayBuffer();
  return { status: answer.status, location: answer.headers.get("location") };
}

function calls(): number {
  return app.standIn.requests.count("POST", SESSIONS);
}

/** The sessions at Stripe of one donation, or all. */
async function sessionsOf(of: TestApp, id: string | undefined) {
  const { data } = await of.deps.stripe.api.checkout.sessions.list({ limit: 100 });
  return id === undefined ? data : data.filter((session) => session.client_reference_id === id);
}

async function latestDonation() {
  return await app.db
    .selectFrom("donations")
    .select(["id", "status"])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();
}

function withMinimum(newsroom: NewsroomConfig, minimum: number): NewsroomConfig {
  const usd = newsroom.currencies.USD as NonNullable<NewsroomConfig["currencies"][string]>;
  return { ...newsroom, currencies: { ...newsroom.currencies, USD: { ...usd, once: { ...usd.once, minimum } } } };
}

const COMMON = [
  "mode",
  "ui_mode",
  "client_reference_id",
  "customer_email",
  "locale",
  "success_url",
  "cancel_url",
  "expires_at",
  "adaptive_pricing[enabled]",
  "after_expiration[recovery][enabled]",
  "line_items[0][quantity]",
  "line_items[0][price_data][currency]",
  "line_items[0][price_data][unit_amount]",
  "line_items[0][price_data][product]",
  "metadata[donation_id]",
  "metadata[frequency]",
  "metadata[attribution]",
];
const PARAMETERS = {
  once: [
    ...COMMON,
    "submit_type",
    "customer_creation",
    ...["donation_id", "frequency", "attribution"].map((name) => `payment_intent_data[metadata][${name}]`),
    "payment_intent_data[description]",
    "payment_intent_data[statement_descriptor_suffix]",
  ],
  monthly: [
    ...COMMON,
    "line_items[0][price_data][recurring][interval]",
    ...["donation_id", "frequency", "attribution"].map((name) => `subscription_data[metadata][${name}]`),
    "subscription_data[description]",
    "subscription_data[billing_mode][type]",
  ],
};
