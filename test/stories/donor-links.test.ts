import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { giftLinks, manageLink } from "../../src/mail/gift-links.ts";
import type { MailKind } from "../../src/mail/kinds.ts";
import { signToken } from "../../src/mail/links.ts";
import { mailId } from "../../src/mail/queue.queries.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { type Account, openAccount } from "../support/account.ts";
import { mailsOf } from "../support/gift-mails.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";

let here: Account;
let close: () => Promise<void>;
beforeAll(async () => {
  here = await openAccount({}, (end) => {
    close = end;
  });
});
afterAll(() => close());

const MONTHLY = { frequency: "monthly", amount: 1000 };

async function linksOf(id: string, kind: MailKind) {
  const { config, vault, newsroom } = here.app.deps;
  return giftLinks(config, vault, newsroom(), await here.donationOf(id), kind);
}

async function link(id: string, which: "stop" | "fix"): Promise<string> {
  return (await linksOf(id, "payment_failed"))[which] ?? "";
}

async function visit(url: string, init: RequestInit = {}) {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, location: answer.headers.get("location") ?? "" };
}

const press = (url: string, fields: Record<string, string> = {}) =>
  visit(url, { method: "POST", body: new URLSearchParams(fields) });

/** What a page says, without its markup. */
function words(page: string): string {
  return page
    .slice(page.indexOf("<main"))
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ");
}

async function atStripe(id: string) {
  const { stripe_subscription } = await here.donationOf(id);
  return await here.stripe.subscriptions.retrieve(stripe_subscription ?? "");
}

/** Stripe dates what it is asked for to the second, and a gift that began in this very second is as new. */
async function running(body: object = {}): Promise<string> {
  const id = await here.given({ ...MONTHLY, ...body });
  await here.days(0.1);
  return id;
}

const cancelling = async (id: string) => `/v1/subscriptions/${(await here.donationOf(id)).stripe_subscription}`;

async function failing(body: object = {}) {
  const id = await here.given({ ...MONTHLY, ...body });
  const { stripe_customer: customer } = await here.donationOf(id);
  await here.control(`customers/${customer}`, { renewals: "fail" });
  await here.days(32);
  return { id, customer };
}

describe("every page", () => {
  test("is for its own purpose: other tokens, altered ones and none lead to a new link, in the reader's language", async () => {
    const addresses = () => here.app.db.selectFrom("mail_addresses").selectAll().orderBy("address_hash").execute();
    const before = await addresses();
    const id = await here.given(MONTHLY);
    const { vault } = here.app.deps;
    const purposes = ["stop-gift", "fix-payment", "unsubscribe", "manage", "reminder"] as const;
    const paths = {
      "stop-gift": "gifts/stop",
      "fix-payment": "gifts/fix",
      unsubscribe: "mail/off",
      manage: "gifts",
    } as const;
    for (const [own, path] of Object.entries(paths)) {
      const wrong = purposes.filter((purpose) => purpose !== own).map((purpose) => signToken(vault, purpose, id));
      const good = signToken(vault, own as keyof typeof paths, id);
      const lapsed = signToken(vault, own as keyof typeof paths, id, new Date(Date.now() - 1000));
      const unknown = signToken(vault, own as keyof typeof paths, "01900000-0000-7000-8000-000000000000");
      const altered = `${good.slice(0, -1)}${good.endsWith("A") ? "B" : "A"}`;
      for (const token of [...wrong, lapsed, unknown, altered, "nope", "%00"]) {
        const methods = own === "manage" ? ["GET"] : ["GET", "POST"];
        for (const method of methods) {
          const page = await visit(`${here.app.url}/${path}/${token}`, {
            method,
            headers: { "accept-language": "de-AT" },
          });
          expect(page.status).toBe(404);
          expect(page.text).toContain(`<html lang="de"`);
          expect(page.text).toContain(`href="/my-gift?locale=de"`);
          expect(words(page.text)).toContain("Dieser Link gilt nicht mehr");
        }
      }
    }
    const oneClick = await press(`${here.app.url}/v1/mail/off/${signToken(vault, "stop-gift", id)}`);
    expect(oneClick.status).toBe(404);
    expect(oneClick.headers.get("content-type")).toContain("application/problem+json");
    expect((await atStripe(id)).status).toBe("active");
    expect(await addresses()).toEqual(before);
  });

  test("is kept by nobody, goes to no other site, runs nothing, and its address is in no log", async () => {
    const id = await here.given({ ...MONTHLY, locale: "ar" });
    const stop = await link(id, "stop");
    const page = await visit(stop);
    expect(page.text).toContain(`<html lang="ar" dir="rtl">`);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/<script|reader@example\.org|A Reader/);
    expect(here.app.logged()).toContain(`"route":"/gifts/stop/:token"`);
    expect(here.app.logged()).not.toContain(stop.split("/").at(-1));
  });
});

