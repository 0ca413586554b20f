import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { fastFolder } from "../support/fast-folder.ts";
import { type Start, start } from "../support/giving.ts";
import { ownPort } from "../support/ports.ts";
import { runService, type Service } from "../support/service.ts";

const SESSIONS = "/v1/checkout/sessions";
const GIFT = { frequency: "monthly", amount: 1000, currency: "USD", email: "reader@example.org" };
const HELD = 4711;

/** The database and Stripe; its own HTTP side isn't used. */
let app: TestApp;
let dataDir: string;
let port: number;
let url: string;
let service: Service | null = null;
/** Holds up what the service wants to write. */
let holder: Client;

beforeAll(async () => {
  app = await startApp();
  dataDir = await mkdtemp(join(await fastFolder(), "kill-"));
  port = await ownPort();
  url = `http://127.0.0.1:${port}`;
  holder = new Client({ connectionString: app.databaseUrl });
  await holder.connect();
  await sql`
    create function wait_here() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared(${sql.lit(HELD)});
      return null;
    end $$
  `.execute(app.db);
  await sql`create trigger before_answer before update on checkouts for each statement execute function wait_here()`.execute(
    app.db,
  );
});
afterAll(async () => {
  await service?.end("SIGKILL");
  await holder.end();
  await app.close();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  service ??= await startService();
});
afterEach(async () => {
  await holder.query("select pg_advisory_unlock_all()");
});

test("killed before anything is written: the repeat is the first", async () => {
  const before = await donations();
  await holder.query("begin; lock table donations in exclusive mode");
  const key = randomUUID();
  const cut = ask(key);
  await waitsForLock();
  await kill();
  await expect(cut).rejects.toThrow();
  await holder.query("rollback");
  expect(await donations()).toBe(before);

  await restart();
  const { id } = await repeat(key);
  expect(await donations()).toBe(before + 1);
  expect(await sessionsOf(id)).toHaveLength(1);
});

test("killed while Stripe is asked: the repeat asks again, once the claim of the dead has run out", async () => {
  const calls = callCount();
  app.standIn.failNext({ kind: "hang", path: SESSIONS });
  const key = randomUUID();
  const cut = ask(key);
  await until(() => callCount() === calls + 1);
  await kill();
  await expect(cut).rejects.toThrow();
  const { id } = await stored({ state: "prepared", attempt: 1 });
  expect(await sessionsOf(id)).toHaveLength(0);

  await restart();
  expect((await start({ url }, GIFT, { "idempotency-key": key })).status).toBe(409);
  expect((await repeat(key)).id).toBe(id);
  expect(await sessionsOf(id)).toHaveLength(1);
});

test("killed when Stripe has made the session and its answer is lost: the repeat gets that session", async () => {
  const calls = callCount();
  app.standIn.failNext({ kind: "after_effect_cut", path: SESSIONS, times: 3 });
  const key = randomUUID();
  const cut = ask(key);
  await until(() => callCount() > calls);
  await kill();
  await expect(cut).rejects.toThrow();
  const { id } = await stored({ state: "prepared" });

  await restart();
  const { url: page } = await repeat(key);
  expect(await sessionsOf(id)).toEqual([expect.objectContaining({ url: page })]);
});

test("killed between Stripe's answer and our write: the repeat gets that session", async () => {
  const calls = callCount();
  await holder.query("select pg_advisory_lock($1)", [HELD]);
  const key = randomUUID();
  const cut = ask(key);
  await waitsForLock();
  expect(callCount()).toBe(calls + 1);
  await kill();
  await expect(cut).rejects.toThrow();
  await holder.query("select pg_advisory_unlock($1)", [HELD]);
  const { id } = await stored({ state: "prepared", attempt: 1 });
  const made = await sessionsOf(id);
  expect(made).toHaveLength(1);

  await restart();
  expect(await repeat(key)).toMatchObject({ id, url: made[0]?.url });
  expect(await sessionsOf(id)).toHaveLength(1);
});

test("killed between our write and the client's answer: the repeat is answered at once, from what was written", async () => {
  await holder.query("select pg_advisory_lock($1)", [HELD]);
  const key = randomUUID();
  const cut = ask(key);
  await waitsForLock();
  // The statement is with the database; its end can't reach a process that stands still.
  process.kill(service?.pid ?? 0, "SIGSTOP");
  await holder.query("select pg_advisory_unlock($1)", [HELD]);
  await until(async () => (await latest())?.state === "answered");
  expect(await Promise.race([cut, sleep(50, "no answer")])).toBe("no answer");
  await kill();
  await expect(cut).rejects.toThrow();
  const { id } = await stored({ state: "answered", attempt: 1 });
  const calls = callCount();

  await restart();
  const answer = await start({ url }, GIFT, { "idempotency-key": key });
  expect(answer.status).toBe(201);
  const made = await sessionsOf(id);
  expect(await answer.json()).toMatchObject({ id, url: made[0]?.url });
  expect(made).toHaveLength(1);
  expect(callCount()).toBe(calls);
});

