import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { controlRoutes } from "../../src/sandbox/control.routes.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give } from "../support/giving.ts";
import { press, remind, someone, stored } from "../support/reminders.ts";
import { serveApp } from "../support/serve-app.ts";

let app: TestApp;
let paused = false;
/** One that soon gives up waiting, and one that would wait for longer than a test may take. */
let hasty: Awaited<ReturnType<typeof serveApp>>;
let patient: typeof hasty;
beforeAll(async () => {
  app = await startApp({ newsroom: (n) => ({ ...n, mail: { ...n.mail, paused } }) });
  [hasty, patient] = await Promise.all([serveWaiting(1_000), serveWaiting(600_000)]);
});
afterAll(async () => {
  await Promise.all([hasty.close(), patient.close()]);
  await app.close();
});
beforeEach(async () => {
  await sql`delete from stripe_events`.execute(app.db);
});

function serveWaiting(catchUpMs: number) {
  return serveApp(
    createApp({
      deps: app.deps,
      reports: app.deps,
      readiness: { whyNot: async () => null },
      onReceived: () => {},
      stripeOrigins: [app.standIn.url],
      extra: [controlRoutes(app.deps, app.standIn, catchUpMs)],
    }),
  );
}

async function advance({ at = hasty, headers = {} }: { at?: typeof hasty; headers?: Record<string, string> } = {}) {
  const answer = await fetch(`${at.url}/sandbox/stripe/advance`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: '{"seconds":60}',
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function received(count: number, reason: string | null, dueInSeconds = 0): Promise<void> {
  await sql`
    insert into stripe_events (id, type, livemode, created, payload_sealed, attempts, reason, due_at)
    select 'evt_' || lpad(n::text, 2, '0'), 'a.test', false, now(), '\\x00', ${reason === null ? 0 : 1}, ${reason},
      clock_timestamp() + make_interval(secs => ${dueInSeconds})
    from generate_series(1, ${count}::int) as n
  `.execute(app.db);
}

describe("moving the sandbox's time", () => {
  test("is for nobody and for pages of this machine, not for pages of other sites", async () => {
    const before = app.deps.now().getTime();
    for (const origin of [
      "https://evil.example",
      "http://localhost.evil.example",
      "https://127.0.0.1.nip.io",
      "null",
    ]) {
      expect(await advance({ headers: { origin } }), origin).toMatchObject({
        status: 403,
        body: { code: "forbidden" },
      });
    }
    expect(app.deps.now().getTime() - before).toBeLessThan(50_000);
    for (const origin of [app.url, "http://localhost:3000", "http://[::1]:3000"]) {
      expect(await advance({ headers: { origin } }), origin).toMatchObject({ status: 200, body: { settled: true } });
    }
    expect(app.deps.now().getTime() - before).toBeGreaterThanOrEqual(180_000);
  });

  test("says for what it waited in vain", async () => {
    await received(12, null);
    const { body } = await advance();
    const ids = Array.from({ length: 10 }, (_, index) => `evt_${String(index + 1).padStart(2, "0")}`);
    expect(body).toMatchObject({ settled: false, waiting_for: { events: { count: 12, ids } } });
  });

  test("names what has failed before and isn't due again, without waiting for it", async () => {
    await received(1, "Error", 3600);
    const { body } = await advance({ at: patient });
    expect(body).toMatchObject({ settled: false, waiting_for: { failed_events: { count: 1, ids: ["evt_01"] } } });
    expect(body.waiting_for).not.toHaveProperty("events");
  });

  test("makes the retries due that lie within", async () => {
    await received(1, "Error", 50);
    await advance();
    await processInbox(app.background);
    expect(await sql`select state from stripe_events`.execute(app.db)).toMatchObject({ rows: [{ state: "ignored" }] });
    expect((await advance()).body).toMatchObject({ settled: true });
  });

  test("waits for reminders that are due, and says so at once when mail is held back", async () => {
    const { id, token } = await remind(app, { email: someone() });
    await sql`update reminders set due_at = now() where id = ${id}`.execute(app.db);
    expect((await advance()).body).toMatchObject({
      settled: false,
      waiting_for: { reminders: { count: 1, ids: [id] } },
    });
    paused = true;
    try {
      expect((await advance({ at: patient })).body).toMatchObject({
        settled: false,
        waiting_for: { mail_paused: { count: 1, ids: [id] } },
      });
    } finally {
      paused = false;
    }
    await press(app, token, "cancel");
    expect((await advance()).body).toMatchObject({ settled: true });
  });

  test("has brought the mail of a reminder that became due when it says that all is settled", async () => {
    const running = await startApp({ work: true });
    try {
      const email = someone();
      const { id } = await remind(running, { email });
      const { due_at: dueAt } = await stored(running, id);
      const seconds = Math.ceil((+dueAt - +running.clock.now()) / 1000) + 60;
      const answer = await fetch(`${running.url}/sandbox/stripe/advance`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ seconds }),
      });
      expect(await answer.json()).toMatchObject({ settled: true });
      expect(running.mailbox.mailbox.list(email)).toHaveLength(1);
    } finally {
      await running.close();
    }
  });

  test("names mail that the server refuses for now, without waiting for it", async () => {
    const running = await startApp({ work: true });
    try {
      const email = someone();
      const post = (path: string, body: object) =>
        fetch(`${running.url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      await post("/sandbox/mailbox/faults", { kind: "temporary", times: 20, to: email });
      await give(running, { amount: 2500 }, { email });
      await expect
        .poll(async () => await (await post("/sandbox/stripe/advance", { seconds: 5 })).json(), { timeout: 30_000 })
        .toMatchObject({ settled: false, waiting_for: { failed_mails: { count: 1 } } });
    } finally {
      await running.close();
    }
  });

  test("says what it expects when it is sent nothing", async () => {
    for (const body of ["null", "{}"]) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${hasty.url}/sandbox/stripe/advance`, { method: "POST", headers, body });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain("Expected days, hours or seconds.");
    }
  });
});
