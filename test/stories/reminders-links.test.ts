import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signToken } from "../../src/mail/links.ts";
import { finishReminder } from "../../src/mail/reminder-done.queries.ts";
import { reminderLinks } from "../../src/mail/reminder-links.ts";
import { forgetReminders } from "../../src/reminders/forget.queries.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { expectProblem } from "../support/problems.ts";
import {
  type Asked,
  mailsOf,
  postReminder,
  press,
  remind,
  setTime,
  someone,
  stored,
  work,
} from "../support/reminders.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ config: { countryHeader: "cf-ipcountry" } });
});
afterAll(() => app.close());

const GERMANY = { "cf-ipcountry": "DE" };
const FORM = { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" };
const MONTH_LATER = "2027-04-01T12:00:00Z";

async function show(path: string, init: RequestInit = {}) {
  const answer = await fetch(app.url + path, { redirect: "manual", ...init });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Asked for on 1 March 2027, due on 1 April. */
async function asked(body: object = {}, headers = {}): Promise<Asked> {
  setTime(app, "2027-03-01T12:00:00Z");
  return await remind(app, { email: someone(), ...body }, headers);
}

async function due(asked: Asked): Promise<string> {
  setTime(app, MONTH_LATER);
  await work(app);
  return (await stored(app, asked.id)).state;
}

/** The sender has taken the mail, for so many seconds. */
async function startSending(id: string, seconds = 60): Promise<void> {
  await sql`
    update mails set state = 'sending', attempts = 1, lease_until = clock_timestamp() + ${seconds} * interval '1 second'
    where reminder_id = ${id} and kind = 'reminder'
  `.execute(app.db);
}

async function endSending(id: string, state: "sent" | "queued"): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    await sql`
      update mails set state = ${state}, lease_until = null, finished_at = case when ${state} = 'sent' then now() end
      where reminder_id = ${id} and kind = 'reminder'
    `.execute(trx);
    if (state === "sent") await finishReminder(trx, id, "sent", null);
  });
}

function confirmToken(id: string): string {
  return signToken(app.deps.vault, "confirm-reminder", id);
}