test("killed in a second attempt, after Stripe replayed a failure: the repeat goes on with the second", async () => {
  const calls = callCount();
  app.standIn.failNext({ kind: "replayed_500", path: SESSIONS, times: 2 });
  app.standIn.failNext({ kind: "hang", path: SESSIONS });
  const key = randomUUID();
  const cut = ask(key);
  await until(() => callCount() === calls + 3);
  await kill();
  await expect(cut).rejects.toThrow();
  const { id } = await stored({ state: "prepared", attempt: 2 });

  await restart();
  expect((await repeat(key)).id).toBe(id);
  expect(await sessionsOf(id)).toHaveLength(1);
  const asked = app.standIn.requests.list().filter((request) => request.method === "POST");
  const keys = asked.slice(-4).map((request) => request.idempotency_key);
  expect(keys).toEqual([1, 1, 2, 2].map((attempt) => `checkout:${id}:${attempt}`));
});

test("SIGTERM: what is under way is answered, readyz says 503, nobody new is let in, the exit code is 0", async () => {
  await holder.query("select pg_advisory_lock($1)", [HELD]);
  const key = randomUUID();
  const underWay = ask(key);
  await waitsForLock();
  // A probe that is half sent when the signal comes, on a connection of its own.
  const probe = await open();
  probe.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\n");
  expect((await fetch(`${url}/readyz`)).status).toBe(200);

  const begin = performance.now();
  const own = service as Service;
  service = null;
  onTestFinished(async () => {
    await own.end("SIGKILL");
  });
  const ended = own.end("SIGTERM");
  await until(async () => {
    const socket = await open().catch(() => null);
    socket?.destroy();
    return socket === null;
  });
  probe.write("\r\n");
  expect(await text(probe)).toMatch(/^HTTP\/1\.1 503 [\s\S]*"reason":"draining"/);
  expect(await Promise.race([underWay, ended, sleep(100, "still draining")])).toBe("still draining");

  await holder.query("select pg_advisory_unlock($1)", [HELD]);
  const answer = await underWay;
  expect(answer.status).toBe(201);
  expect(await ended).toBe(0);
  expect(performance.now() - begin).toBeLessThan(25_000);
  expect(await sessionsOf(((await answer.json()) as Start).id)).toHaveLength(1);
  expect(own.stdout()).toContain('"msg":"stopped"');
});

async function startService(): Promise<Service> {
  const [key] = app.settings.loadKeys();
  const started = runService("serve", {
    PORT: String(port),
    DATA_DIR: dataDir,
    DATABASE_URL: app.databaseUrl,
    STRIPE_SECRET_KEY: "sk_test_x",
    STRIPE_API_BASE: app.standIn.url,
    STRIPE_WEBHOOK_SECRET: "whsec_of_the_tests",
    DATA_KEYS: `${key?.id}:${key?.key.toString("base64")}`,
  });
  await started.says(/"msg":"running"/);
  return started;
}

/** Without a chance to do anything more. A statement that still waits for its turn dies with it: the database would carry it out. */
async function kill(): Promise<void> {
  expect(await service?.end("SIGKILL")).toBeNull();
  service = null;
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
  `.execute(app.db);
}

async function restart(): Promise<void> {
  service = await startService();
}

function ask(key: string): Promise<Response> {
  const answer = start({ url }, GIFT, { "idempotency-key": key });
  // It breaks while nobody is looking.
  answer.catch(() => {});
  return answer;
}

/** As the widget does, once the claim of the process that died has run out. */
async function repeat(key: string): Promise<Start> {
  await sql`update idempotency_keys set lease_until = lease_until - interval '15 seconds'`.execute(app.db);
  const answer = await start({ url }, GIFT, { "idempotency-key": key });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Start;
}

async function waitsForLock(): Promise<void> {
  await until(async () => {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    `.execute(app.db);
    return rows.length > 0;
  });
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(2);
}

async function latest() {
  return await app.db
    .selectFrom("checkouts")
    .select(["donation_id as id", "state", "attempt"])
    .orderBy("donation_id", "desc")
    .limit(1)
    .executeTakeFirst();
}

async function stored(expected: object) {
  const checkout = await latest();
  expect(checkout).toMatchObject(expected);
  return checkout as { id: string };
}

async function donations(): Promise<number> {
  return (await app.db.selectFrom("donations").select("id").execute()).length;
}

async function sessionsOf(id: string) {
  const { data } = await app.deps.stripe.api.checkout.sessions.list({ limit: 100 });
  return data.filter((session) => session.client_reference_id === id);
}

function callCount(): number {
  return app.standIn.requests.count("POST", SESSIONS);
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

async function text(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
