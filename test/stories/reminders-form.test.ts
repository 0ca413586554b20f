import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";
import { press, remind, setTime, someone, stored, work } from "../support/reminders.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const NOW = "2027-03-01T12:00:00Z";

async function send(fields: Record<string, string>) {
  const body = new URLSearchParams({ locale: "en", email: someone(), time_zone: "", ...fields });
  const answer = await fetch(`${app.url}/v1/reminders`, { method: "POST", body, redirect: "manual" });
  return { status: answer.status, location: answer.headers.get("location") ?? "", text: await answer.text() };
}

describe("the form, without scripts", () => {
  test.each(["/give?locale=en", "/?locale=en"])("is on %s beside the entry for the calendar", async (path) => {
    const page = await (await fetch(app.url + path)).text();
    expect(page).toContain('<form method="post" action="/v1/reminders">');
    expect(page).toMatch(/<input type="checkbox" name="discreet" id="remind-discreet"[^>]*>/);
    for (const months of [1, 3, 6, 12]) {
      expect(page).toContain(`name="when" value="${months}"`);
      expect(page).toContain(`/remind.ics?in_months=${months}`);
    }
  });

  test("leads to the reminder's page, which says when and how to cancel", async () => {
    setTime(app, NOW);
    const attribution = { "attribution[article_id]": "harbour-mud", "attribution[article_url]": `${app.url}/` };
    const sent = await send({ when: "3", on: "", ...attribution });
    expect(sent.status).toBe(303);
    const page = await (await fetch(app.url + sent.location)).text();
    expect(page).toContain("We have noted your wish to be reminded on <bdi>June 1, 2027</bdi>.");
    expect(page).toContain(`<a href="${app.url}/">`);
    const row = await app.db
      .selectFrom("reminders")
      .selectAll()
      .where("article_id", "=", "harbour-mud")
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ time_zone: "Europe/Berlin", article_url: `${app.url}/`, lead_days: 92 });
  });

  test("takes the day in the field beside `on`, and only then", async () => {
    setTime(app, NOW);
    const chosen = await send({ when: "on", on: "2027-07-14" });
    expect(await (await fetch(app.url + chosen.location)).text()).toContain("July 14, 2027");
    const left = await send({ when: "1", on: "2027-07-14" });
    expect(await (await fetch(app.url + left.location)).text()).toContain("April 1, 2027");
  });

  test("takes the names of the API too, and a time zone that a script made up as none", async () => {
    setTime(app, NOW);
    const plain = await send({ in_months: "2", time_zone: "Etc/Unknown" });
    expect(await (await fetch(app.url + plain.location)).text()).toContain("May 1, 2027");
  });

  test.each([
    [{ when: "1", email: "" }, 400, "remind-email", "Please enter your email address."],
    [{ when: "1", email: "reader@" }, 400, "remind-email", "This doesn’t look like an email address."],
    [{ when: "on", on: "" }, 400, "remind-date", "Please enter a date that exists."],
    [{ when: "on", on: "2027-02-30" }, 400, "remind-date", "Please enter a date that exists."],
    [{ when: "on", on: "2027-03-01" }, 422, "remind-date", "Please choose a date within the next twelve months."],
    [{ when: "", email: "reader@example.org" }, 400, "remind-when", "Please choose when we may ask again."],
  ])("with %j says what to mend (%i), at its field, and keeps what was typed", async (fields, status, field, words) => {
    setTime(app, NOW);
    const sent = await send(fields);
    expect(sent.status).toBe(status);
    expect(sent.text).toContain(`<a href="#${field}">${words}`);
    expect(sent.text).toContain(`id="${field}-fault"`);
    expect(sent.text).toContain('<details class="remind" id="remind" open>');
    if ("email" in fields) expect(sent.text).toContain(`value="${fields.email}"`);
  });

  test("shows nothing of what was typed as markup, and follows the newsroom's languages", async () => {
    const sent = await send({ locale: "ar", when: "1", email: `"><script>alert(1)</script>@x` });
    expect(sent.status).toBe(400);
    expect(sent.text).toContain('dir="rtl"');
    expect(sent.text).not.toContain("<script>alert");
  });

  test.each(["en", "ru", "de", "fr", "es", "ar"])("and its pages are whole in %s", async (locale) => {
    setTime(app, NOW);
    const { token } = await remind(app, { email: someone(), locale });
    const form = await (await fetch(`${app.url}/give?locale=${locale}`)).text();
    const page = await (await fetch(`${app.url}/reminders/${token}?said=new`)).text();
    for (const text of [form.slice(form.indexOf('<details class="remind"')), page])
      expect(text).not.toMatch(/\{[a-z_]+\}|undefined/);
    await press(app, token, "cancel");
    const cancelled = await (await fetch(`${app.url}/reminders/${token}`)).text();
    expect(cancelled).toContain(`<html lang="${locale}"`);
    expect(cancelled).toContain(app.deps.newsroom().copy[locale]?.reminder.restore);
  });
});

test("support-reminders: addresses logged; here they stand neither in the log nor in the database, before and after", async () => {
  setTime(app, NOW);
  const marker = { address: "hidden.marker+5f2c@secret-domain-5f2c.example" };
  const sent = await send({ when: "1", email: marker.address });
  const again = await remind(app, { email: marker.address, country: "DE" });
  await send({ when: "1", email: `${marker.address}\r\nBcc: x@example.org` });
  await send({ when: "13", email: marker.address });
  await press(app, again.token, "cancel");
  await remind(app, { email: marker.address });
  setTime(app, "2027-05-01T12:00:00Z");
  await work(app);
  expect(sent.status).toBe(303);
  expect(sent.location).not.toContain("marker");
  expect((await stored(app, again.id)).address_hash).not.toBeNull();
  const places = [...(await dumpDatabase(app.db)), { name: "log", content: app.logged() }];
  expect(findLeaks(places, marker)).toEqual([]);
});
