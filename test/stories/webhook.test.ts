import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createApp } from "../../src/app.ts";
import type { Deps } from "../../src/deps.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { execute } from "../support/database-server.ts";
import { give } from "../support/giving.ts";
import { type Served, serveApp } from "../support/serve-app.ts";
import { signature } from "../support/world.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

describe("signature", () => {
  test("one that fits is accepted, and the event kept", async () => {
    const event = eventOf({});
    expect(await send(event)).toEqual({ status: 200, body: { received: true } });
    expect(await kept(event.id)).toMatchObject({ type: "customer.created", state: "received", livemode: false });
  });

  test("while the secret is rotated either of two fits, and a header that Stripe signs with both", async () => {
    const secrets = ["whsec_sandboxold", "whsec_sandboxnew"];
    await withDeps({ config: withSecrets(secrets) }, async (url) => {
      for (const secret of secrets) expect((await send(eventOf({}), { url, secret })).status).toBe(200);
      const payload = JSON.stringify(eventOf({}));
      const [time, old] = signature(payload, "whsec_retired").split(",");
      const fresh = signature(payload, "whsec_sandboxnew").split(",")[1];
      expect((await send(payload, { url, header: [time, old, fresh].join(",") })).status).toBe(200);
      expect((await send(eventOf({}), { url, secret: app.webhookSecret })).status).toBe(400);
    });
  });

  const now = () => Math.floor(Date.now() / 1000);
  test.each<[string, (payload: string) => string | null]>([
    ["none", () => null],
    ["an empty one", () => ""],
    ["one of another secret", (payload) => signature(payload, "whsec_of_somebody_else")],
    ["one of another body", (payload) => signature(`${payload} `, app.webhookSecret)],
    ["one that is 301 seconds old", (payload) => signature(payload, app.webhookSecret, now() - 301)],
    ["one from 302 seconds ahead", (payload) => signature(payload, app.webhookSecret, now() + 302)],
    ["one without its time", (payload) => signature(payload, app.webhookSecret).replace(/^t=\d+,/, "")],
    ["one of another scheme", (payload) => signature(payload, app.webhookSecret).replace("v1=", "v0=")],
    ["one cut short", (payload) => signature(payload, app.webhookSecret).slice(0, -1)],
    ["one without anything", () => "t=,v1="],
    ["one of two times", (payload) => `t=${now()},${signature(payload, app.webhookSecret, now() + 9999)}`],
    ["one with a time that is no number", (payload) => signature(payload, app.webhookSecret).replace("t=", "t=x")],
  ])("%s is refused, and nothing kept", async (_title, header) => {
    const payload = JSON.stringify(eventOf({}));
    expect(await send(payload, { header: header(payload) })).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
    expect(await kept(JSON.parse(payload).id)).toBeUndefined();
  });

  test.each([-295, 295])("one from %i seconds away is accepted", async (seconds) => {
    const body = JSON.stringify(eventOf({}));
    expect((await send(body, { header: signature(body, app.webhookSecret, now() + seconds) })).status).toBe(200);
  });
});

describe("what is signed", () => {
  test.each<[string, string, RegExp]>([
    ["a thin event", JSON.stringify({ id: "evt_1", object: "v2.core.event", type: "v1.billing.meter" }), /thin event/],
    ["an event of the other mode", JSON.stringify(eventOf({ livemode: true })), /live-mode event/],
    ["no JSON", "received=true", /no JSON/],
    ["no event", JSON.stringify({ id: "cus_1", object: "customer" }), /no Stripe event/],
    ["a list", "[]", /no Stripe event/],
    ["null", "null", /no Stripe event/],
    ["an event of no time", JSON.stringify(eventOf({ created: 9e15 })), /no Stripe event/],
    ["an event whose id is no name", JSON.stringify(eventOf({ id: "evt\u0000 1" })), /no Stripe event/],
  ])("but is %s: refused with what is wrong", async (_title, body, detail) => {
    const before = await count();
    expect(await send(body)).toMatchObject({
      status: 400,
      body: { code: "invalid_request", detail: expect.stringMatching(detail) },
    });
    expect(await count()).toBe(before);
  });

  test("but is a test event where a live key is in use: refused", async () => {
    await withDeps({ stripe: { ...app.deps.stripe, livemode: true } }, async (url) => {
      expect(await send(eventOf({}), { url })).toMatchObject({
        status: 400,
        body: { detail: expect.stringMatching(/test-mode event/) },
      });
      expect((await send(eventOf({ livemode: true }), { url })).status).toBe(200);
    });
  });

  test("may be 150 KB and up to a megabyte, and no more", async () => {
    const sized = (bytes: number) => {
      const empty = JSON.stringify(eventOf({ data: { object: { text: "" } } }));
      return empty.replace('"text":""', `"text":"${"x".repeat(bytes - empty.length)}"`);
    };
    for (const bytes of [150_000, 1_048_576]) {
      const body = sized(bytes);
      expect(Buffer.byteLength(body)).toBe(bytes);
      expect((await send(body)).status).toBe(200);
      expect(await kept(JSON.parse(body).id)).toBeDefined();
    }
    expect(await send(sized(1_048_577))).toMatchObject({
      status: 413,
      body: { code: "payload_too_large", detail: expect.stringContaining("at most 1 MB") },
    });
  });

  test("is told that it may not be compressed", async () => {
    const body = gzipSync(JSON.stringify(eventOf({})));
    const headers = {
      "content-encoding": "gzip",
      "stripe-signature": signature(body.toString("latin1"), app.webhookSecret),
    };
    const answer = await fetch(`${app.url}/webhooks/stripe`, { method: "POST", headers, body });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("Compressed bodies are not taken") });
  });

  test.each([null, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png"])(
    "may come as %s",
    async (type) => {
      const event = eventOf({});
      expect((await send(event, { type })).status).toBe(200);
      expect(await kept(event.id)).toBeDefined();
    },
  );
});

