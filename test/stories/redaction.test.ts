import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { sql } from "kysely";
import { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { deriveDirty } from "../../src/donations/settle.ts";
import { EVENT_TYPES } from "../../src/inbox/event-types.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { syncLedger } from "../../src/ledger/sync.ts";
import { refetchDue } from "../../src/mirror/refetch.ts";
import { describeError } from "../../src/shared/describe-error.ts";
import { AppError } from "../../src/shared/errors.ts";
import { STRIPE_API_VERSION } from "../../src/stripe/types.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";
import { BODY, formOf, HEADERS, ORIGIN, PERSONAL, withPersonal } from "../support/personal.ts";
import { type Served, serveApp } from "../support/serve-app.ts";
import { control } from "../support/stripe-stand-in.ts";

const DAY_MS = 86_400_000;
const DONOR = { email: PERSONAL.email, name: PERSONAL.name };

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

test("nothing that went in stands in a table, in the log, in an address or at Stripe, whatever happened to it", {
  timeout: 60_000,
}, async () => {
  const printed = spyOnOutput();
  const addresses: string[] = [];
  const urls: string[] = [];
  const staff = await app.token("admin");
  for (const gift of [BODY, { ...BODY, frequency: "monthly" }, { ...BODY, frequency: "annual" }]) {
    const { id, url } = (await (
      await start(app, gift, { ...HEADERS, "idempotency-key": `${PERSONAL.key}-${gift.frequency}` })
    ).json()) as Start;
    urls.push(url);
    addresses.push(await onStripesPage(url, "decline", DONOR), await onStripesPage(url, "pay", DONOR));
    addresses.push(`/thanks/${id}`, `/cancelled/${id}`);
  }
  const form = await fetch(`${app.url}/v1/checkout-sessions`, {
    method: "POST",
    redirect: "manual",
    body: formOf(BODY),
  });
  expect(form.status).toBe(303);
  urls.push(form.headers.get("location") ?? "");
  addresses.push(await onStripesPage(form.headers.get("location") ?? "", "cancel", DONOR));
  await app.settle();
  await app.standIn.advance(31 * DAY_MS, { finishDrafts: true });
  await app.settle();
  await moveMoney(app);
  expect((await app.mails()).length).toBeGreaterThan(3);
  await app.settle();
  const objects = await objectsAtStripe(app);

  await feedRoutes(app, staff, addresses.at(3)?.split("/")[2] ?? "");
  await feedEvents(app, objects);
  await breakDatabase(app);

  const { email, name, phone, phone_as_number, street, city, postal_code, ...rest } = PERSONAL;
  const secrets = {
    ...PERSONAL,
    staff,
    ...Object.fromEntries(urls.map((url, index) => [`session_url_${index}`, url])),
  };
  const tables = await dumpDatabase(app.db);
  const log = { name: "the log", content: app.logged() };
  const output = { name: "the console", content: printed() };
  // A token's own hash is how it is found: nobody can guess 256 random bits.
  const byDesign = "staff in public.staff_tokens (sha256";
  const leaks = findLeaks([...tables, log, output], secrets);
  expect(leaks.filter((leak) => !leak.startsWith(byDesign))).toEqual([]);
  const sums = ["public.audience_rollups", "public.rollup_deltas"];
  const without = (names: readonly string[]) => tables.filter(({ name }) => !names.includes(name));
  expect(findLeaks([...without(["public.donations", ...sums]), log, output], ORIGIN)).toEqual([]);
  // Sums by article and day name no gift and no donor.
  const gifts = await app.db.selectFrom("donations").select(["id", "donor_id", "stripe_customer"]).execute();
  const ids = Object.fromEntries(gifts.flatMap((gift) => Object.values(gift)).flatMap((id) => (id ? [[id, id]] : [])));
  expect(
    findLeaks(
      tables.filter(({ name }) => sums.includes(name)),
      ids,
    ),
  ).toEqual([]);
  expect(findLeaks([{ name: "addresses", content: addresses.join("\n") }], { ...PERSONAL, ...ORIGIN })).toEqual([]);
  // Who gave, Stripe was told on its own page; why and from where is not for it to know.
  const atStripe = JSON.stringify([await objectsAtStripe(app), app.standIn.requests.list()]);
  expect(findLeaks([{ name: "Stripe", content: atStripe }], { ...rest, ...ORIGIN })).toEqual([]);

  // Had these not been there, there would have been nothing to find.
  const states = new Set(
    (await app.db.selectFrom("stripe_events").select("state").execute()).map(({ state }) => state),
  );
  expect([...states].sort()).toEqual(["applied", "dead", "ignored"]);
  expect(tables.length).toBeGreaterThan(15);
  expect(log.content).toMatch(/"code":"23514"/);
  expect(log.content).toMatch(/"status":500/);
  const donation = tables.find(({ name }) => name === "public.donations")?.content ?? "";
  for (const value of Object.values(ORIGIN)) expect(donation).toContain(value);
});

/** Every route that there is, in every way: found in the source, so that a new one is fed too. */
async function feedRoutes(app: TestApp, staff: string, id: string): Promise<void> {
  const routes = globSync("src/**/*.routes.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\.(get|post|put|patch|delete|options)\(\s*"(\/[^"]*)"/g)].map(
      ([, method = "", path = ""]) => ({ method: method.toUpperCase(), path }),
    ),
  );
  expect(routes.length).toBeGreaterThan(10);
  const query = new URLSearchParams({ ...PERSONAL, ...ORIGIN }).toString();
  const bodies: [string, string][] = [
    ["application/json", JSON.stringify({ ...BODY, ...PERSONAL })],
    ["application/json", JSON.stringify(BODY).slice(0, -1)],
    ["application/json", JSON.stringify({ ...BODY, email: `${PERSONAL.email} ${PERSONAL.email}` })],
    ["application/x-www-form-urlencoded", formOf({ ...BODY, ...PERSONAL }).toString()],
    ["application/x-www-form-urlencoded", formOf({ ...BODY, amount: PERSONAL.email }).toString()],
    ["text/plain", PERSONAL.email],
  ];
  for (const { method, path } of routes) {
    for (const value of [encodeURIComponent(PERSONAL.email), id]) {
      const url = `${app.url}${path.replaceAll(/:\w+/g, value)}`;
      const sent = method === "POST" || method === "PUT" || method === "PATCH" ? bodies : [["", ""] as const];
      for (const [type, body] of sent) {
        for (const [address, token] of [
          [url, staff],
          [`${url}?${query}`, staff],
          [url, PERSONAL.name],
        ]) {
          const headers = {
            ...HEADERS,
            authorization: `Bearer ${token}`,
            ...(type === "" ? {} : { "content-type": type }),
          };
          const origin = method === "OPTIONS" ? { origin: `https://${PERSONAL.article_account}.example` } : {};
          const answer = await fetch(address as string, {
            method,
            redirect: "manual",
            headers: { ...headers, ...origin },
            ...(body === "" ? {} : { body }),
          });
          await answer.arrayBuffer();
        }
      }
    }
    expect(app.logged()).toContain(`"method":"${method}","route":"${path}"`);
  }
  await fetch(`${app.url}/${encodeURIComponent(PERSONAL.email)}?${query}`, { headers: HEADERS });
}

/** One of everything that can happen to a charge and to the balance. */
async function moveMoney({ deps, standIn }: TestApp): Promise<void> {
  const { api } = deps.stripe;
  const [first, second] = (await api.charges.list({ limit: 2 })).data;
  await api.refunds.create({ charge: first?.id ?? "", amount: 100 });
  await control(standIn, "disputes", { charge: second?.id });
  await control(standIn, "early_fraud_warnings", { charge: first?.id });
  await api.payouts.create({ amount: 100, currency: "usd" });
}

/** What Stripe has of everything that the books are made of, as it says it, by the name of its kind. */
async function objectsAtStripe({ deps, standIn }: TestApp): Promise<Record<string, object[]>> {
  const lists = [
    ...[
      "checkout/sessions",
      "payment_intents",
      "charges",
      "customers",
      "subscriptions",
      "invoices",
      "invoice_payments",
      "refunds",
      "disputes",
      "payouts",
      "radar/early_fraud_warnings",
    ],
    ...["events", "balance_transactions", "products", "prices"],
  ];
  const objects: { object: string }[] = [];
  for (const list of lists) {
    const answer = await fetch(`${standIn.url}/v1/${list}?limit=100`, {
      headers: { authorization: "Bearer sk_test_x" },
    });
    expect(answer.status, list).toBe(200);
    objects.push(...((await answer.json()) as { data: { object: string }[] }).data);
  }
  const byKind = Object.groupBy(objects, ({ object }) => object) as Record<string, object[]>;
  const [customer] = byKind.customer as { id: string }[];
  const { data } = await deps.stripe.api.paymentMethods.list({ customer: customer?.id ?? "" });
  return { ...byKind, payment_method: data };
}

/** Every type that the inbox reads and one that it doesn't, as Stripe would send them if it said all that it may. */
async function feedEvents(app: TestApp, objects: Record<string, object[]>): Promise<void> {
  const types = [...EVENT_TYPES].map(([type, kind]) => ({ type, kind }));
  expect(types.length).toBeGreaterThan(40);
  for (const { type, kind } of [...types, { type: "charge.captured", kind: "charge" }]) {
    const object = objects[kind]?.[0];
    expect(object, `nothing at Stripe is a ${kind}`).toBeDefined();
    await sendEvent(app, type, withPersonal(object));
    await sendEvent(app, type, withPersonal(object), { api_version: "2020-08-27" });
  }
  for (const { type, kind } of new Map(types.toReversed().map((each) => [each.kind, each])).values()) {
    for (const poison of poisoned(objects[kind]?.[0] as Record<string, unknown>)) await sendEvent(app, type, poison);
  }
  const thin = {
    id: "evt_thin",
    object: "v2.core.event",
    type: "v1.billing",
    livemode: false,
    created: 1,
    context: PERSONAL.email,
  };
  await post(app, JSON.stringify(thin), 400);
  await post(app, `{"email":"${PERSONAL.email}"`, 400);
  await post(app, JSON.stringify({ email: PERSONAL.email }), 400);
  await fetch(`${app.url}/webhooks/stripe`, {
    method: "POST",
    headers: { "stripe-signature": `t=1,v1=${PERSONAL.email}` },
    body: PERSONAL.email,
  });

  await work(app);
  for (let round = 0; round < 2; round++) {
    await sql`update stripe_events set due_at = '-infinity', attempts = 11 where state = 'received'`.execute(app.db);
    await sql`update refetches set due_at = '-infinity'`.execute(app.db);
    await work(app);
  }
}

/** Values that can't be written, of the kind whose refusal quotes them. */
function poisoned(object: Record<string, unknown>): Record<string, unknown>[] {
  const numbers = Object.keys(object).filter((key) => typeof object[key] === "number");
  const wrong = [...numbers, "currency", "metadata", "items", "payment_method_details"].filter((key) => key in object);
  const texts =
    object.object === "customer"
      ? [{ name: Number(PERSONAL.phone_as_number) }, { email: { first: PERSONAL.name } }, { email: [PERSONAL.email] }]
      : [];
  return [...wrong.map((key) => ({ [key]: PERSONAL.email })), ...texts].map((change) => ({ ...object, ...change }));
}

let events = 0;

async function sendEvent(app: TestApp, type: string, object: unknown, envelope: object = {}): Promise<void> {
  events += 1;
  const created = Math.floor(app.clock.now().getTime() / 1000) + events;
  const event = {
    id: `evt_redaction_${events}`,
    object: "event",
    api_version: STRIPE_API_VERSION,
    type,
    livemode: false,
    created,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: PERSONAL.key },
    data: { object, previous_attributes: { email: PERSONAL.email } },
    ...envelope,
  };
  await post(app, JSON.stringify(event), 200);
}

