import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { MAIL_KINDS } from "../../src/mail/kinds.ts";
import type { CaughtMail } from "../../src/sandbox/mailbox/mailbox.ts";
import { openMailbox } from "../../src/sandbox/mailbox/mailbox.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { mailState, queueTo } from "../support/mails.ts";

/* With the real runner of jobs, as in `npm start`: what takes a moment takes many on a machine that is busy. */

vi.setConfig({ testTimeout: 40_000 });

let app: TestApp;
let paused = false;
beforeAll(async () => {
  app = await startApp({
    work: true,
    newsroom: (newsroom) => ({
      ...newsroom,
      newsroom: { ...newsroom.newsroom, name: "The <b>Harbour</b> & Courier" },
      mail: { ...newsroom.mail, paused, ramp: { per_minute: 30, first: 0 } },
    }),
  });
});
afterAll(() => app.close());
beforeEach(() => {
  paused = false;
  app.mailbox.mailbox.clear();
  app.mailbox.faults.clear();
});

const get = async (path: string) => {
  const answer = await fetch(`${app.url}${path}`);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const caught = async (query = "") =>
  JSON.parse((await get(`/sandbox/mailbox.json${query}`)).text) as { mails: CaughtMail[]; repeats: number };

async function receive(...addresses: string[]): Promise<void> {
  for (const address of addresses) {
    await queueTo(app.deps, address);
    await vi.waitUntil(async () => (await caught(`?to=${encodeURIComponent(address)}`)).mails.length > 0, {
      timeout: 15_000,
    });
  }
}

describe("the mailbox of the sandbox", () => {
  test("tells tests what was caught, newest first, of all or of one recipient, and forgets it when asked to", async () => {
    expect(await caught()).toEqual({ mails: [], repeats: 0 });
    await receive("First@reader.example", "second@reader.example");
    const { mails } = await caught();
    expect(mails.map((mail) => mail.to)).toEqual([["second@reader.example"], ["First@reader.example"]]);
    expect(mails[0]).toMatchObject({ repeats: 0, links: [expect.stringMatching(/\/gifts\/[\w-]{54}$/)] });
    expect((await caught("?to=first@READER.example")).mails).toHaveLength(1);
    const gone = await fetch(`${app.url}/sandbox/mailbox`, { method: "DELETE" });
    expect(gone.status).toBe(204);
    expect((await caught()).mails).toEqual([]);
  });

  test("shows a mail as a person would read it, and nothing of it runs or loads", async () => {
    expect((await get("/sandbox/mailbox")).text).toContain("No mail yet");
    await receive("reader@reader.example");
    const list = await get("/sandbox/mailbox");
    const [mail] = (await caught()).mails;
    expect(list.text).toContain(`href="/sandbox/mailbox/${mail?.id}"`);
    expect(list.text).not.toContain("<b>Harbour</b>");
    expect((await get("/sandbox/mailbox?to=nobody@reader.example")).text).toContain("No mail to this address");

    const shown = await get(`/sandbox/mailbox/${mail?.id}`);
    expect(shown.text).toContain("reader@reader.example");
    expect(shown.text).toMatch(/<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
    expect(shown.text).toContain("Idempotency-Key");
    expect(shown.headers.get("content-security-policy")).toMatch(
      /default-src 'none'.*frame-src 'self'.*frame-ancestors 'none'/,
    );
    const html = await get(`/sandbox/mailbox/${mail?.id}/html`);
    expect(html.headers.get("content-security-policy")).toMatch(
      /^sandbox allow-popups allow-popups-to-escape-sandbox;default-src 'none';.*frame-ancestors 'self'$/,
    );
    expect(html.headers.get("content-security-policy")).not.toContain("script");
    expect(html.text).toContain('<base target="_blank">');
    expect((await get("/sandbox/mailbox/0190a0b0-0000-7000-8000-000000000000")).status).toBe(404);
    expect((await get("/sandbox/mailbox.css")).headers.get("content-type")).toMatch(/^text\/css/);
  });

  test("previews every kind in every language, plain and discreet", async () => {
    const { locales } = app.deps.newsroom();
    for (const locale of locales) {
      for (const discreet of ["", "&discreet=on"]) {
        const all = await get(`/sandbox/mailbox/previews?locale=${locale}${discreet}`);
        expect(all.status).toBe(200);
        for (const kind of MAIL_KINDS) {
          expect(all.text).toContain(`/sandbox/mailbox/previews/${kind}?locale=${locale}`);
          const one = await get(`/sandbox/mailbox/previews/${kind}/html?locale=${locale}${discreet}`);
          expect(one.status, `${kind} in ${locale}`).toBe(200);
          expect(one.text).toContain(`lang="${locale}"`);
        }
      }
    }
    const page = await get("/sandbox/mailbox/previews/thank_you?locale=ar");
    expect(page.text).toMatch(/<pre lang="ar" dir="rtl">/);
    expect((await get("/sandbox/mailbox/previews/other")).status).toBe(404);
  });

  test("is for nobody but this machine's pages to empty or to break", async () => {
    for (const [method, path] of [
      ["DELETE", "/sandbox/mailbox"],
      ["POST", "/sandbox/mailbox/clear"],
      ["POST", "/sandbox/mailbox/faults"],
    ]) {
      const answer = await fetch(`${app.url}${path}`, {
        method: method ?? "",
        headers: { origin: "https://evil.example" },
      });
      expect(answer.status, path).toBe(403);
    }
    const wrong = await fetch(`${app.url}/sandbox/mailbox/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"kind":"explode"}',
    });
    expect(wrong.status).toBe(400);
    const emptied = await fetch(`${app.url}/sandbox/mailbox/clear`, { method: "POST", redirect: "manual" });
    expect([emptied.status, emptied.headers.get("location")]).toEqual([303, "/sandbox/mailbox"]);
  });

  test("refuses what it is told to, for whom it is told to, and as often", async () => {
    const plan = await fetch(`${app.url}/sandbox/mailbox/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "permanent", times: 1, to: "Gone@reader.example" }),
    });
    expect(plan.status).toBe(204);
    const gone = await queueTo(app.deps, "gone@reader.example");
    await receive("here@reader.example");
    await vi.waitUntil(async () => (await mailState(app.deps, gone)).state === "failed", { timeout: 15_000 });
    expect((await caught()).mails).toHaveLength(1);
  });

  test("keeps its mails in a file for this account alone, and no more than anybody reads", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mailbox-"));
    const file = join(folder, "mailbox.jsonl");
    try {
      const mail = {
        from: "",
        to: ["a@b.example"],
        subject: "",
        message_id: null,
        headers: [],
        html: "",
        text: "",
        links: [],
      };
      const box = openMailbox(file);
      for (let n = 0; n < 2_100; n++) box.add({ ...mail, id: String(n), received_at: "", idempotency_key: String(n) });
      box.add({ ...mail, id: "again", received_at: "", idempotency_key: "2099" });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await readFile(file, "utf8")).split("\n").length).toBeLessThan(2_002);
      await writeFile(file, '{"id":"cut o', { flag: "a" });
      const kept = openMailbox(file).list();
      expect(kept).toHaveLength(1_000);
      expect(kept[0]).toMatchObject({ id: "2099", repeats: 1 });
      openMailbox(file).clear();
      expect(openMailbox(file).list()).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test("the switch that pauses all mail works while the service runs, and what waits goes out afterwards", async () => {
  await receive("before@reader.example");
  paused = true;
  const ids = await Promise.all([1, 2, 3].map((n) => queueTo(app.deps, `at-once-${n}@reader.example`)));
  await sleep(1_200);
  ids.push(await queueTo(app.deps, "later@reader.example"));
  await sleep(300);
  for (const id of ids) expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 0 });
  // By now no job is taken any more, so that it costs nothing.
  const { rows } =
    await sql`select from graphile_worker.jobs where key = ${`mail:${ids.at(-1)}`} and attempts = 0`.execute(app.db);
  expect(rows).toHaveLength(1);
  paused = false;
  await vi.waitUntil(async () => (await caught()).mails.length === 5, { timeout: 15_000 });
});

test("mail goes on after the database has cut the connections of its jobs", async () => {
  await receive("before@reader.example");
  const cut = () =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'reader-donations jobs'`.execute(
      app.db,
    );
  expect((await cut()).rows.length).toBeGreaterThan(0);
  await receive("after@reader.example");
  await cut();
  await receive("again@reader.example");
  expect(app.logged()).not.toMatch(/"level":"(?:error|fatal)"/);
});

test("the service is ready without a mail server, and its log tells of no error", async () => {
  await receive("healthy@reader.example");
  expect((await get("/readyz")).status).toBe(200);
  expect(app.logged()).not.toMatch(/"level":"(?:error|fatal)"/);
  expect(app.logged()).not.toContain("reader.example");
});
