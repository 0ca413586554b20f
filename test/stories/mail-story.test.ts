import { afterAll, beforeAll, expect, test } from "vitest";
import { toJanuary } from "../support/account.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give, onStripesPage, type Start } from "../support/giving.ts";
import { remind, someone, stored, untilMorning } from "../support/reminders.ts";

/* From the reader's wish to the gift, and from a gift to its end, by nothing but the mails that arrive. */

const DAY_MS = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

async function only(to: string) {
  const mails = await app.mails(to);
  expect(mails).toHaveLength(1);
  return mails[0] as (typeof mails)[number];
}

function linkIn(text: string | null, path: string): URL {
  const found = new RegExp(`http://127\\.0\\.0\\.1:\\d+${path}\\S*`).exec(text ?? "");
  if (found === null) throw new Error(`The mail has no link to ${path}.`);
  return new URL(found[0]);
}

test("who wants to be reminded is, on the day, by one mail; the gift by its link is the reminder's", async () => {
  const email = someone();
  const { id } = await remind(app, { email, in_months: 1, frequency: "monthly", amount: 1000, currency: "USD" });
  expect(await app.mails(email)).toEqual([]);
  await app.standIn.advance(33 * DAY_MS);
  await app.settle();
  await untilMorning(app, [id]);
  const mail = await only(email);
  expect(await stored(app, id)).toMatchObject({ state: "sent", address_sealed: null });
  const headers = JSON.stringify(mail.headers);
  expect(headers).toContain("List-Unsubscribe=One-Click");

  const form = linkIn(mail.text, "/give");
  const page = await (await fetch(form)).text();
  expect(page).toContain('value="1000" id="gift-monthly-1" checked');
  const token = /name="reminder_token" value="([\w-]+)"/.exec(page)?.[1];
  const fields = { frequency: "monthly", amount: "1000", currency: "USD", reminder_token: token ?? "" };
  const begun = await fetch(`${app.url}/v1/checkout-sessions`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields),
  });
  expect(begun.status).toBe(303);
  await onStripesPage(begun.headers.get("location") ?? "", "pay", { email });
  await app.settle();

  const answer = await fetch(`${app.url}/v1/reports/reminders`, {
    headers: { authorization: `Bearer ${await app.token("audience")}` },
  });
  const { rows } = (await answer.json()) as { rows: { sent: number; converted: number }[] };
  expect(rows.reduce((sum, row) => sum + row.sent, 0)).toBe(1);
  expect(rows.reduce((sum, row) => sum + row.converted, 0)).toBe(1);
  expect((await app.mails(email)).map(({ subject }) => subject)).toHaveLength(2);
});

test("a cancelled reminder is never sent, and the mail's one-click link ends a later one", async () => {
  const email = someone();
  const { token } = await remind(app, { email });
  await fetch(`${app.url}/v1/reminders/${token}/cancel`, { method: "POST" });
  await app.standIn.advance(34 * DAY_MS);
  await app.settle();
  expect(await app.mails(email)).toEqual([]);
});

test("a monthly gift is thanked for, its renewal confirmed, and it ends by the link in the mail, with one more mail", async () => {
  await toJanuary(app);
  const email = someone();
  const { id }: Start = await give(app, { frequency: "monthly", amount: 1000, locale: "de" }, { email });
  await app.settle();
  const thanks = await only(email);
  expect(thanks.text).toContain(id);
  await app.standIn.advance(32 * DAY_MS);
  await app.settle();
  const [receipt] = await app.mails(email);
  expect(await app.mails(email)).toHaveLength(2);

  const stop = linkIn(receipt?.text ?? null, "/gifts/stop/");
  expect((await fetch(stop)).status).toBe(200);
  await app.settle();
  expect(await app.mails(email)).toHaveLength(2);
  await fetch(stop, { method: "POST" });
  await app.settle();
  const [last] = await app.mails(email);
  expect(await app.mails(email)).toHaveLength(3);
  expect(linkIn(last?.text ?? null, "/give").searchParams.get("frequency")).toBe("monthly");
  await app.standIn.advance(62 * DAY_MS);
  await app.settle();
  expect(await app.mails(email)).toHaveLength(3);
});