describe("a reminder's link", () => {
  test("opens a page that changes nothing, however often a mail scanner follows it", async () => {
    const { id, token } = await asked({ locale: "de" });
    for (const method of ["GET", "HEAD", "GET"]) {
      const page = await show(`/reminders/${token}`, { method });
      expect(page.status).toBe(200);
      expect(page.headers.get("cache-control")).toBe("no-store");
    }
    const { text } = await show(`/reminders/${token}`);
    expect(text).toContain('<html lang="de"');
    expect(text).toContain("1. April 2027");
    expect(text).toContain(`action="/v1/reminders/${token}/cancel"`);
    expect(text).not.toContain("/restore");
    // The address of List-Unsubscribe, in a mail program that opens it in a browser.
    const opened = await show(`/v1/reminders/${token}/cancel`, { redirect: "manual" });
    expect([opened.status, opened.headers.get("location")]).toEqual([303, `/reminders/${token}`]);
    for (const action of ["restore", "confirm", "shown"])
      expect((await show(`/v1/reminders/${token}/${action}`)).status).toBe(404);
    expect((await stored(app, id)).state).toBe("pending");
  });

  test("cancels at once, again without harm, and brings it back while the day is ahead", async () => {
    const reader = await asked();
    for (let again = 0; again < 2; again++) {
      const answer = await press(app, reader.token, "cancel");
      expect([answer.status, answer.json]).toEqual([200, { due_on: "2027-04-01", state: "cancelled", due: false }]);
    }
    expect((await show(`/reminders/${reader.token}`)).text).toContain(`/v1/reminders/${reader.token}/restore`);
    expect((await press(app, reader.token, "restore")).json).toMatchObject({ state: "pending" });
    expect((await press(app, reader.token, "restore")).json).toMatchObject({ state: "pending" });
    expect(await due(reader)).toBe("queued");
  });

  test("stays cancelled: no mail comes, and after the day nothing is left to bring back", async () => {
    const reader = await asked();
    await press(app, reader.token, "cancel");
    expect((await stored(app, reader.id)).address_sealed).not.toBeNull();
    expect(await due(reader)).toBe("cancelled");
    await forgetReminders(app.db, app.clock.now());
    expect(await stored(app, reader.id)).toMatchObject({ state: "cancelled", address_sealed: null });
    const answer = await press(app, reader.token, "restore");
    expect([answer.status, answer.json.code]).toEqual([422, "date_out_of_range"]);
    expect((await show(`/reminders/${reader.token}`)).text).not.toContain("/restore");
    expect(await mailsOf(app, reader.id)).toEqual([]);
  });

  test("works as a form: it leads back to the page, which says what was done", async () => {
    const { token } = await asked();
    const cancelled = await press(app, token, "cancel", FORM);
    expect([cancelled.status, cancelled.headers.get("location")]).toEqual([303, `/reminders/${token}?said=cancelled`]);
    expect((await show(`/reminders/${token}?said=cancelled`)).text).toContain("The reminder is cancelled.");
    await press(app, token, "restore", FORM);
    expect((await show(`/reminders/${token}?said=restored`)).text).toContain("You have asked for the reminder again.");
    expect((await show(`/reminders/${token}?said=<script>`)).text).not.toContain("<script>");
  });

  test.each([
    ["application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"],
    [
      "multipart/form-data; boundary=x",
      '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    ],
  ])("serves one-click List-Unsubscribe as %s, without a redirect (RFC 8058)", async (type, body) => {
    const { id, token } = await asked();
    const answer = await press(app, token, "cancel", { headers: { "content-type": type }, body });
    expect(answer.status).toBe(200);
    expect((await stored(app, id)).state).toBe("cancelled");
  });

  test("cancels for whoever holds it, from any site; no other site can read the answer", async () => {
    const { id, token } = await asked();
    const answer = await press(app, token, "cancel", { headers: { origin: "null" } });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, null]);
    expect((await stored(app, id)).state).toBe("cancelled");
    const own = await fetch(`${app.url}/v1/reminders/${token}`, { headers: { origin: "https://www.example.org" } });
    expect(own.headers.get("access-control-allow-origin")).toBe("https://www.example.org");
  });

  test.each(["nope", "01900000-0000-7000-8000-000000000000", "%00", "x".repeat(54), "..%2f..%2fetc", "' or 1=1--"])(
    "support-reminders: a non-UUID code → 500: %s is not found",
    async (token) => {
      for (const action of ["cancel", "restore", "confirm", "shown"]) {
        const path = `${app.url}/v1/reminders/${token}/${action}`;
        await expectProblem(await fetch(path, { method: "POST" }), { status: 404, code: "not_found" });
      }
      await expectProblem(await fetch(`${app.url}/v1/reminders/${token}`), { status: 404, code: "not_found" });
      const page = await show(`/reminders/${token}`, { headers: { "accept-language": "fr" } });
      expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
      expect(page.text).toContain("Cette page est introuvable.");
    },
  );

  test("a token of another purpose, of another service or with one letter changed opens nothing", async () => {
    const { id, token } = await asked();
    const foreign = signToken(app.deps.vault, "manage", id);
    const changed = token.slice(0, 20) + (token[20] === "A" ? "B" : "A") + token.slice(21);
    const nobody = signToken(app.deps.vault, "reminder", "01900000-0000-7000-8000-000000000000");
    for (const each of [foreign, changed, nobody]) expect((await press(app, each, "cancel")).status).toBe(404);
    expect((await stored(app, id)).state).toBe("pending");
  });

  test("of an earlier request ends the one that counts, and can undo that", async () => {
    const email = someone();
    const first = await asked({ email, in_months: 2 });
    const second = await asked({ email });
    await press(app, first.token, "cancel");
    expect((await stored(app, second.id)).state).toBe("cancelled");
    await press(app, first.token, "restore");
    expect((await stored(app, first.id)).state).toBe("suppressed");
    expect(await due(second)).toBe("queued");
  });
});

