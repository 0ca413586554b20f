import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../../src/sandbox/stripe/arrange.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { startProcess } from "../support/ingest.ts";
import { seed } from "../support/seed.ts";

/* Two rounds each; `npm run test:faults` does 200. */
const ROUNDS = Number(process.env.ROUNDS ?? 2);
const REMINDERS = 1_500;

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

/** Where it is early afternoon now. */
function zoneByDay(): string {
  const hours = new Date().getUTCHours() - 14;
  return `Etc/GMT${hours < 0 ? "" : "+"}${hours}`;
}

async function insertDue(count: number): Promise<void> {
  const time_zone = zoneByDay();
  const yesterday = new Date(Date.now() - 86_400_000);
  const rows = Array.from({ length: count }, (_, index) => {
    const id = v7();
    const email = `reader${index}@example.org`;
    return {
      id,
      channel: "email",
      state: "pending",
      due_on: yesterday.toISOString().slice(0, 10),
      due_at: yesterday,
      time_zone,
      lead_days: 30,
      address_hash: emailHash(app.deps.vault, email),
      address_sealed: app.deps.vault.seal(email, `reminders.address_sealed:${id}`),
      created_at: new Date(Date.now() - 30 * 86_400_000),
    };
  });
  for (let at = 0; at < count; at += 1_000) {
    await app.db
      .insertInto("reminders")
      .values(rows.slice(at, at + 1_000))
      .execute();
  }
}

async function pending(): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from reminders where state = 'pending'`.execute(
    app.db,
  );
  return rows[0]?.n ?? Number.NaN;
}

test("two workers, one of them killed in the middle of a batch, again and again: each reminder is queued once, within a minute", {
  timeout: 60_000 + ROUNDS * 15_000,
}, async ({ annotate }) => {
  await sql`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.001); return new; end $$;
  `.execute(app.db);
  await sql`create trigger slow before insert on mails for each row execute function slow()`.execute(app.db);
  const random = seededRandom(seed);
  const steady = await startProcess(app, app.databaseUrl);
  onTestFinished(async () => void (await steady.end("SIGKILL")));
  let kills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const victim = await startProcess(app, app.databaseUrl);
    await insertDueOnce(round);
    await expect.poll(pending, { timeout: 20_000, interval: 20 }).toBeLessThan(REMINDERS);
    await sleep(random() * 500);
    expect(await pending()).toBeGreaterThan(0);
    await victim.end("SIGKILL");
    kills += 1;
    await expect.poll(pending, { timeout: 60_000, interval: 100 }).toBe(0);
    const { rows } = await sql<{ reminders: number; mails: number; causes: number; unfinished: number }>`
      select (select count(*) from reminders where state in ('queued', 'sent')) as reminders,
        (select count(*) from mails where kind = 'reminder') as mails,
        (select count(distinct reminder_id) from mails m join reminders r on r.id = m.reminder_id and m.cause = r.id::text) as causes,
        (select count(*) from mails where state not in ('queued', 'sending', 'sent')) as unfinished
    `.execute(app.db);
    expect(rows[0]).toEqual({ reminders: REMINDERS, mails: REMINDERS, causes: REMINDERS, unfinished: 0 });
  }
  await annotate(`${kills} kills, ${REMINDERS} reminders each`);
});

/** Each round begins with all of them anew. */
async function insertDueOnce(round: number): Promise<void> {
  if (round > 0) await sql`truncate mails, reminders`.execute(app.db);
  await insertDue(REMINDERS);
}
