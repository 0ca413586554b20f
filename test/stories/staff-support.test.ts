import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, openAccount } from "../support/account.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";
import { auditRows, type CookieBrowser, csrfIn, signedIn } from "../support/staff.ts";

let here: Account;
let close: () => Promise<void>;
beforeAll(async () => {
  here = await openAccount({}, (end) => {
    close = end;
  });
});
afterAll(() => close());

const MONTHLY = { frequency: "monthly", amount: 1000 };
let count = 0;

/** A donor with a monthly gift and one of once, and support staff who look at them. */
async function situation() {
  count += 1;
  const donor = { email: `Rosa.Luxembourg${count}@reader.example`, name: `Rosa Marker-${count}f3a` };
  const monthly = await here.given({ ...MONTHLY, locale: "de" }, donor);
  const once = await here.given({ amount: 3300 }, donor);
  await here.days(0.1);
  const staff = await signedIn(here.app, "support");
  const found = await staff.browser.post("/finance/donors", {
    email: ` ${donor.email.toLowerCase()} `,
    csrf: staff.csrf,
  });
  return { donor, monthly, once, ...staff, page: found.location };
}

const requestIn = (page: string) => /name="request" value="([^"]+)"/.exec(page)?.[1] ?? "";

/** Presses a button of a donor's page. */
async function press(browser: CookieBrowser, page: string, action: string, fields: Record<string, string> = {}) {
  const { text } = await browser.visit(page);
  return await browser.post(`${page}/${action}`, { csrf: csrfIn(text), request: requestIn(text), ...fields });
}

const mine = async (staff: string) => (await auditRows(here.app)).filter((row) => row.actor_id === staff);
const told = async (staff: string) =>
  (await mine(staff)).map(({ action, subject, detail }) => ({ action, subject, detail }));

describe("finding a donor", () => {
  test("by address shows who it is and all gifts, and each showing is written down before", async () => {
    const { donor, monthly, once, id, browser, page } = await situation();
    expect(page).toMatch(/^\/finance\/donors\/cus_\w+$/);
    const shown = await browser.visit(page);
    expect(shown.status).toBe(200);
    for (const word of [donor.email, donor.name, "$10.00 a month", "$33.00 once", "running", "paid", monthly, once]) {
      expect(shown.words).toContain(word);
    }
    expect(shown.text).not.toMatch(/4242|visa|card_country/i);
    const customer = page.split("/").at(-1);
    expect(await told(id)).toEqual([
      { action: "donor_search", subject: customer, detail: { found: true } },
      { action: "name_read", subject: customer, detail: { customers: 2, gifts: 2 } },
    ]);
    const { donor_id } = await here.donationOf(monthly);
    expect((await browser.visit(`/finance/donors/${donor_id}`)).location).toMatch(/^\/finance\/donors\/cus_\w+$/);
  });

  test("that nobody has is written down too, without it", async () => {
    const { browser, csrf, id } = await signedIn(here.app, "support");
    const answer = await browser.post("/finance/donors", { email: "nobody.7f3a@reader.example", csrf });
    expect(answer.status).toBe(404);
    expect(answer.words).toContain("Nobody has given with this address");
    expect((await browser.post("/finance/donors", { email: "no address", csrf })).status).toBe(400);
    expect(await told(id)).toEqual([{ action: "donor_search", subject: null, detail: { found: false } }]);
    expect(JSON.stringify(await auditRows(here.app))).not.toContain("nobody.7f3a");
    expect(here.app.logged()).not.toContain("nobody.7f3a");
  });

  test("shows no name when that can't be written down", async () => {
    const { browser, page, donor } = await situation();
    await sql`alter table audit_entries add constraint full_disk check (action <> 'name_read') not valid`.execute(
      here.app.db,
    );
    try {
      const answer = await browser.visit(page);
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain(donor.email);
      expect(answer.text).not.toContain(donor.name);
    } finally {
      await sql`alter table audit_entries drop constraint full_disk`.execute(here.app.db);
    }
  });
});

