import { cp, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { fastFolder } from "../support/fast-folder.ts";
import { mailState, queueTo } from "../support/mails.ts";
import { edit, SHIPPED } from "../support/newsroom-files.ts";
import { runUntilEnded, type Service } from "../support/service.ts";

/* Two workers in processes of their own on one queue, with a lease of three seconds in place of forty. */

vi.setConfig({ testTimeout: 60_000 });

const LEASE_MS = 3_000;
const PROGRAM = new URL("../support/mail-worker-process.ts", import.meta.url);

let app: TestApp;
let folder: string;
let workers: readonly Service[];

beforeAll(async () => {
  app = await startApp();
  folder = await mkdtemp(join(await fastFolder(), "mail-"));
  await cp(join(SHIPPED, "newsroom.yaml"), join(folder, "newsroom.yaml"));
  edit(join(folder, "newsroom.yaml"), ["mail.ramp.first", 0]);
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await sql`delete from mails`.execute(app.db);
  app.mailbox.mailbox.clear();
  workers = await Promise.all([startWorker(), startWorker()]);
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end("SIGKILL")));
});

async function startWorker(): Promise<Service> {
  const { databaseUrl, smtpUrl, stripe } = app.settings.config;
  const keys = app.settings.loadKeys().map(({ id, key }) => `${id}:${key.toString("base64")}`);
  const worker = runUntilEnded([fileURLToPath(PROGRAM)], {
    DATABASE_URL: databaseUrl ?? "",
    SMTP_URL: smtpUrl ?? "",
    DATA_KEYS: keys.join(","),
    STRIPE_SECRET_KEY: "sk_test_sandbox",
    STRIPE_API_BASE: stripe.apiBase?.href ?? "",
    NEWSROOM_CONFIG: join(folder, "newsroom.yaml"),
    LEASE_MS: String(LEASE_MS),
  });
  await worker.says(/"msg":"running"/);
  return worker;
}

test("kill -9 of a worker in the middle of its mails: each arrives once, and within a minute", async () => {
  const [victim, other] = workers as [Service, Service];
  process.kill(other.pid, "SIGSTOP");
  app.mailbox.faults.plan({ kind: "hang", times: 3 });
  const ids = await Promise.all(Array.from({ length: 30 }, (_, n) => queueTo(app.deps, `reader-${n}@reader.example`)));
  await vi.waitUntil(async () => (await count("sending")) >= 3 && (await count("sent")) >= 5, {
    timeout: 10_000,
    interval: 5,
  });
  await victim.end("SIGKILL");
  process.kill(other.pid, "SIGCONT");
  expect(await count("sending")).toBeGreaterThanOrEqual(3);
  // One that the victim had just been given would be looked for half a minute after it was queued.
  await sql`update mails set look_at = now() where state = 'queued'`.execute(app.db);
  await vi.waitUntil(async () => (await count("sent")) === ids.length, { timeout: 15_000, interval: 50 });
  const keys = app.mailbox.mailbox.list().map((mail) => mail.idempotency_key);
  expect(keys.toSorted()).toEqual([...ids].sort());
  expect(other.stdout()).not.toMatch(/"level":"(?:error|fatal)"|reader\.example/);
  // What the dead worker held is cleared away within a minute, and no job is left.
  await sql`update graphile_worker._private_jobs set locked_at = locked_at - interval '1 minute' where locked_at is not null`.execute(
    app.db,
  );
  const jobs = async () =>
    (await sql`select key, attempts, max_attempts, locked_by from graphile_worker.jobs`.execute(app.db)).rows;
  await expect.poll(jobs, { timeout: 40_000, interval: 200 }).toEqual([]);
});

test("kill -9 between the server's yes and its being written down: sent again under the same key, so it arrives once", async () => {
  const [victim, other] = workers as [Service, Service];
  process.kill(other.pid, "SIGSTOP");
  const id = await app.db.transaction().execute(async (trx) => {
    await sql`lock table mail_counts in access exclusive mode`.execute(trx);
    const queued = await queueTo(app.deps, "late@reader.example");
    await vi.waitUntil(() => app.mailbox.mailbox.list().length === 1, { timeout: 15_000, interval: 5 });
    await victim.end("SIGKILL");
    return queued;
  });
  expect(await mailState(app.deps, id)).toMatchObject({ state: "sending", attempts: 1 });
  process.kill(other.pid, "SIGCONT");
  await vi.waitUntil(async () => (await count("sent")) === 1, { timeout: 15_000, interval: 50 });
  const [mail, ...more] = app.mailbox.mailbox.list();
  expect(more).toEqual([]);
  expect(mail).toMatchObject({ idempotency_key: id, repeats: 1 });
});

test("two workers share the mails, and a stop lets each finish what it has", async () => {
  const [first, second] = workers as [Service, Service];
  const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => queueTo(app.deps, `reader-${n}@reader.example`)));
  await vi.waitUntil(async () => (await count("sent")) >= 10, { timeout: 15_000, interval: 5 });
  const [, rest] = await Promise.all([
    first.end("SIGTERM"),
    vi.waitUntil(async () => (await count("sent")) === ids.length, { timeout: 15_000 }),
  ]);
  expect(rest).toBe(true);
  const mails = app.mailbox.mailbox.list();
  expect(mails.map((mail) => mail.idempotency_key).toSorted()).toEqual([...ids].sort());
  expect(mails.map((mail) => mail.repeats)).toEqual(mails.map(() => 0));
  expect(second.stdout()).not.toMatch(/"level":"(?:error|fatal)"/);
});

async function count(state: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from mails where state = ${state}`.execute(app.db);
  return rows[0]?.count ?? Number.NaN;
}
