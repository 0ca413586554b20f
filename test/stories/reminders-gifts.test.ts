import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reminderAddress } from "../../src/mail/reminder-done.queries.ts";
import { reminderLinks } from "../../src/mail/reminder-links.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give, onStripesPage, type Start, start } from "../support/giving.ts";
import { remind, someone, stored } from "../support/reminders.ts";

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
    const now = await Promise.all(reminders.map(async ({ id }) => await stored(app, id)));
    // At night the clock may have left them for the morning: then it has to come first.
    if (now.some(({ state }) => state === "pending")) await app.standIn.advance(DAY_MS / 2);
    await app.settle();
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

test("the link in the mail opens the form filled in, and the gift that comes by it is tied to the reminder", async () => {
  const attribution = {
    article_url: "https://www.example.org/harbour?reader=7",
    article_id: "harbour-mud",
    campaign: "winter-2026",
  };
  const gift = { frequency: "monthly", amount: 4200, currency: "EUR", locale: "de", attribution };
  const reader = await remind(app, { email: someone(), ...gift });
  const row = await reminderAddress(app.db, reader.id);
  if (row === undefined) throw new Error("The reminder is gone.");
  const { give: address, unsubscribe, confirm } = reminderLinks(app.deps, app.deps.newsroom(), "reminder", row);
  expect(confirm).toBeNull();
  expect(unsubscribe).toEqual({
    page: `${app.url}/reminders/${reader.token}`,
    oneClick: `${app.url}/v1/reminders/${reader.token}/cancel`,
  });
  const page = await (await fetch(address ?? "")).text();
  expect(page).toContain('<html lang="de"');
  expect(page).toMatch(/name="frequency" value="monthly"[^>]* checked/);
  expect(page).toMatch(/name="other_amount"[^>]* value="42\.00"/);
  expect(page).toContain(`name="reminder_token" value="${reader.token}"`);
  expect(page).toContain('name="attribution[article_id]" value="harbour-mud"');
  expect(page).toContain('name="attribution[article_url]" value="https://www.example.org/harbour"');
  const sent = await fetch(`${app.url}/v1/checkout-sessions`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ frequency: "once", amount: "2500", currency: "USD", reminder_token: reader.token }),
  });
  expect(sent.status).toBe(303);
  const tied = await app.db.selectFrom("donations").select("id").where("reminder_id", "=", reader.id).execute();
  expect(tied).toHaveLength(1);
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

test("never a way to another site: an article of somebody else's is left out of the link", async () => {
  const reader = await remind(app, { email: someone(), attribution: { article_url: "https://evil.example/x" } });
  const row = await reminderAddress(app.db, reader.id);
  if (row === undefined) throw new Error("The reminder is gone.");
  expect(reminderLinks(app.deps, app.deps.newsroom(), "reminder", row).give).not.toContain("evil");
});
