import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { monthsLater } from "../../src/shared/period.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const DAY_MS = 86_400_000;

async function begin(body: object = {}): Promise<Start> {
  const answer = await start(app, { frequency: "once", amount: 2500, currency: "USD", ...body });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Start;
}

async function show(path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(app.url + path, { headers, redirect: "manual" });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Sends the form as a browser does. */
async function send(fields: Record<string, string>) {
  const body = new URLSearchParams({ frequency: "once", currency: "USD", locale: "en", ...fields });
  const answer = await fetch(`${app.url}/v1/checkout-sessions`, { method: "POST", body, redirect: "manual" });
  return { status: answer.status, location: answer.headers.get("location") ?? "", text: await answer.text() };
}

/** What a page says, without its markup. */
function words(page: string): string {
  const body = page.slice(page.indexOf("<main"));
  return body
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/[\u2066\u2069]/g, "")
    .replace(/\s+/g, " ");
}

function sentValue(page: string, name: string): string | undefined {
  return new RegExp(`name="${name.replace(/[[\]]/g, "\\$&")}"[^>]*? value="([^"]*)"`).exec(page)?.[1];
}

describe("the thank-you page", () => {
  test("waits while nothing is confirmed, whatever the address says, and not for ever", async () => {
    const { id } = await begin();
    const first = await show(`/thanks/${id}?session_id=cs_test_paid&status=paid`);
    expect(first.status).toBe(200);
    expect(words(first.text)).toContain("No payment has been confirmed yet.");
    expect(first.text).toContain(`http-equiv="refresh" content="3;url=/thanks/${id}?n=1"`);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect((await show(`/thanks/${id}?n=19`)).text).toContain(`url=/thanks/${id}?n=20"`);
    for (const n of ["20", "999"]) {
      const late = await show(`/thanks/${id}?n=${n}`);
      expect(late.text).not.toContain("http-equiv");
      expect(late.text).toContain(`href="/thanks/${id}"`);
    }
    expect((await show(`/thanks/${id}?n=-5`)).text).toContain(`url=/thanks/${id}?n=1"`);
  });

  test("says what was paid, for a single gift and for the first of many", async () => {
    const once = await begin({ amount: 2500, cover_fees: true });
    const monthly = await begin({ frequency: "monthly", amount: 1000, currency: "EUR", locale: "de" });
    await onStripesPage(once.url, "pay", { email: "hidden.reader@example.org", name: "Hidden Reader" });
    await onStripesPage(monthly.url, "pay");
    await app.settle();
    const page = await show(`/thanks/${once.id}`);
    expect(words(page.text)).toMatch(/Your gift of \$26\.06 to The Harbour Courier has been received\./);
    expect(words(page.text)).toContain(`Reference: ${once.id}`);
    expect(page.text).not.toContain("http-equiv");
    expect(page.text).not.toMatch(/hidden/i);
    const german = await show(`/thanks/${monthly.id}`, { "accept-language": "fr" });
    expect(german.text).toContain(`<html lang="de" dir="ltr">`);
    expect(words(german.text).replaceAll("\u00a0", " ")).toContain("The Harbour Courier hat begonnen: 10 € im Monat.");
  });

  test("tells a debit that is on its way, and one that failed, from one that arrived", async () => {
    const late = await begin({ frequency: "once", currency: "EUR" });
    const lost = await begin({ frequency: "monthly", currency: "EUR", amount: 1000 });
    await onStripesPage(late.url, "pay_later");
    await onStripesPage(lost.url, "pay_later_fail");
    await app.settle();
    const processing = await show(`/thanks/${late.id}`);
    expect(words(processing.text)).toContain("Please don’t pay again");
    expect(processing.text).not.toContain("http-equiv");
    expect(words((await show(`/cancelled/${late.id}`)).text)).toContain("Your payment is on its way");
    await app.standIn.advance(6 * DAY_MS);
    await app.settle();
    expect(words((await show(`/thanks/${late.id}`)).text)).toContain("has been received");
    const failed = await show(`/thanks/${lost.id}`);
    expect(words(failed.text)).toContain("no regular gift has started");
    expect(failed.text).toContain("/give?locale=en&#38;frequency=monthly&#38;currency=EUR");
  });

  test("after the payment page has expired, nothing was charged and the way is open to start again", async () => {
    const { id } = await begin({ locale: "ru" });
    await app.standIn.advance(DAY_MS);
    await app.settle();
    const page = await show(`/thanks/${id}`);
    expect(words(page.text)).toContain("Время на оплату истекло");
    expect(words(page.text)).toContain("Начать заново");
  });

  test("reads from right to left in Arabic", async () => {
    const { id } = await begin({ locale: "ar", frequency: "annual", amount: 10_000 });
    expect((await show(`/thanks/${id}`)).text).toContain(`<html lang="ar" dir="rtl">`);
  });

  test.each(["nope", "01900000-0000-7000-8000-000000000000", "%00"])("is a page that says so for %s", async (id) => {
    for (const path of ["thanks", "cancelled"]) {
      const page = await show(`/${path}/${id}`, { "accept-language": "xx, de-AT;q=0.8, en;q=0.5" });
      expect(page.status).toBe(404);
      expect(page.headers.get("content-type")).toContain("text/html");
      expect(page.text).toContain(`<html lang="de"`);
      expect(words(page.text)).toContain("Seite nicht gefunden");
    }
  });
});