test("a duplicate is acknowledged and changes nothing of the first", async () => {
  const event = eventOf({ type: "customer.updated" });
  await send(event);
  const first = await kept(event.id);
  expect(await send({ ...event, type: "customer.deleted" })).toEqual({ status: 200, body: { received: true } });
  expect(await kept(event.id)).toEqual(first);
});

test("twenty copies at once are one event", async () => {
  const event = eventOf({});
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(event)));
  for (const answer of answers) expect(answer).toEqual({ status: 200, body: { received: true } });
  expect(await app.db.selectFrom("stripe_events").select("id").where("id", "=", event.id).execute()).toHaveLength(1);
});

test("a type that nobody knows is acknowledged and kept", async () => {
  const event = eventOf({ type: "v9.something.new" });
  expect((await send(event)).status).toBe(200);
  expect(await kept(event.id)).toMatchObject({ type: "v9.something.new" });
});

test("an event is acknowledged only once it is durable: whoever looks then sees it", async () => {
  const events = Array.from({ length: 50 }, () => eventOf({}));
  await Promise.all(
    events.map(async (event) => {
      expect((await send(event)).status).toBe(200);
      // On connections that the service doesn't use.
      expect(await kept(event.id)).toBeDefined();
    }),
  );
});

test("while the database takes its time, so does the acknowledgement", async () => {
  const holder = new Client({ connectionString: app.databaseUrl });
  await holder.connect();
  await holder.query("begin; lock table stripe_events in share row exclusive mode");
  const answer = send(eventOf({}));
  expect(await Promise.race([answer, sleep(300, "no answer yet")])).toBe("no answer yet");
  await holder.query("rollback");
  expect((await answer).status).toBe(200);
  await holder.end();
});

test("while the database is down the answer is a 5xx that says nothing, and Stripe's retry succeeds", async () => {
  const own = await startApp();
  const name = new URL(own.databaseUrl).pathname.slice(1);
  const server = inject("databaseServer").url;
  try {
    own.standIn.deliveries.hold();
    const { id } = await give(own);
    await execute(server, `alter database "${name}" with allow_connections false`);
    await execute(server, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    await own.standIn.deliveries.release();
    const refused = own.standIn.deliveries.list();
    expect(refused.length).toBeGreaterThan(3);
    for (const delivery of refused) expect(delivery).toMatchObject({ state: "pending", last_status: 503 });
    const answer = await send(eventOf({}), { url: own.url, secret: own.webhookSecret });
    expect(answer).toMatchObject({ status: 503, body: { code: "internal" } });
    expect(JSON.stringify(answer.body)).not.toMatch(/database|connection|postgres/i);

    await execute(server, `alter database "${name}" with allow_connections true`);
    await own.settle();
    for (const delivery of own.standIn.deliveries.list()) expect(delivery).toMatchObject({ state: "delivered" });
    const donation = await own.db.selectFrom("donations").select("status").where("id", "=", id).executeTakeFirst();
    expect(donation?.status).toBe("paid");
  } finally {
    await execute(server, `alter database "${name}" with allow_connections true`);
    await own.close();
  }
});

let made = 0;

function eventOf(changes: Record<string, unknown>): { id: string } & Record<string, unknown> {
  made += 1;
  return {
    id: `evt_test${made}`,
    object: "event",
    api_version: "2026-10-28.endive",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    type: "customer.created",
    data: { object: { id: "cus_1", object: "customer", created: 1, email: null, name: null } },
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    ...changes,
  } as { id: string } & Record<string, unknown>;
}

interface Sending {
  readonly url?: string;
  readonly secret?: string;
  /** Instead of the right one; null sends none. */
  readonly header?: string | null;
  readonly type?: string | null;
}

async function send(
  event: object | string,
  sending: Sending = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const payload = typeof event === "string" ? event : JSON.stringify(event);
  const { header = signature(payload, sending.secret ?? app.webhookSecret), type = "application/json" } = sending;
  const answer = await fetch(`${sending.url ?? app.url}/webhooks/stripe`, {
    method: "POST",
    headers: {
      ...(type === null ? {} : { "content-type": type }),
      ...(header === null ? {} : { "stripe-signature": header }),
    },
    body: Buffer.from(payload),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function kept(id: string) {
  return await app.db.selectFrom("stripe_events").selectAll().where("id", "=", id).executeTakeFirst();
}

async function count(): Promise<number> {
  return (await app.db.selectFrom("stripe_events").select("id").execute()).length;
}

function withSecrets(webhookSecrets: readonly string[]): Deps["config"] {
  return { ...app.deps.config, stripe: { ...app.deps.config.stripe, webhookSecrets } };
}

/** The same service with something else in its place. */
async function withDeps(changes: Partial<Deps>, story: (url: string) => Promise<void>): Promise<void> {
  const deps = { ...app.deps, ...changes };
  const served: Served = await serveApp(
    createApp({
      deps,
      reports: deps,
      readiness: { whyNot: async () => null },
      onReceived: () => {},
      stripeOrigins: [app.standIn.url],
      extra: [],
    }),
  );
  try {
    await story(served.url);
  } finally {
    await served.close();
  }
}
