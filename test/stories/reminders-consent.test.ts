import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signToken } from "../../src/mail/links.ts";
import { reminderLinks } from "../../src/mail/reminder-links.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { type Asked, mailsOf, press, remind, setTime, someone, stored, work } from "../support/reminders.ts";

/* Anybody can ask for a reminder in another's name: what they may undo, learn and bring about, and what the reader can. */

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const FORM = { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" };
const ONE_CLICK = { ...FORM, body: "List-Unsubscribe=One-Click" };

/** Asked for on 1 March 2027, due on 1 April. */
async function asked(email: string, body: object = {}): Promise<Asked> {
  setTime(app, "2027-03-01T12:00:00Z");
  return await remind(app, { email, ...body });
}

const look = async (token: string) => await (await fetch(`${app.url}/v1/reminders/${token}`)).json();
const pageOf = async (token: string) => await (await fetch(`${app.url}/reminders/${token}`)).text();
const stateOf = async ({ id }: Asked) => (await stored(app, id)).state;
const confirmToken = ({ id }: Asked) => signToken(app.deps.vault, "confirm-reminder", id);
const mailToken = ({ id }: Asked) => signToken(app.deps.vault, "reminder-mail", id);

async function addressOf(email: string) {
  return await app.db
    .selectFrom("mail_addresses")
    .selectAll()
    .where("address_hash", "=", emailHash(app.deps.vault, email))
    .executeTakeFirstOrThrow();
}

/** As many days ago by the wall clock as `days`, and no question waits. */
async function daysPass(email: string, days: number): Promise<void> {
  const hash = emailHash(app.deps.vault, email);
  await sql`update mails set state = 'sent', finished_at = now() where kind = 'reminder_confirm' and state = 'queued'`.execute(
    app.db,
  );
  await sql`
    update mail_addresses set confirm_asks = array(select at - make_interval(days => ${days}) from unnest(confirm_asks) as at),
      reminders_refused_at = reminders_refused_at - make_interval(days => ${days})
    where address_hash = ${hash}
  `.execute(app.db);
}

const questions = async (...reminders: Asked[]) =>
  (await Promise.all(reminders.map(({ id }) => mailsOf(app, id, "reminder_confirm")))).flat().length;

describe("a stranger who names a reader's address", () => {
  test("neither learns that the reader has cancelled nor undoes it", async () => {
    const email = someone();
    const victim = await asked(email);
    const attacker = await asked(email);
    const stranger = await asked(someone());
    await press(app, victim.token, "cancel");
    const { cancelled_at: at } = { cancelled_at: (await addressOf(email)).reminders_cancelled_at };
    expect(await look(victim.token)).toMatchObject({ state: "cancelled" });
    expect(await look(attacker.token)).toEqual(await look(stranger.token));
    const neutral = (page: string, { token }: Asked) => page.replaceAll(token, "TOKEN");
    expect(neutral(await pageOf(attacker.token), attacker)).toBe(neutral(await pageOf(stranger.token), stranger));

    expect((await press(app, attacker.token, "restore")).json).toMatchObject({ state: "pending" });
    expect(await stateOf(attacker)).toBe("unconfirmed");
    expect(await stateOf(victim)).toBe("cancelled");
    expect((await addressOf(email)).reminders_cancelled_at).toEqual(at);
    setTime(app, "2027-04-01T12:00:00Z");
    await work(app);
    expect([await mailsOf(app, attacker.id), await mailsOf(app, victim.id)]).toEqual([[], []]);
  });

  test("not by cancelling as well and bringing that back either", async () => {
    const email = someone();
    const victim = await asked(email);
    const attacker = await asked(email);
    await press(app, victim.token, "cancel");
    for (let again = 0; again < 2; again++) {
      expect((await press(app, attacker.token, "cancel")).json).toMatchObject({ state: "cancelled" });
      expect((await press(app, attacker.token, "restore")).json).toMatchObject({ state: "pending" });
      expect(await stateOf(attacker)).toBe("unconfirmed");
    }
    expect(await stateOf(victim)).toBe("cancelled");
    expect((await addressOf(email)).reminders_cancelled_at).not.toBeNull();
  });

  test("can't bring back what the reader has ended by the link of a mail, though they had cancelled it before", async () => {
    const email = someone();
    const attacker = await asked(email);
    await press(app, attacker.token, "cancel");
    await press(app, mailToken(attacker), "cancel", ONE_CLICK);
    await press(app, attacker.token, "restore");
    expect(await stateOf(attacker)).toBe("unconfirmed");
  });

  test("who cancelled alone brings it back, and the next request has to be confirmed all the same", async () => {
    const email = someone();
    const reader = await asked(email);
    await press(app, reader.token, "cancel");
    expect((await press(app, reader.token, "restore")).json).toMatchObject({ state: "pending" });
    expect(await stateOf(reader)).toBe("pending");
    expect((await addressOf(email)).reminders_cancelled_at).not.toBeNull();
    expect(await stateOf(await asked(email))).toBe("unconfirmed");
  });

  test("sees a page that promises nothing that a later request could have changed", async () => {
    const reader = await asked(someone());
    const page = await pageOf(reader.token);
    expect(page).toContain("You asked us to remind you on");
    expect(page).toContain("If a later request was made for this address, the later one counts.");
    expect(page).not.toContain("We’ll remind you");
  });
});

describe("the link of a reminder's mail", () => {
  async function sent(email: string): Promise<Asked> {
    const reader = await asked(email);
    setTime(app, "2027-04-01T12:00:00Z");
    await work(app);
    await sql`update mails set state = 'sent', finished_at = now() where reminder_id = ${reader.id}`.execute(app.db);
    await sql`update reminders set state = 'sent', sent_at = now(), finished_at = now(), address_sealed = null where id = ${reader.id}`.execute(
      app.db,
    );
    return reader;
  }

  test("leads to a page with a button, also while another one waits: it ends that, and says so afterwards", async () => {
    const email = someone();
    const first = await sent(email);
    const token = mailToken(first);
    const later = await remind(app, { email, in_months: 2 });
    const before = await pageOf(token);
    expect(before).toContain(`action="/v1/reminders/${token}/cancel"`);
    expect(before).toContain("If another one was asked for with this address, it stands until you end it here.");
    expect(await stateOf(later)).toBe("pending");
    const pressed = await press(app, token, "cancel", FORM);
    expect(pressed.headers.get("location")).toBe(`/reminders/${token}?said=cancelled`);
    expect(await stateOf(later)).toBe("cancelled");
    const after = await pageOf(token);
    expect(after).toContain("You’ll get no more reminders from us.");
    expect(after).not.toContain("/cancel");
    expect(await look(later.token)).toMatchObject({ state: "pending" });
    expect(await stateOf(await remind(app, { email }))).toBe("unconfirmed");
  });

  test("has the same button when there is nothing else to end", async () => {
    const email = someone();
    const token = mailToken(await sent(email));
    expect(await pageOf(token)).toContain("No more reminders, please");
    await press(app, token, "cancel", ONE_CLICK);
    expect(await pageOf(token)).toContain("You’ll get no more reminders from us.");
    expect((await addressOf(email)).reminders_cancelled_at).not.toBeNull();
  });

  test.each(["en", "ru", "de", "fr", "es", "ar"])("has whole pages in %s", async (locale) => {
    const reader = await asked(someone(), { locale, country: "DE" });
    for (const token of [mailToken(reader), confirmToken(reader)]) {
      const pages = [await pageOf(token)];
      await press(app, token, "cancel");
      pages.push(await pageOf(token));
      for (const page of pages) expect(page).not.toMatch(/\{[a-z_]+\}|undefined/);
    }
    expect(await pageOf(confirmToken(reader))).toContain(app.deps.newsroom().copy[locale]?.reminder.refused);
  });
});

describe("a no by the mail that asks to confirm", () => {
  test("lasts: nobody's request asks again for a year, and no link of an asker's brings it back", async () => {
    const email = someone();
    const first = await asked(email, { country: "DE" });
    expect(await questions(first)).toBe(1);
    const { unsubscribe } = reminderLinks(app.deps, "reminder_confirm", first.id);
    await fetch(unsubscribe?.oneClick ?? "", { method: "POST", ...ONE_CLICK });
    expect(await pageOf(confirmToken(first))).toContain("We have noted your no.");
    await daysPass(email, 100);
    await press(app, first.token, "cancel");
    await press(app, first.token, "restore");
    expect(await stateOf(first)).toBe("unconfirmed");
    const second = await asked(email);
    expect(await look(second.token)).toMatchObject({ state: "pending" });
    expect(await stateOf(second)).toBe("unconfirmed");
    expect(await questions(first, second)).toBe(1);
    await daysPass(email, 266);
    const third = await asked(email);
    expect(await questions(third)).toBe(1);
  });

  test("can be taken back by the same mail", async () => {
    const email = someone();
    const reader = await asked(email, { country: "DE" });
    await press(app, confirmToken(reader), "cancel");
    expect(await pageOf(confirmToken(reader))).toContain("/restore");
    await press(app, confirmToken(reader), "restore");
    expect(await stateOf(reader)).toBe("pending");
    expect(await stateOf(await asked(email))).toBe("pending");
  });

  test("is asked for three times in ninety days at most, where no answer comes", async () => {
    const email = someone();
    const all: Asked[] = [];
    for (let times = 0; times < 8; times++) {
      all.push(await asked(email, { country: "DE" }));
      await daysPass(email, 4);
    }
    expect(await questions(...all)).toBe(3);
    await daysPass(email, 70);
    expect(await questions(await asked(email, { country: "DE" }))).toBe(1);
  });
});

test("a discreet reminder's mails have the subject that names neither the newsroom nor what it is about", async () => {
  const email = someone();
  const reader = await asked(email, { discreet: true, country: "DE" });
  expect(await mailsOf(app, reader.id, "reminder_confirm")).toMatchObject([{ discreet: true }]);
  await press(app, confirmToken(reader), "confirm");
  setTime(app, "2027-04-01T12:00:00Z");
  await work(app);
  expect(await mailsOf(app, reader.id)).toMatchObject([{ discreet: true }]);
  const body = new URLSearchParams({ email: someone(), when: "1", discreet: "on" });
  await fetch(`${app.url}/v1/reminders`, { method: "POST", body, redirect: "manual" });
  expect(await app.db.selectFrom("reminders").select("id").where("discreet", "=", true).execute()).toHaveLength(2);
});