describe("a cancel that meets the mail on its way", () => {
  test("before it is sent: it is never sent", async () => {
    const reader = await asked();
    expect(await due(reader)).toBe("queued");
    await press(app, reader.token, "cancel");
    expect(await mailsOf(app, reader.id)).toMatchObject([{ state: "suppressed", reason: "cancelled" }]);
    expect((await stored(app, reader.id)).state).toBe("cancelled");
  });

  test("while it is sent: waits, and tells that it has gone", async () => {
    const reader = await asked();
    await due(reader);
    await startSending(reader.id);
    const answer = press(app, reader.token, "cancel");
    await expect.poll(async () => (await stored(app, reader.id)).state).toBe("cancelled");
    await endSending(reader.id, "sent");
    expect((await answer).json).toMatchObject({ state: "done" });
    expect(await stored(app, reader.id)).toMatchObject({ state: "sent", address_sealed: null });
    const later = await remind(app, { email: someone() });
    expect((await stored(app, later.id)).state).toBe("pending");
  });

  test("while it is sent and that fails: it isn't tried again", async () => {
    const reader = await asked();
    await due(reader);
    await startSending(reader.id);
    const answer = press(app, reader.token, "cancel");
    await expect.poll(async () => (await stored(app, reader.id)).state).toBe("cancelled");
    await endSending(reader.id, "queued");
    expect((await answer).json).toMatchObject({ state: "cancelled" });
    expect(await mailsOf(app, reader.id)).toMatchObject([{ state: "suppressed", reason: "cancelled" }]);
  });

  test("after whoever sent it has died: it belongs to nobody, and isn't sent", async () => {
    const reader = await asked();
    await due(reader);
    await startSending(reader.id, -1);
    expect((await press(app, reader.token, "cancel")).json).toMatchObject({ state: "cancelled" });
    expect(await mailsOf(app, reader.id)).toMatchObject([{ state: "suppressed", lease_until: null }]);
  });

  test("after it was sent: the next one has to be confirmed", async () => {
    const email = someone();
    const reader = await asked({ email });
    await due(reader);
    await endSending(reader.id, "sent");
    expect((await press(app, reader.token, "cancel")).json).toMatchObject({ state: "done" });
    const next = await remind(app, { email });
    expect((await stored(app, next.id)).state).toBe("unconfirmed");
  });
});