describe("stopping a gift", () => {
  test("is one button; looking changes nothing, pressing twice stops once, and nothing is charged any more", async () => {
    const id = await running({ locale: "de" });
    const stop = await link(id, "stop");
    for (const method of ["GET", "HEAD", "OPTIONS", "GET"]) await visit(stop, { method });
    expect((await visit(stop)).text.match(/<button/g)).toHaveLength(1);
    expect((await atStripe(id)).status).toBe("active");

    const both = await Promise.all([press(stop), press(stop)]);
    for (const page of [...both, await press(stop)]) {
      expect(page.status).toBe(200);
      expect(words(page.text)).toContain("Ihre Spende ist beendet");
      expect(page.text).toContain("/give?locale=de&#38;frequency=monthly&#38;amount=1000&#38;currency=USD");
    }
    expect((await atStripe(id)).status).toBe("canceled");
    expect(words((await visit(stop)).text)).toContain("Diese Spende läuft nicht");
    await here.settle();
    const told = (await mailsOf(here.app.db, id)).filter((mail) => mail.kind === "cancelled");
    expect(told).toMatchObject([{ data: { by: "reader", ends_on: null } }]);
    await here.days(31);
    expect(await here.paymentRows(id)).toHaveLength(1);
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "canceled" });
    const thanks = words((await visit(`${here.app.url}/thanks/${id}`)).text);
    expect(thanks).toContain("Ihre Spende ist beendet");
    expect(thanks).not.toContain("hat begonnen");
  });

  test("doesn't wait for Stripe's event", async () => {
    const id = await running();
    here.app.standIn.deliveries.hold();
    expect((await press(await link(id, "stop"))).status).toBe(200);
    const stored = here.app.db.selectFrom("stripe_subscriptions").select("status").where("donation_id", "=", id);
    expect(await stored.executeTakeFirst()).toEqual({ status: "canceled" });
    await here.app.standIn.deliveries.release();
    await here.settle();
    expect((await mailsOf(here.app.db, id)).map((mail) => mail.kind)).toEqual(["cancelled", "recurring_started"]);
  });

  test.each([
    ["refuses", { kind: "status", status: 500 }],
    ["breaks off, which its client tries once more", { kind: "cut", times: 2 }],
    ["answers nothing of use", { kind: "not_json" }],
  ] as const)("says so when Stripe %s, and works when pressed again", async (_, fault) => {
    const id = await running();
    const stop = await link(id, "stop");
    here.app.standIn.failNext({ times: 1, ...fault, path: await cancelling(id) });
    const page = await press(stop);
    expect(page.status).toBe(503);
    expect(page.headers.get("retry-after")).toBe("5");
    expect(words(page.text)).toContain("can’t say yet whether your gift has been stopped");
    expect(page.text).toContain("<button");
    expect(words((await press(stop)).text)).toContain("Your gift has been stopped");
    expect((await atStripe(id)).status).toBe("canceled");
  });

  test("that was stopped although the answer got lost is stopped all the same", async () => {
    const id = await running();
    const stop = await link(id, "stop");
    here.app.standIn.failNext({ kind: "after_effect_cut", times: 1, path: await cancelling(id) });
    expect((await press(stop)).status).toBe(200);
    expect((await atStripe(id)).status).toBe("canceled");
  });

  test("of a single gift is nothing to do", async () => {
    const id = await here.given();
    expect((await linksOf(id, "thank_you")).stop).toBeNull();
    const stop = `${here.app.url}/gifts/stop/${signToken(here.app.deps.vault, "stop-gift", id)}`;
    for (const page of [await visit(stop), await press(stop)]) {
      expect(page.status).toBe(200);
      expect(words(page.text)).toContain("There is nothing to stop");
    }
  });
});

