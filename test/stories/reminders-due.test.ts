import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finishReminder } from "../../src/mail/reminder-done.queries.ts";
import { forgetReminders } from "../../src/reminders/forget.queries.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { createKeyring } from "../../src/vault/keyring.ts";
import { createVault } from "../../src/vault/vault.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { type Asked, mailsOf, press, remind, setTime, someone, stored, work } from "../support/reminders.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const DAY_MS = 86_400_000;
const MONTH_LATER = "2027-04-01T12:00:00Z";

/** Due on 1 April 2027. */
async function asked(body: object = {}): Promise<Asked> {
  setTime(app, "2027-03-01T12:00:00Z");
  return await remind(app, { email: someone(), ...body });
}

async function workLater(instant = MONTH_LATER): Promise<void> {
  setTime(app, instant);
  await work(app);
}

describe("an address that takes no mail", () => {
  test.each([
    ["bounced_at", "bounced"],
    ["complained_at", "complained"],
    ["unsubscribed_at", "unsubscribed"],
  ])("%s: is not reminded", async (column, reason) => {
    const email = someone();
    const reader = await asked({ email });
    const hash = emailHash(app.deps.vault, email);
    await app.db
      .insertInto("mail_addresses")
      .values({ address_hash: hash, [column]: new Date("2027-03-05T00:00:00Z") })
      .execute();
    await workLater();
    expect(await stored(app, reader.id)).toMatchObject({ state: "suppressed", reason, address_sealed: null });
    expect(await mailsOf(app, reader.id)).toEqual([]);
  });

  test("erased: is not reminded", async () => {
    const reader = await asked();
    await app.db.updateTable("reminders").set({ address_sealed: null }).where("id", "=", reader.id).execute();
    await workLater();
    expect(await stored(app, reader.id)).toMatchObject({ state: "suppressed", reason: "erased" });
  });
});

describe("support-reminders: a single bad row stops its run", () => {
  const change = async (id: string, values: Record<string, unknown>) =>
    await app.db.updateTable("reminders").set(values).where("id", "=", id).execute();

  test("an address that doesn't open and a zone that isn't are set aside with their reasons; all others go", async () => {
    const [moved, broken, lost, ...good] = [await asked(), await asked(), await asked(), await asked(), await asked()];
    const { address_sealed } = await stored(app, good[0]?.id ?? "");
    await change(moved.id, { address_sealed });
    await change(broken.id, { address_sealed: randomBytes(60) });
    await change(lost.id, { time_zone: "Mars/Olympus" });
    await workLater();
    for (const [{ id }, reason] of [
      [moved, "address_unreadable"],
      [broken, "address_unreadable"],
      [lost, "unknown_time_zone"],
    ] as const)
      expect(await stored(app, id)).toMatchObject({ state: "failed", reason, address_sealed: null });
    for (const { id } of good) expect((await stored(app, id)).state).toBe("queued");
    expect((await fetch(`${app.url}/reminders/${lost.token}`)).status).toBe(200);
  });

  test("one that the database refuses is tried five times, an hour apart, and then set aside; all others go at once", async () => {
    const [bad, ...good] = [await asked(), await asked(), await asked()];
    await sql`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused for %', new.to_hash; end $$;
    `.execute(app.db);
    await sql`
      create trigger refuse before insert on mails for each row when (new.cause = ${sql.lit(bad.id)}) execute function refuse()
    `.execute(app.db);
    try {
      await workLater();
      for (const { id } of good) expect((await stored(app, id)).state).toBe("queued");
      expect(await stored(app, bad.id)).toMatchObject({ state: "pending", attempts: 1 });
      for (const hour of ["13", "14", "15", "16"]) await workLater(`2027-04-01T${hour}:00:01Z`);
      expect(await stored(app, bad.id)).toMatchObject({ state: "failed", reason: "refused_by_database" });
    } finally {
      await sql`drop function refuse cascade`.execute(app.db);
    }
  });

  test("one whose key is not at hand loses nothing: it waits for the key", async () => {
    const reader = await asked();
    const retired = createVault(
      createKeyring(() => [{ id: "retired", key: randomBytes(32) }]),
      randomBytes(32),
    );
    const good = await asked();
    const { address_sealed: kept } = await stored(app, reader.id);
    await change(reader.id, { address_sealed: retired.seal("x@example.org", `reminders.address_sealed:${reader.id}`) });
    await workLater();
    expect((await stored(app, good.id)).state).toBe("queued");
    expect(await stored(app, reader.id)).toMatchObject({
      state: "pending",
      due_at: new Date("2027-04-01T13:00:00Z"),
    });
    await change(reader.id, { address_sealed: kept });
    await workLater("2027-04-01T13:00:00Z");
    expect((await stored(app, reader.id)).state).toBe("queued");
  });
});

describe("when the mail is done", () => {
  async function finish(id: string, outcome: "sent" | "suppressed" | "failed", reason: string | null): Promise<void> {
    await app.db.transaction().execute((trx) => finishReminder(trx, id, outcome, reason));
  }

  test.each([
    ["sent", null],
    ["suppressed", "bounced"],
    ["failed", "smtp_550"],
  ] as const)("%s: the address goes", async (outcome, reason) => {
    const reader = await asked({ frequency: "annual", amount: 5000, currency: "USD", locale: "fr" });
    await workLater();
    const toSend = await stored(app, reader.id);
    expect(toSend).toMatchObject({ id: reader.id, state: "queued", locale: "fr", amount: 5000 });
    expect(app.deps.vault.open(toSend.address_sealed as Buffer, `reminders.address_sealed:${reader.id}`)).toMatch(/@/);
    await finish(reader.id, outcome, reason);
    const row = await stored(app, reader.id);
    expect(row).toMatchObject({ state: outcome, reason, address_sealed: null });
    expect(row.sent_at !== null).toBe(outcome === "sent");
    expect(row.finished_at).not.toBeNull();
  });

  test("a mail that only asked to confirm finishes nothing, and a cancelled one is not brought back", async () => {
    const waiting = await asked({ country: "DE" });
    await finish(waiting.id, "sent", null);
    expect((await stored(app, waiting.id)).state).toBe("unconfirmed");
    const cancelled = await asked();
    await press(app, cancelled.token, "cancel");
    await finish(cancelled.id, "failed", "smtp_550");
    expect((await stored(app, cancelled.id)).state).toBe("cancelled");
  });

  test("a year later nothing tells whose it was", async () => {
    const reader = await asked();
    await workLater();
    await finish(reader.id, "sent", null);
    await forgetReminders(app.db, new Date(Date.now() + 364 * DAY_MS));
    expect((await stored(app, reader.id)).address_hash).not.toBeNull();
    await forgetReminders(app.db, new Date(Date.now() + 370 * DAY_MS));
    expect((await stored(app, reader.id)).address_hash).toBeNull();
    expect((await press(app, reader.token, "cancel")).status).toBe(200);
  });
});