describe("the way back", () => {
  test.each([
    ["https://www.example.org/story?reader=7#top", "https://www.example.org/story"],
    ["https://evil.example/story", "https://www.example.org"],
    ["https://www.example.org.evil.example/", "https://www.example.org"],
    ["https://www.example.org:444/story", "https://www.example.org"],
  ])("from %s leads to %s", async (article_url, back) => {
    const { id } = await begin({ attribution: { article_url } });
    const page = (await show(`/cancelled/${id}`)).text;
    expect(page).toContain(`<a href="${back}">Back to The Harbour Courier</a>`);
    expect(page).not.toContain("evil");
  });

  test("from our own pages leads to the form under the article", async () => {
    const { id } = await begin({ attribution: { article_url: `${app.url}/` } });
    const page = (await show(`/cancelled/${id}`)).text;
    expect(words(page)).toContain("Nothing was charged");
    expect(page).toContain(`href="${app.url}/?locale=en&#38;frequency=once&#38;currency=USD#support"`);
  });

  test("a cancelled page doesn't take back what was paid in another tab", async () => {
    const { id, url } = await begin();
    await onStripesPage(url, "pay");
    await app.settle();
    const page = words((await show(`/cancelled/${id}`)).text);
    expect(page).toContain("has been received");
    expect(page).not.toContain("Nothing was charged");
  });
});

describe("the form's amounts", () => {
  async function chosen(fields: Record<string, string>) {
    const { status, location } = await send(fields);
    expect(status).toBe(303);
    const { frequency, chosen_amount } = await app.db
      .selectFrom("donations")
      .select(["frequency", "chosen_amount"])
      .where("stripe_session", "=", /cs_test_\w+/.exec(location)?.[0] ?? "")
      .executeTakeFirstOrThrow();
    return `${chosen_amount} ${frequency}`;
  }

  test("are those of the chosen frequency", async () => {
    const all = { amount_once: "2500", amount_monthly: "1000", amount_annual: "10000" };
    expect(await chosen({ ...all, frequency: "once" })).toBe("2500 once");
    expect(await chosen({ ...all, frequency: "monthly" })).toBe("1000 monthly");
    expect(await chosen({ ...all, frequency: "annual" })).toBe("10000 annual");
  });

  test("are typed where `other` is chosen, and a text left over in the hidden field counts for nothing", async () => {
    expect(await chosen({ amount_once: "other", other_amount: "12,50" })).toBe("1250 once");
    expect(await chosen({ amount_once: "2500", other_amount: "12,50" })).toBe("2500 once");
    const left = { amount_once: "other", other_amount: "7", amount_monthly: "1000" };
    expect(await chosen({ ...left, frequency: "monthly" })).toBe("1000 monthly");
  });

  test("can also be the contract's plain fields", async () => {
    expect(await chosen({ amount: "1500" })).toBe("1500 once");
    expect(await chosen({ amount: "1500", other_amount: "20" })).toBe("2000 once");
  });

  test.each([
    [{ amount_once: "other", other_amount: "" }, "Please choose or enter an amount."],
    [{ amount_once: "other", other_amount: "1,000" }, "This amount can be read in two ways."],
    [{ amount_once: "other", other_amount: "ten" }, "Please enter the amount in figures"],
    [{ amount_once: "other", other_amount: "1" }, "The smallest amount we can accept is $3."],
    [{ amount_once: "other", other_amount: "20000" }, "The largest amount we can accept here is $10,000."],
  ])("%o have to be mended at the field", async (fields, message) => {
    const { status, text } = await send(fields);
    expect([400, 422]).toContain(status);
    expect(words(text)).toContain(message);
    expect(text).toContain(`<a href="#gift-other">`);
    expect(text).toMatch(/id="gift-other"[^>]*aria-describedby="gift-other-fault gift-other-hint" aria-invalid="true"/);
    expect(text).toContain(`id="gift-once-other" checked`);
    expect(sentValue(text, "other_amount")).toBe(fields.other_amount);
  });
});