describe("mending a payment", () => {
  test("leads to Stripe's page, where another card pays it and the gifts after it", async () => {
    const { id, customer } = await failing();
    const fix = await link(id, "fix");
    const before = here.app.standIn.requests.list().length;
    expect(words((await visit(fix)).text)).toContain("Pay or change your card");
    expect(here.app.standIn.requests.list()).toHaveLength(before);
    const { location, status } = await press(fix);
    expect(status).toBe(303);
    expect(location).toMatch(new RegExp(`^${here.app.standIn.url}/i/in_`));
    expect((await visit(location)).text).toContain("with another card");

    expect((await press(location, { outcome: "decline" })).text).toContain("Your card was declined.");
    await here.settle();
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "past_due" });
    expect((await press(location, { outcome: "pay" })).status).toBe(303);
    await here.settle();
    expect(await here.donationOf(id)).toMatchObject({ subscription_status: "active" });
    expect((await here.paymentRows(id)).map((row) => row.status)).toEqual(["paid", "paid"]);
    expect((await mailsOf(here.app.db, id)).filter((mail) => mail.kind === "payment_failed")).toHaveLength(1);

    expect((await press(fix)).location).toContain("/p/session/");
    expect((await press(location, { outcome: "pay" })).status).toBe(409);
    await here.control(`customers/${customer}`, { renewals: "ok" });
    await here.days(31);
    expect((await here.paymentRows(id)).map((row) => row.status)).toEqual(["paid", "paid", "paid"]);
  });

  test("is also where a bank is answered that asks", async () => {
    const id = await here.given(MONTHLY);
    const { stripe_customer: customer } = await here.donationOf(id);
    await here.control(`customers/${customer}`, { renewals: "authenticate" });
    await here.days(32);
    const { location } = await press((await linksOf(id, "action_required")).fix ?? "");
    expect((await press(location, { outcome: "authenticate" })).status).toBe(303);
    await here.settle();
    expect((await here.paymentRows(id)).map((row) => row.status)).toEqual(["paid", "paid"]);
    expect((await visit(location)).text).not.toContain("<form");
  });

  test("says so when Stripe can't be asked, and when the gift is over", async () => {
    const { id } = await failing();
    const fix = await link(id, "fix");
    here.app.standIn.failNext({ kind: "status", status: 500, times: 1, path: "/v1/invoices" });
    const page = await press(fix);
    expect(page.status).toBe(503);
    expect(words(page.text)).toContain("Stripe’s page can’t be reached right now");
    await press(await link(id, "stop"));
    for (const over of [await visit(fix), await press(fix)]) {
      expect(words(over.text)).toContain("This gift is not running any more, and nothing is owed.");
    }
  });
});