describe("helping a donor", () => {
  test("sends the link to all gifts once for each showing of the page, however often it is pressed", async () => {
    const { donor, browser, page, id } = await situation();
    const { text } = await browser.visit(page);
    const fields = { csrf: csrfIn(text), request: requestIn(text) };
    const pressed = await Promise.all([1, 2, 3].map(() => browser.post(`${page}/link`, fields)));
    for (const answer of pressed) expect([answer.status, answer.location]).toEqual([303, `${page}?said=link`]);
    const links = (await here.app.mails(donor.email)).filter((mail) =>
      mail.links.some((link) => /\/gifts\/[\w-]{54}$/.test(link)),
    );
    expect(links).toHaveLength(1);
    expect((await told(id)).filter(({ action }) => action === "mail_resent")).toMatchObject([
      { detail: { kind: "manage_link" } },
    ]);
    expect((await browser.visit(`${page}?said=link`)).words).toContain("is on its way");
    expect((await press(browser, page, "link")).status).toBe(303);
    expect((await told(id)).filter(({ action }) => action === "mail_resent")).toHaveLength(2);
  });

  test("sends a receipt again, to the address of now, and no other donor's", async () => {
    const { donor, monthly, browser, page, id } = await situation();
    const other = await situation();
    await here.app.mails();
    const receipt = async (donation: string) =>
      await here.app.db
        .selectFrom("mails")
        .selectAll()
        .where("donation_id", "=", donation)
        .where("kind", "=", "recurring_started")
        .where("cause", "not like", "again:%")
        .executeTakeFirstOrThrow();
    const before = (await here.app.mails(donor.email)).length;
    const answer = await press(browser, page, "mail", { mail: (await receipt(monthly)).id });
    expect(answer.location).toBe(`${page}?said=mail`);
    const mails = await here.app.mails(donor.email);
    expect(mails).toHaveLength(before + 1);
    expect(mails[0]?.subject).toBe(
      mails.find((mail, index) => index > 0 && mail.subject === mails[0]?.subject)?.subject,
    );
    expect((await press(browser, page, "mail", { mail: (await receipt(other.monthly)).id })).status).toBe(404);
    expect((await told(id)).filter(({ action }) => action === "mail_resent")).toMatchObject([
      { subject: monthly, detail: { kind: "recurring_started" } },
    ]);
  });

  test("corrects an address here and at Stripe, and mails go to the new one", async () => {
    const { donor, monthly, browser, page, id } = await situation();
    const email = `corrected${count}@reader.example`;
    const { text } = await browser.visit(page);
    const fields = { csrf: csrfIn(text), request: requestIn(text), email };
    const pressed = await Promise.all([
      browser.post(`${page}/address`, fields),
      browser.post(`${page}/address`, fields),
    ]);
    for (const answer of pressed)
      expect([`${page}?said=address`, `${page}?said=address_same`]).toContain(answer.location);
    await here.settle();
    const customers = new Set(
      (
        await here.app.db
          .selectFrom("donations")
          .select("stripe_customer")
          .where("donor_id", "=", (await here.donationOf(monthly)).donor_id)
          .execute()
      ).map((row) => row.stripe_customer),
    );
    expect(customers.size).toBe(2);
    for (const customer of customers)
      expect(await here.stripe.customers.retrieve(customer ?? "")).toMatchObject({ email });
    const shown = await browser.visit(page);
    expect(shown.words).toContain(email);
    expect(shown.words).not.toContain(donor.email);
    await press(browser, page, "link");
    expect((await here.app.mails(email)).length).toBeGreaterThan(0);
    expect((await browser.post("/finance/donors", { email: donor.email, csrf: fields.csrf })).status).toBe(404);
    expect(
      (
        await press(browser, page, "address", {
          email: email.toUpperCase().replace("READER.EXAMPLE", "reader.example"),
        })
      ).status,
    ).toBe(303);
    expect((await press(browser, page, "address", { email: "no address" })).location).toBe(`${page}?said=email`);
    const entries = (await told(id)).filter(({ action }) => action === "address_corrected");
    expect(entries[0]).toMatchObject({ subject: page.split("/").at(-1), detail: { customers: 2, outcome: "asked" } });
    expect(entries.map(({ detail }) => (detail as { outcome: string }).outcome)).toContain("done");
    expect(JSON.stringify(entries)).not.toContain("reader.example");
  });

  test("says so when Stripe can't be asked, and writes that down", async () => {
    const { browser, page, id, monthly } = await situation();
    const customer = page.split("/").at(-1);
    here.app.standIn.failNext({ kind: "status", status: 500, times: 1, path: `/v1/customers/${customer}` });
    expect((await press(browser, page, "address", { email: "later@reader.example" })).location).toBe(
      `${page}?said=address_failed`,
    );
    expect((await browser.visit(`${page}?said=address_failed`)).text).toContain('class="alert"');
    const { stripe_subscription } = await here.donationOf(monthly);
    here.app.standIn.failNext({
      kind: "status",
      status: 500,
      times: 1,
      path: `/v1/subscriptions/${stripe_subscription}`,
    });
    expect((await press(browser, page, `gifts/${monthly}/stop`)).location).toBe(`${page}?said=stop_failed`);
    const outcomes = (await told(id)).flatMap(({ action, detail }) =>
      "outcome" in (detail as object) ? [`${action} ${(detail as { outcome: string }).outcome}`] : [],
    );
    expect(outcomes).toEqual([
      "address_corrected asked",
      "address_corrected failed",
      "gift_stopped asked",
      "gift_stopped failed",
    ]);
  });

  test("stops a gift once, and the donor hears of it", async () => {
    const { donor, monthly, once, browser, page, id } = await situation();
    const { text } = await browser.visit(page);
    expect(text.match(/Stop it now/g)).toHaveLength(1);
    const fields = { csrf: csrfIn(text), request: requestIn(text) };
    const pressed = await Promise.all([1, 2].map(() => browser.post(`${page}/gifts/${monthly}/stop`, fields)));
    for (const { status, location } of pressed) {
      expect(status).toBe(303);
      expect([`${page}?said=stopped`, `${page}?said=stop_over`]).toContain(location);
    }
    expect(
      (await here.stripe.subscriptions.retrieve((await here.donationOf(monthly)).stripe_subscription ?? "")).status,
    ).toBe("canceled");
    expect((await press(browser, page, `gifts/${monthly}/stop`)).location).toBe(`${page}?said=stop_over`);
    expect((await press(browser, page, `gifts/${once}/stop`)).location).toBe(`${page}?said=stop_over`);
    const { monthly: another } = await situation();
    expect((await press(browser, page, `gifts/${another}/stop`)).status).toBe(404);
    await here.settle();
    expect(
      (await here.app.mails(donor.email)).filter((mail) => /Spende|gift/i.test(mail.subject)).length,
    ).toBeGreaterThan(0);
    expect((await browser.visit(page)).words).toContain("over");
    expect((await told(id)).filter(({ action }) => action === "gift_stopped").at(-1)).toMatchObject({
      subject: monthly,
      detail: { outcome: "done" },
    });
  });

  test("leaves no trace of them in the log, nor in what is audited", async () => {
    const { donor, browser, page } = await situation();
    await press(browser, page, "link");
    await press(browser, page, "address", { email: `changed.${donor.email}` });
    await here.settle();
    const places = [...(await dumpDatabase(here.app.db)), { name: "log", content: here.app.logged() }];
    expect(findLeaks(places, donor)).toEqual([]);
  });

  test("isn't for a request that a page of ours never made", async () => {
    const { browser, page, csrf } = await situation();
    for (const fields of [{}, { request: "1" }, { request: "nope", mail: "x" }] as Record<string, string>[]) {
      expect((await browser.post(`${page}/mail`, { csrf, ...fields })).status).toBe(400);
    }
  });
});