describe("what has to be mended", () => {
  test("keeps everything that was typed, and runs nothing of it", async () => {
    const { status, text } = await send({
      frequency: "annual",
      currency: "EUR",
      locale: "fr",
      amount_annual: "20000",
      amount_monthly: "500",
      email: `"><script>alert(1)</script>`,
      discreet: "on",
      cover_fees: "on",
      idempotency_key: "key-of-a-form",
      "attribution[campaign]": "winter-2026",
      "attribution[article_url]": "https://www.example.org/story",
      "attribution[variant]": `b"><img src=x>`,
    });
    expect(status).toBe(400);
    expect(text).toContain(`<html lang="fr"`);
    expect(words(text)).toContain("Cela ne ressemble pas à une adresse e-mail.");
    expect(text).toContain(`<a href="#gift-email">`);
    expect(text).not.toContain("<script>alert");
    expect(text).not.toContain("<img");
    expect(sentValue(text, "email")).toBe("&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;");
    expect(sentValue(text, "attribution[campaign]")).toBe("winter-2026");
    expect(sentValue(text, "attribution[article_url]")).toBe("https://www.example.org/story");
    expect(sentValue(text, "currency")).toBe("EUR");
    for (const id of ["gift-annual", "gift-annual-2", "gift-monthly-0", "gift-discreet", "gift-cover_fees"]) {
      expect(text).toMatch(new RegExp(`id="${id}"[^>]* checked`));
    }
    expect(text).not.toMatch(/id="gift-newsletter"[^>]* checked/);
  });

  test("can be sent again: the page's own fields are all accepted", async () => {
    const { text } = await send({ amount_once: "other", other_amount: "1", email: "a@example.org" });
    const again: Record<string, string> = {};
    for (const [, name = ""] of text.matchAll(/<input type="(?:hidden|email)" name="([^"]+)"/g)) {
      again[name] = sentValue(text, name) ?? "";
    }
    expect(Object.keys(again)).toEqual(expect.arrayContaining(["currency", "locale", "terms_version", "email"]));
    expect((await send({ ...again, amount_once: "2500" })).status).toBe(303);
  });

  test("a hidden field that nobody could mend is left out", async () => {
    const { status, text } = await send({ amount_once: "2500", "attribution[article_url]": "javascript:alert(1)" });
    expect(status).toBe(400);
    expect(text).not.toContain("javascript");
    expect(sentValue(text, "attribution[article_url]")).toBeUndefined();
  });

  test("a form that was sent before with other details becomes a gift of its own under a new key", async () => {
    const key = { idempotency_key: crypto.randomUUID() };
    expect((await send({ ...key, amount_once: "2500" })).status).toBe(303);
    const { status, text } = await send({ ...key, amount_once: "5000" });
    expect(status).toBe(422);
    expect(words(text)).toContain("this will be a separate gift");
    const fresh = sentValue(text, "idempotency_key") ?? "";
    expect(fresh).toMatch(/^[0-9a-f-]{36}$/);
    expect(fresh).not.toBe(key.idempotency_key);
    expect((await send({ idempotency_key: fresh, amount_once: "5000" })).status).toBe(303);
  });

  test("while Stripe is away, nothing was charged and the same key goes out again", async () => {
    const key = { idempotency_key: crypto.randomUUID() };
    const create = app.deps.stripe.api.checkout.sessions.create;
    app.deps.stripe.api.checkout.sessions.create = () => Promise.reject(new TypeError("broken"));
    try {
      const { status, text } = await send({ ...key, amount_once: "2500" });
      expect(status).toBe(500);
      expect(words(text)).toContain("Nothing was charged. Something went wrong on our side.");
      expect(sentValue(text, "idempotency_key")).toBe(key.idempotency_key);
    } finally {
      app.deps.stripe.api.checkout.sessions.create = create;
    }
    expect((await send({ ...key, amount_once: "2500" })).status).toBe(303);
  });
});