describe("a reader without a mail at hand", () => {
  const asked = (email: unknown, headers: Record<string, string> = {}) =>
    visit(`${here.app.url}/v1/donor-links`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ email }),
    });
  const links = async () =>
    await here.app.db.selectFrom("mails").selectAll().where("kind", "=", "manage_link").orderBy("created_at").execute();

  test("gets a link to all gifts of the address, good for an hour, and the same answer without any", async () => {
    const donor = { email: "many.gifts@example.org" };
    const monthly = await here.given({ ...MONTHLY, locale: "fr" }, donor);
    const once = await here.given({ amount: 3300, discreet: true }, donor);
    await here.given({ ...MONTHLY, amount: 7700 }, { email: "somebody.else@example.org" });
    const before = await links();

    const unknown = await asked("nobody@example.org");
    const known = await asked("  Many.Gifts@EXAMPLE.org ");
    for (const { status, text } of [unknown, known])
      expect({ status, text }).toEqual({ status: 202, text: unknown.text });
    expect(unknown.headers.get("content-length")).toBe(known.headers.get("content-length"));
    await vi.waitFor(async () => expect(await links()).toHaveLength(before.length + 1));
    const mail = (await links()).at(-1);
    expect(mail).toMatchObject({ state: "queued", discreet: true, donation_id: null });
    expect(mail?.id).toBe(mailId("manage_link", mail?.cause ?? ""));
    const { vault, config } = here.app.deps;
    expect(vault.open(mail?.to_sealed ?? Buffer.of(), `mails.to_sealed:${mail?.id}`)).toBe("Many.Gifts@EXAMPLE.org");
    const expires = new Date(String((mail?.data as { expires_at?: string } | undefined)?.expires_at));
    expect(Math.abs(+expires - Date.now() - 3_600_000)).toBeLessThan(60_000);
    // Told by the sandbox's time, which is ahead here.
    const until = new Date(String((mail?.data as { until?: string } | undefined)?.until));
    expect(Math.abs(+until - +here.app.clock.now() - 3_600_000)).toBeLessThan(60_000);
    expect(+until - +expires).toBeGreaterThan(3_600_000);

    const page = await visit(manageLink(config, vault, mail?.id ?? "", expires), {
      headers: { "accept-language": "en" },
    });
    expect(page.status).toBe(200);
    expect(words(page.text)).toMatch(/10 \$US par mois.*En cours.*Prochain paiement.*33 \$US une fois.*Reçu/);
    expect(words(page.text)).not.toContain("77");
    expect(page.text).not.toMatch(/example\.org"?>?many|Many\.Gifts/i);
    const stops = [...page.text.matchAll(/href="([^"]*\/gifts\/stop\/[^"]*)"/g)].map(([, url]) => url ?? "");
    expect(stops).toEqual([`${here.app.url}/gifts/stop/${signToken(vault, "stop-gift", monthly)}`]);
    const cards = [...page.text.matchAll(/href="([^"]*\/gifts\/fix\/[^"]*)"/g)].map(([, url]) => url ?? "");
    expect(cards).toEqual([`${here.app.url}/gifts/fix/${signToken(vault, "fix-payment", monthly)}`]);
    await press(stops[0] ?? "");
    const after = await visit(manageLink(config, vault, mail?.id ?? "", expires));
    expect(after.text).not.toMatch(/\/gifts\/(stop|fix)\//);
    expect(await here.donationOf(once)).toMatchObject({ status: "paid" });
  });

  test("can ask by a plain form, and is told what is wrong with an address", async () => {
    const form = await visit(`${here.app.url}/my-gift?locale=es`);
    expect(form.text).toContain(`action="/v1/donor-links"`);
    const sent = await press(`${here.app.url}/v1/donor-links`, { email: "nobody@example.org", locale: "es" });
    expect(sent.status).toBe(202);
    expect(words(sent.text)).toContain("Revise su correo");
    const wrong = await press(`${here.app.url}/v1/donor-links`, { email: `"><i>no`, locale: "es" });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain(`value="&#34;&#62;&#60;i&#62;no"`);
    expect((await asked("no address")).status).toBe(400);
    expect((await asked(17)).status).toBe(400);
    expect((await asked("nobody@example.org", { origin: "https://evil.example" })).status).toBe(403);
  });

  test("of whom somebody asks again and again isn't flooded", async () => {
    const email = "flooded@example.org";
    await here.given({}, { email });
    const mine = async () => {
      const all = await links();
      return all.filter((mail) => mail.to_sealed !== null && open(mail.id, mail.to_sealed) === email).length;
    };
    const open = (id: string, sealed: Buffer) => here.app.deps.vault.open(sealed, `mails.to_sealed:${id}`);
    for (let count = 1; count <= 3; count++) {
      expect((await asked(email)).status).toBe(202);
      await vi.waitFor(async () => expect(await mine()).toBe(count));
    }
    expect((await asked(email)).status).toBe(202);
    await here.given({}, { email: "later@example.org" });
    expect((await asked("later@example.org")).status).toBe(202);
    await vi.waitFor(async () =>
      expect(
        (await links()).some(
          (mail) => mail.to_sealed !== null && open(mail.id, mail.to_sealed) === "later@example.org",
        ),
      ).toBe(true),
    );
    expect(await mine()).toBe(3);
  });
});