describe("an address that has to confirm", () => {
  async function confirmMails(id: string): Promise<readonly string[]> {
    return (await mailsOf(app, id, "reminder_confirm")).map(({ state }) => state);
  }

  test("is asked at once where its country wants that, and gets nothing else before", async () => {
    const reader = await asked({}, GERMANY);
    expect(await mailsOf(app, reader.id, "reminder_confirm")).toMatchObject([
      { cause: reader.id, state: "queued", data: { due_on: "2027-04-01" } },
    ]);
    expect(await due(reader)).toBe("unconfirmed");
    setTime(app, "2027-04-03T12:00:00Z");
    await forgetReminders(app.db, app.clock.now());
    expect(await stored(app, reader.id)).toMatchObject({
      state: "suppressed",
      reason: "unconfirmed",
      address_sealed: null,
    });
  });

  test("confirms by the mail's own link, once and for all", async () => {
    const email = someone();
    const reader = await asked({ email, country: "AT" });
    const { confirm } = reminderLinks(app.deps, "reminder_confirm", reader.id);
    const path = confirm?.slice(app.url.length) ?? "";
    const token = path.split("/").at(-1) ?? "";
    expect((await show(path)).text).toContain(`action="/v1/reminders/${token}/confirm"`);
    expect((await stored(app, reader.id)).state).toBe("unconfirmed");
    const answer = await press(app, token, "confirm", FORM);
    expect(answer.headers.get("location")).toBe(`/reminders/${token}?said=confirmed`);
    expect((await show(`/reminders/${token}?said=confirmed`)).text).toContain("Your address is confirmed.");
    expect(await due(reader)).toBe("queued");
    const next = await remind(app, { email }, GERMANY);
    expect((await stored(app, next.id)).state).toBe("pending");
  });

  test("can't be confirmed by whoever asked: the request's own link doesn't, and shows no way to", async () => {
    const reader = await asked({}, GERMANY);
    expect((await show(`/reminders/${reader.token}`)).text).not.toContain("/confirm");
    await press(app, reader.token, "confirm");
    expect((await stored(app, reader.id)).state).toBe("unconfirmed");
  });

  test("is one that has cancelled: neither a new request nor cancelling and restoring that gets around it", async () => {
    const email = someone();
    const first = await asked({ email });
    await press(app, first.token, "cancel");
    const planted = await asked({ email });
    expect((await stored(app, planted.id)).state).toBe("unconfirmed");
    await press(app, planted.token, "cancel");
    await press(app, planted.token, "restore");
    expect((await stored(app, planted.id)).state).toBe("unconfirmed");
    const again = await asked({ email });
    expect((await stored(app, again.id)).state).toBe("unconfirmed");
    await press(app, confirmToken(again.id), "confirm");
    expect((await stored(app, again.id)).state).toBe("pending");
  });

  test("is also one that has cancelled and brought it back, for the next one that is asked for", async () => {
    const email = someone();
    const first = await asked({ email });
    await press(app, first.token, "cancel");
    await press(app, first.token, "cancel");
    await press(app, first.token, "restore");
    expect((await stored(app, first.id)).state).toBe("pending");
    expect((await stored(app, (await asked({ email })).id)).state).toBe("unconfirmed");
  });

  test.each(["complained_at", "unsubscribed_at"])("is one that has %s", async (column) => {
    const email = someone();
    const hash = emailHash(app.deps.vault, email);
    await app.db
      .insertInto("mail_addresses")
      .values({ address_hash: hash, [column]: new Date("2027-02-01T00:00:00Z") })
      .execute();
    const reader = await asked({ email });
    expect((await stored(app, reader.id)).state).toBe("unconfirmed");
    await press(app, confirmToken(reader.id), "confirm");
    expect(await due(reader)).toBe("queued");
  });

  test("is asked once in some days, however often its name is given", async () => {
    const email = someone();
    const first = await asked({ email }, GERMANY);
    await app.db
      .updateTable("mails")
      .set({ state: "sent", finished_at: new Date() })
      .where("reminder_id", "=", first.id)
      .execute();
    const others = [await asked({ email }, GERMANY), await asked({ email }, GERMANY)];
    for (const { id } of others) expect(await confirmMails(id)).toEqual([]);
    await press(app, confirmToken(first.id), "confirm");
    expect(await due(others[1] as Asked)).toBe("queued");
  });

  test("is asked about the request that counts when the first question hasn't gone out yet", async () => {
    const email = someone();
    const first = await asked({ email }, GERMANY);
    const second = await asked({ email }, GERMANY);
    expect(await confirmMails(first.id)).toEqual(["suppressed"]);
    expect(await confirmMails(second.id)).toEqual(["queued"]);
    await press(app, second.token, "cancel");
    expect(await confirmMails(second.id)).toEqual(["suppressed"]);
    await press(app, second.token, "restore");
    expect(await confirmMails(second.id)).toEqual(["suppressed", "queued"]);
  });
});

describe("a reminder on the site", () => {
  test("needs no address, asks on its day, and counts once it was shown", async () => {
    setTime(app, "2027-03-01T12:00:00Z");
    const answer = await postReminder(app, { channel: "on_site", in_months: 1, time_zone: "America/New_York" });
    const { id, token } = (await answer.json()) as Asked;
    const look = async () => await (await fetch(`${app.url}/v1/reminders/${token}`)).json();
    setTime(app, "2027-04-01T03:59:00Z");
    expect(await look()).toEqual({ due_on: "2027-04-01", state: "pending", due: false });
    expect((await press(app, token, "shown")).json).toMatchObject({ state: "pending" });
    setTime(app, "2027-04-01T04:00:00Z");
    await work(app);
    expect(await look()).toEqual({ due_on: "2027-04-01", state: "pending", due: true });
    expect((await press(app, token, "shown")).json).toEqual({ due_on: "2027-04-01", state: "done", due: false });
    expect(await stored(app, id)).toMatchObject({ state: "sent", address_hash: null, address_sealed: null });
    expect(await mailsOf(app, id)).toEqual([]);
  });

  test("can be cancelled and brought back", async () => {
    setTime(app, "2027-03-01T12:00:00Z");
    const { token } = await remind(app, { channel: "on_site" });
    expect((await press(app, token, "cancel")).json).toMatchObject({ state: "cancelled" });
    expect((await press(app, token, "restore")).json).toMatchObject({ state: "pending" });
  });

  test("does not hold up those by mail, however many are never shown", async () => {
    const sites = await Promise.all(Array.from({ length: 5 }, () => asked({ channel: "on_site", email: undefined })));
    expect(await due(await asked())).toBe("queued");
    expect((await stored(app, sites[0]?.id ?? "")).state).toBe("pending");
  });
});
