import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reminderLinks } from "../../src/mail/reminder-links.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give, onStripesPage, type Start, start } from "../support/giving.ts";
import { remind, someone, stored, untilMorning } from "../support/reminders.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const DAY_MS = 86_400_000;

describe("support-reminders: mails people who have given meanwhile", () => {
  /** Everything at the real time, a month of it passing on the simulated Stripe's clock too. */
  async function passMonth(): Promise<void> {
    await app.settle();
    await app.standIn.advance(33 * DAY_MS);
    await app.settle();
  }

  test("whoever has given since, by whatever way, is not reminded; a debit on its way counts", async () => {
    const [early, given, declined, debit, other] = [someone(), someone(), someone(), someone(), someone()];
    await give(app, {}, { email: early });
    await app.settle();
    await app.standIn.advance(DAY_MS);
    const reminders = await Promise.all([early, given, declined, debit, other].map((email) => remind(app, { email })));
    await give(app, { frequency: "monthly", amount: 1000 }, { email: given.toUpperCase() });
    const begun = (await (await start(app, { frequency: "once", amount: 2500, currency: "USD" })).json()) as Start;
    await onStripesPage(begun.url, "decline", { email: declined });
    await app.settle();
    await app.standIn.advance(29 * DAY_MS);
    const late = (await (await start(app, { frequency: "once", amount: 2500, currency: "EUR" })).json()) as Start;
    await onStripesPage(late.url, "pay_later", { email: debit });
    await app.settle();
    await app.standIn.advance(3 * DAY_MS);
    await app.settle();
    await untilMorning(
      app,
      reminders.map(({ id }) => id),
    );
    const states = await Promise.all(reminders.map(async ({ id }) => await stored(app, id)));
    expect(states.map(({ state, reason }) => reason ?? state)).toEqual([
      "queued",
      "given_since",
      "queued",
      "given_since",
      "queued",
    ]);
    for (const row of states) expect(row.address_sealed === null).toBe(row.reason === "given_since");
  });

  test("whoever gave by the link of another device, under another address, is not reminded either", async () => {
    const reader = await remind(app, { email: someone() });
    const { id } = await give(app, { reminder_token: reader.token }, { email: someone() });
    await passMonth();
    const donation = await app.db
      .selectFrom("donations")
      .select("reminder_id")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    expect(donation.reminder_id).toBe(reader.id);
    expect(await stored(app, reader.id)).toMatchObject({ state: "suppressed", reason: "given_since" });
  });
});

const ATTRIBUTION = {
  article_url: "https://www.example.org/harbour?reader=7",
  article_id: "harbour-mud",
  campaign: "winter-2026",
};

async function send(fields: Record<string, string>) {
  const gift = { frequency: "once", amount: "2500", currency: "USD", ...fields };
  const sent = await fetch(`${app.url}/v1/checkout-sessions`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(gift),
  });
  expect(sent.status).toBe(303);
}

async function giftsBy(reminderId: string) {
  return await app.db.selectFrom("donations").selectAll().where("reminder_id", "=", reminderId).execute();
}

test("the link in the mail holds a token alone; it opens the form filled in, and the gift is the reminder's with all that it knows", async () => {
  const gift = { frequency: "monthly", amount: 4200, currency: "EUR", locale: "de", attribution: ATTRIBUTION };
  const reader = await remind(app, { email: someone(), ...gift });
  const { give: address, confirm, unsubscribe } = reminderLinks(app.deps, "reminder", reader.id);
  expect(confirm).toBeNull();
  expect(JSON.stringify(unsubscribe)).not.toContain(reader.token);
  expect(address).toBe(`${app.url}/give?reminder_token=${reader.token}`);
  const page = await (await fetch(address ?? "")).text();
  expect(page).toContain('<html lang="de"');
  expect(page).toMatch(/name="frequency" value="monthly"[^>]* checked/);
  expect(page).toMatch(/name="other_amount"[^>]* value="42\.00"/);
  expect(page).toContain(`name="reminder_token" value="${reader.token}"`);
  expect(page).toContain('href="https://www.example.org/harbour"');
  expect(page).not.toMatch(/harbour-mud|winter-2026|attribution/);
  const inDollars = await (await fetch(`${address}&currency=USD`)).text();
  expect(inDollars).not.toContain('value="42.00"');
  await send({ reminder_token: reader.token });
  expect(await giftsBy(reader.id)).toMatchObject([
    { article_url: "https://www.example.org/harbour", article_id: "harbour-mud", campaign: "winter-2026" },
  ]);
});

test("what a gift itself says of where it comes from goes before what the reminder knows", async () => {
  const reader = await remind(app, { email: someone(), attribution: ATTRIBUTION });
  await send({ reminder_token: reader.token, "attribution[campaign]": "spring" });
  expect(await giftsBy(reader.id)).toMatchObject([{ campaign: "spring", article_id: null, article_url: null }]);
});

test("the page of the mail that asks to confirm leads to the form without its secret, and the gift counts as the reminder's", async () => {
  const email = someone();
  const reader = await remind(app, { email, country: "DE" });
  const { confirm } = reminderLinks(app.deps, "reminder_confirm", reader.id);
  const secret = confirm?.split("/").at(-1) ?? "";
  const page = await (await fetch(confirm ?? "")).text();
  const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? "");
  expect(links.join(" ")).not.toContain(secret);
  const form = await (await fetch(links.find((link) => link.includes("/give")) ?? "")).text();
  const token = /name="reminder_token" value="([\w-]+)"/.exec(form)?.[1];
  await give(app, { reminder_token: token }, { email });
  await app.settle();
  expect(await giftsBy(reader.id)).toHaveLength(1);
  const answer = await fetch(`${app.url}/v1/reports/reminders`, {
    headers: { authorization: `Bearer ${await app.token("audience")}` },
  });
  const { rows } = (await answer.json()) as { rows: { converted: number }[] };
  expect(rows.reduce((sum, row) => sum + row.converted, 0)).toBeGreaterThanOrEqual(1);
});

test.each(["nope", "x".repeat(54), ""])(
  "a gift isn't refused for the broken reminder_token %j",
  async (reminder_token) => {
    const answer = await start(app, { frequency: "once", amount: 2500, currency: "USD", reminder_token });
    const { id } = (await answer.json()) as Start;
    expect(answer.status).toBe(201);
    const row = await app.db
      .selectFrom("donations")
      .select("reminder_id")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    expect(row.reminder_id).toBeNull();
  },
);

test("never a way to another site: an article of somebody else's is in no link", async () => {
  const reader = await remind(app, { email: someone(), attribution: { article_url: "https://evil.example/x" } });
  const { give: address } = reminderLinks(app.deps, "reminder", reader.id);
  expect(address).not.toContain("evil");
  expect(await (await fetch(address ?? "")).text()).not.toContain("evil.example");
});