describe("fewer mails", () => {
  test.each(["page", "oneClick"] as const)(
    "by the %s: optional ones alone, once for all gifts of the address",
    async (way) => {
      const email = `fewer-${way}@example.org`;
      const id = await here.given(MONTHLY, { email });
      const { unsubscribe } = await linksOf(id, "renewal_receipt");
      const { vault } = here.app.deps;
      const known = async () =>
        await here.app.db
          .selectFrom("mail_addresses")
          .selectAll()
          .where("address_hash", "=", emailHash(vault, email))
          .execute();
      expect(words((await visit(unsubscribe?.page ?? "")).text)).toContain("Fewer emails from us?");
      // In a mail program that opens the address of List-Unsubscribe in a browser.
      expect(words((await visit(unsubscribe?.oneClick ?? "", { redirect: "follow" })).text)).toContain("Fewer emails");
      expect(await known()).toEqual([]);
      const fields = { "List-Unsubscribe": "One-Click" };
      const answers = [await press(unsubscribe?.[way] ?? "", fields)];
      const first = await known();
      answers.push(await press(unsubscribe?.[way] ?? "", fields));
      expect(answers.map((answer) => answer.status)).toEqual(way === "page" ? [200, 200] : [204, 204]);
      expect(first).toMatchObject([{ unsubscribed_at: expect.any(Date), complained_at: null }]);
      expect(await known()).toEqual(first);
      expect((await here.donationOf(id)).no_mail).toBe(false);
    },
  );

  test("nothing that a reader must hear of can be turned off", async () => {
    const id = await here.given(MONTHLY);
    for (const kind of ["payment_failed", "cancelled", "refunded", "annual_upcoming", "recurring_started"] as const) {
      expect((await linksOf(id, kind)).unsubscribe).toBeNull();
    }
    expect((await linksOf(id, "yearly_note")).unsubscribe).not.toBeNull();
  });
});

test("links fit the mail that they stand in", async () => {
  const monthly = await here.given({ ...MONTHLY, cover_fees: true, locale: "ru" });
  expect(await linksOf(monthly, "card_expiring")).toMatchObject({ stop: expect.any(String), fix: expect.any(String) });
  const kinds = ["recurring_started", "amount_changed", "paused", "yearly_note"] as const;
  for (const kind of kinds) expect(await linksOf(monthly, kind)).toMatchObject({ stop: expect.any(String), fix: null });
  const answer = await start(here.app, { frequency: "once", amount: 3000, currency: "EUR" });
  const once = (await answer.json()) as Start;
  await onStripesPage(once.url, "pay_later_fail");
  await here.days(4);
  expect(await linksOf(once.id, "payment_failed")).toMatchObject({
    stop: null,
    fix: null,
    give: `${here.app.url}/give?locale=en&frequency=once&amount=3000&currency=EUR`,
    manage: `${here.app.url}/my-gift?locale=en`,
  });
  await here.stripe.subscriptions.cancel((await here.donationOf(monthly)).stripe_subscription ?? "");
  await here.settle();
  const back = await linksOf(monthly, "cancelled");
  expect(back).toMatchObject({
    stop: null,
    give: `${here.app.url}/give?locale=ru&frequency=monthly&amount=1000&currency=USD`,
  });
  expect((await visit(back.give ?? "")).text).toContain(`value="1000" id="gift-monthly-1" checked`);
});