async function post(app: TestApp, payload: string, status: number): Promise<void> {
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: app.webhookSecret });
  const answer = await fetch(`${app.url}/webhooks/stripe`, {
    method: "POST",
    headers: { ...HEADERS, "stripe-signature": signature },
    body: payload,
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(status);
  expect(findLeaks([{ name: "the answer", content: text }], PERSONAL)).toEqual([]);
}

async function work({ background }: TestApp): Promise<void> {
  let found: number;
  do found = (await processInbox(background)) + (await refetchDue(background)) + (await deriveDirty(background));
  while (found > 0);
}

/** Postgres quotes the row that it refuses. */
async function breakDatabase(app: TestApp): Promise<void> {
  for (const table of ["donations", "checkouts", "consents", "idempotency_keys", "stripe_events", "stripe_customers"]) {
    const constraint = sql`alter table ${sql.table(table)} add constraint broken check (false) not valid`;
    await constraint.execute(app.db);
    const key = { ...HEADERS, "idempotency-key": `${PERSONAL.key}-${table}` };
    if (table.startsWith("stripe")) await tryEvent();
    else expect((await start(app, BODY, key)).status, table).toBe(500);
    await sql`alter table ${sql.table(table)} drop constraint broken`.execute(app.db);
  }
  await work(app);
  await sql`update stripe_events set due_at = '-infinity' where state = 'received'`.execute(app.db);
  await work(app);

  async function tryEvent(): Promise<void> {
    const [customer] = (await objectsAtStripe(app)).customer ?? [];
    await sendEvent(app, "customer.updated", withPersonal(customer)).catch(() => undefined);
    await work(app);
  }
}

function spyOnOutput(): () => string {
  const spies = [
    ...[process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write")),
    ...(["debug", "log", "info", "warn", "error"] as const).map((method) => vi.spyOn(console, method)),
  ];
  return () => spies.flatMap(({ mock }) => mock.calls.map((call) => call.map(String).join(" "))).join("\n");
}

describe("a Stripe that quotes what it refuses", () => {
  let stripe: Served;
  let quoted: TestApp;
  let asked = 0;
  const refusals: [number, string, string, Record<string, string>?][] = [
    [500, "api_error", "api_error", { "idempotent-replayed": "true" }],
    [400, "invalid_request_error", "email_invalid"],
    [400, "invalid_request_error", "parameter_unknown"],
    [401, "invalid_request_error", "api_key_expired"],
    [402, "card_error", "card_declined"],
    [403, "invalid_request_error", "account_invalid"],
    [404, "invalid_request_error", "resource_missing"],
  ];

  beforeAll(async () => {
    stripe = await serveApp((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const set = setUp(request.url ?? "");
        const [status, type, code, headers] = refusals[asked % refusals.length] ?? assert.fail();
        if (set === null) asked += 1;
        const message = `Invalid: ${decodeURIComponent(body.replaceAll("+", " "))} of ${PERSONAL.email}, ${PERSONAL.name}`;
        const answer = set ?? { error: { type, code, message, param: "customer_email", charge: PERSONAL.fingerprint } };
        response.writeHead(set === null ? status : 200, {
          "content-type": "application/json",
          date: new Date().toUTCString(),
          ...headers,
        });
        response.end(JSON.stringify(answer));
      });
    });
    quoted = await startApp({
      config: {
        stripe: { secretKey: "sk_test_sandbox", webhookSecrets: ["whsec_quoted"], apiBase: new URL(stripe.url) },
      },
    });
  });
  afterAll(async () => {
    await quoted.close();
    await stripe.close();
  });

  test("is not quoted by us", async () => {
    const printed = spyOnOutput();
    const answers: string[] = [];
    for (let each = 0; each < refusals.length; each++) {
      const answer = await start(quoted, BODY, { "idempotency-key": `${PERSONAL.key}-${each}` });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      answers.push(await answer.text());
    }
    await sql`insert into refetches (object_id, kind, due_at, reason) values ('cus_1', 'customer', '-infinity', 'a test')`.execute(
      quoted.db,
    );
    for (let each = 0; each < refusals.length; each++) {
      await sql`update refetches set due_at = '-infinity'`.execute(quoted.db);
      await refetchDue(quoted.background);
      await expect(syncLedger(quoted.background)).rejects.toThrow();
    }
    const places = [
      ...(await dumpDatabase(quoted.db)),
      { name: "the log", content: quoted.logged() },
      { name: "the console", content: printed() },
      { name: "the answers", content: answers.join("\n") },
    ];
    expect(findLeaks(places, PERSONAL)).toEqual([]);
    expect(quoted.logged()).toContain('"type":"StripeInvalidRequestError","code":"email_invalid"');
    expect(quoted.logged()).toContain('"type":"StripeCardError"');
  });
});