describe("the form on its own page", () => {
  test("opens with what its address asks for, and takes nothing personal from it", async () => {
    const page = await show(
      "/give?locale=de&currency=EUR&frequency=monthly&amount=5000&email=a@example.org&utm_source=mail",
    );
    expect(page.text).toContain(`<html lang="de"`);
    expect(page.text).toMatch(/id="gift-monthly-3"[^>]* checked/);
    expect(page.text).toMatch(/id="gift-monthly" required checked/);
    expect(page.text).not.toContain("a@example.org");
    expect(sentValue(page.text, "attribution[utm_source]")).toBe("mail");
    expect(page.headers.get("cache-control")).toBe("no-store");
  });

  test("takes any amount of minor units as one of the reader's own, and nonsense as nothing", async () => {
    expect(sentValue((await show("/give?amount=1234")).text, "other_amount")).toBe("12.34");
    for (const query of [
      "amount=-1",
      "amount=1e9",
      "currency=XXX",
      "frequency=daily",
      "locale=%00",
      "currency=__proto__",
    ]) {
      const page = await show(`/give?${query}`);
      expect(page.status).toBe(200);
      expect(page.text).toMatch(/id="gift-once-1" checked/);
    }
  });

  test("leads back to articles of ours only", async () => {
    expect((await show("/give?article_url=https://www.example.org/story%3Fa=b")).text).toContain(
      `<a href="https://www.example.org/story">`,
    );
    expect((await show("/give?article_url=https://evil.example/")).text).not.toContain(`href="https://evil.example`);
  });

  test("makes a new key each time", async () => {
    const keys = await Promise.all([1, 2].map(async () => sentValue((await show("/give")).text, "idempotency_key")));
    expect(new Set(keys).size).toBe(2);
  });
});

describe("a reminder for the calendar", () => {
  test("is an entry that rings in so many months, leads back, and names nobody where others may look", async () => {
    const answer = await fetch(`${app.url}/remind.ics?in_months=3&locale=ru&article_url=https://www.example.org/story`);
    expect(answer.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
    expect(answer.headers.get("content-disposition")).toBe("attachment; filename=reminder.ics");
    const file = await answer.text();
    const lines = file.split("\r\n");
    expect(lines.at(-1)).toBe("");
    expect(file.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    const whole = file.replaceAll("\r\n ", "");
    expect(whole).toMatch(/^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/);
    expect(whole).toContain("\r\nSUMMARY:Напоминание\\, о котором вы просили\r\n");
    expect(whole).toMatch(/\r\nDTSTART;VALUE=DATE:\d{8}\r\n/);
    expect(whole).toContain("\r\nURL:");
    expect(whole).toContain(encodeURIComponent("https://www.example.org/story"));
    expect(/SUMMARY:.*/.exec(whole)?.[0]).not.toContain("Courier");
  });

  test.each(["", "in_months=0", "in_months=13", "in_months=1.5", "in_months=x"])("is refused for %s", async (query) => {
    expect((await show(`/remind.ics?${query}`)).status).toBe(400);
  });

  test.each([
    ["2026-11-30", 3, "2027-02-28"],
    ["2027-12-31", 2, "2028-02-29"],
    ["2026-11-23", 12, "2027-11-23"],
    ["2026-12-15", 1, "2027-01-15"],
  ])("from %s, %i months later is %s", (date, months, later) => {
    expect(monthsLater(date, months)).toBe(later);
  });

  test("never leads anywhere else", async () => {
    const file = (await show("/remind.ics?in_months=1&article_url=https://evil.example/")).text;
    expect(file.replaceAll("\r\n ", "")).toContain(`URL:${app.url}/give?locale=en\r\n`);
    expect(file).not.toContain("evil");
  });
});

describe("assets", () => {
  test("are kept for a year under an address that changes with them", async () => {
    const page = (await show("/give")).text;
    const urls = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, url = ""]) => url);
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      const asset = await show(url);
      expect(asset.status).toBe(200);
      expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(asset.headers.get("content-type")).toMatch(/^text\/(css|javascript); charset=utf-8$/);
      const old = await show(url.replace(/\.[0-9a-f]{12}\./, ".0123456789ab."));
      expect(old.headers.get("cache-control")).toBe("no-cache");
      expect(old.text).toBe(asset.text);
    }
    for (const path of ["nothing.0123456789ab.css", "site.css", "..%2Fassets.ts", "__proto__.0123456789ab."]) {
      expect((await show(`/assets/${path}`)).status).toBe(404);
    }
  });

  test("nothing on a page is inline or from elsewhere", async () => {
    const pages = await Promise.all(["/", "/give?locale=ar", "/thanks/nope"].map((path) => show(path)));
    for (const page of pages) {
      expect(page.headers.get("content-security-policy")).toContain("script-src 'self';style-src 'self'");
      expect(page.text).not.toMatch(/<style|style="|<script(?! src="\/assets\/)| on[a-z]+="/);
      for (const [, url] of page.text.matchAll(/(?:src|<link[^>]* href)="([^"]*)"/g))
        expect(url).toMatch(/^(\/assets\/|data:,$)/);
    }
  });
});