describe("an error as it is logged", () => {
  const { email } = PERSONAL;
  const any = email as never;
  const quoting: [string, () => unknown][] = [
    ["a number for a text", () => Buffer.from(Number(PERSONAL.phone_as_number) as never)],
    ["a language tag", () => new Intl.Locale(email)],
    ["a currency", () => new Intl.NumberFormat("en", { style: "currency", currency: email })],
    ["a time zone", () => new Intl.DateTimeFormat("en", { timeZone: email })],
    ["an operand of in", () => "x" in any],
    ["a property of a text", () => Object.assign(email as unknown as object, { 0: "x" })],
    ["an entry of a map", () => new Map([any])],
    ["a receiver", () => Reflect.apply(Map.prototype.get, `${email}.`, [])],
    ["JSON", () => JSON.parse(email)],
    ["a big integer", () => BigInt(email)],
    ["an assertion", () => assert.equal(email, "x")],
    ["a header", () => new Headers({ [email]: "x" })],
    ["a signal", () => process.kill(process.pid, email)],
    ["a schema", () => z.literal(email, email).parse(1)],
    [
      "Stripe's",
      () =>
        assert.fail(
          new Stripe.errors.StripeInvalidRequestError({
            type: "invalid_request_error",
            message: `No such customer: ${email}`,
          }),
        ),
    ],
    [
      "lines that look like frames",
      () => assert.fail(Object.assign(new Error(`x\n    at ${email}`), { name: "DatabaseError", code: "23505" })),
    ],
  ];
  test.each(quoting)("doesn't quote %s", (_name, act) => {
    let error: unknown;
    try {
      act();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    const described = describeError(error);
    expect(findLeaks([{ name: "it", content: JSON.stringify(described) }], PERSONAL)).toEqual([]);
    expect(described.stack).toMatch(/^\s+at /);
  });

  test("says what an operator needs", () => {
    const nothing = undefined as unknown as { length: number };
    const shown = [
      () => nothing.length,
      () => assert.fail(new Error('Data key "k1" is missing: add it again.')),
      () => assert.fail(new AppError("invalid", "invalid_request", "Send another one.")),
      () => assert.fail(new RangeError("A sum of money left the range of exact integers.")),
      () => readFileSync("/nonexistent/file"),
    ].map((act) => {
      try {
        return act();
      } catch (error) {
        return describeError(error).message;
      }
    });
    expect(shown).toEqual([
      "Cannot read properties of undefined (reading 'length')",
      'Data key "k1" is missing: add it again.',
      "Send another one.",
      "A sum of money left the range of exact integers.",
      "ENOENT: no such file or directory, open '/nonexistent/file'",
    ]);
  });
});

test("the search finds what is there, in whatever spelling and column", async () => {
  const database = await testDatabase();
  const { email } = PERSONAL;
  const sha = createHash("sha256").update(email.toLowerCase()).digest();
  const texts: Record<string, string> = {
    plain: `x ${email} y`,
    "lower case": email.toLowerCase(),
    "percent-encoded": encodeURIComponent(email),
    hex: Buffer.from(email).toString("hex"),
    base64: Buffer.from(email).toString("base64"),
    "base64 within": Buffer.from(`{"email":"${email}"}`).toString("base64url"),
    sha256: sha.toString("hex"),
    "md5 in base64": createHash("md5").update(email).digest("base64"),
  };
  const bytes: Record<string, Buffer> = { utf8: Buffer.from(email), sha256: sha, utf16: Buffer.from(email, "utf16le") };
  await sql`create table leak (words text, bytes bytea, other jsonb)`.execute(database.db);
  const found = async () =>
    findLeaks(await dumpDatabase(database.db), { email: PERSONAL.email }).map((leak) => leak.split(" (")[0]);
  try {
    expect(await found()).toEqual([]);
    for (const [how, words] of Object.entries(texts)) {
      await sql`truncate leak`.execute(database.db);
      await sql`insert into leak (words) values (${words})`.execute(database.db);
      expect(await found(), how).toContain("email in public.leak");
      await sql`truncate leak`.execute(database.db);
      await sql`insert into leak (other) values (${JSON.stringify({ deep: [words] })}::jsonb)`.execute(database.db);
      expect(await found(), `${how} in JSON`).toContain("email in public.leak");
    }
    for (const [how, value] of Object.entries(bytes)) {
      await sql`truncate leak`.execute(database.db);
      await sql`insert into leak (bytes) values (${value})`.execute(database.db);
      expect(await found(), `${how} as bytes`).toContain("email in public.leak");
    }
  } finally {
    await database.drop();
  }
  expect(findLeaks([{ name: "log", content: app.deps.vault.hash("email", email).toString("hex") }], PERSONAL)).toEqual(
    [],
  );
});

/** What Stripe answers where the service sets itself up. */
function setUp(path: string): object | null {
  if (path.startsWith("/v1/products")) return { id: "reader_support", object: "product" };
  if (!path.startsWith("/v1/billing_portal/configurations")) return null;
  return { object: "list", url: path, has_more: false, data: [], id: "bpc_1" };
}
