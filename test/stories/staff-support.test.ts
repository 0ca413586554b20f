import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, openAccount } from "../support/account.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";
import { issueAll } from "../support/receipts-app.ts";
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

const SPOKEN = { spoken: "yes" };

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
    for (const answer of pressed)
      expect([answer.status, answer.location]).toEqual([303, `${page}?said=link&request=${fields.request}`]);
    const links = (await here.app.mails(donor.email)).filter((mail) =>
      mail.links.some((link) => /\/gifts\/[\w-]{54}$/.test(link)),
    );
    expect(links).toHaveLength(1);
    expect((await told(id)).filter(({ action }) => action === "mail_resent")).toMatchObject([
      { detail: { kind: "manage_link" } },
    ]);
    expect((await browser.visit(`${page}?said=link&request=${fields.request}`)).words).toContain("is on its way");
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
    expect(answer.location).toContain(`${page}?said=mail&request=`);
    expect((await browser.visit(answer.location)).words).toContain("The mail is on its way");
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
    const entries = (await told(id)).filter(
      ({ action, detail }) =>
        action === "address_corrected" && (detail as { request: string }).request === fields.request,
    );
    expect(entries[0]).toMatchObject({ subject: page.split("/").at(-1), detail: { customers: 2, outcome: "asked" } });
    expect(entries.map(({ detail }) => (detail as { outcome: string }).outcome)).toEqual(["asked", "done"]);
    expect(JSON.stringify(entries)).not.toContain("reader.example");
  });

  test("refuses an address that somebody else gave with, and tells nothing of them", async () => {
    const { donor, monthly, browser, page, id } = await situation();
    const other = await situation();
    const before = (await here.donationOf(monthly)).donor_id;
    const answer = await press(browser, page, "address", { email: other.donor.email.toUpperCase() });
    expect(answer.status).toBe(409);
    expect(answer.words).toContain("This address belongs to another donor’s gifts already. Nothing has been changed.");
    expect(answer.words).toContain(donor.email);
    for (const theirs of [other.donor.email, other.donor.name, other.monthly])
      expect(answer.text).not.toContain(theirs);
    await here.settle();
    expect((await here.donationOf(monthly)).donor_id).toBe(before);
    const { stripe_customer } = await here.donationOf(monthly);
    expect(await here.stripe.customers.retrieve(stripe_customer ?? "")).toMatchObject({ email: donor.email });
    expect((await browser.visit(page)).words).toContain(donor.name);
    expect((await told(id)).filter(({ action }) => action === "address_corrected")).toMatchObject([
      { subject: page.split("/").at(-1), detail: { outcome: "refused", donor_id: before } },
    ]);
  });

  test("a correction that broke off goes on where it was", async () => {
    const { browser, page, monthly, once } = await situation();
    const customer = page.split("/").at(-1);
    const email = `late.correction${count}@reader.example`;
    here.app.standIn.failNext({ kind: "status", status: 500, times: 1, path: `/v1/customers/${customer}` });
    expect((await press(browser, page, "address", { email })).location).toBe(`${page}?said=address_failed`);
    expect((await browser.visit(`${page}?said=address`)).words).not.toContain("has been corrected");
    const failed = "Stripe could not be asked, or refused.";
    expect((await browser.visit(`${page}?said=address_failed`)).words).toContain(failed);
    const done = await press(browser, page, "address", { email });
    expect(done.location).toBe(`${page}?said=address`);
    expect((await browser.visit(done.location)).words).toContain("The address has been corrected");
    const madeUp = [
      "address_failed",
      "address_taken",
      "no_address",
      "link",
      "mail",
      "stopped",
      "stop_failed",
      "toString",
    ];
    for (const said of madeUp)
      expect((await browser.visit(`${page}?said=${said}&request=${crypto.randomUUID()}`)).text).not.toContain(
        'role="status"',
      );
    await here.settle();
    expect((await here.donationOf(monthly)).donor_id).toBe((await here.donationOf(once)).donor_id);
    expect((await browser.visit(page)).words).toContain("$10.00 a month");
  });

  test("leads to the donor's receipts and statements, also by the id of before a correction", async () => {
    const { donor, monthly, browser, page, id } = await situation();
    await issueAll(here.app);
    const old = (await here.donationOf(monthly)).donor_id ?? "";
    const papers = (text: string) =>
      [...text.matchAll(/<li><a href="(\/finance\/(?:donors|receipts)\/[^"]+)"/g)].map(([, path = ""]) => path);
    const year = here.app.clock.now().getUTCFullYear();
    const links = papers((await browser.visit(page)).text);
    expect(links).toEqual([
      `/finance/donors/${old}/statement?year=${year}`,
      ...[1, 2].map(() => expect.stringMatching(/^\/finance\/receipts\/\d{4}-\d{6}$/)),
    ]);
    for (const link of links) {
      const paper = await browser.visit(link);
      expect(paper.status).toBe(200);
      expect(paper.words).toContain(donor.name);
    }
    expect(links).toHaveLength(new Set(links).size);

    const email = `moved${count}@reader.example`;
    await press(browser, page, "address", { email });
    await here.settle();
    const now = (await here.donationOf(monthly)).donor_id ?? "";
    expect(now).not.toBe(old);
    expect((await told(id)).filter(({ action }) => action === "address_corrected").at(-1)).toMatchObject({
      detail: { donor_id: old, new_donor_id: now, outcome: "done" },
    });
    const old_ = await browser.visit(`/finance/donors/${old}/statement?year=${year}&locale=en`);
    expect([old_.status, old_.location]).toEqual([303, `/finance/donors/${now}/statement?year=${year}&locale=en`]);
    expect((await browser.visit(old_.location)).words).toContain(donor.name);
    expect((await browser.visit(`/finance/donors/${old}`)).location).toMatch(/^\/finance\/donors\/cus_/);

    // And back: the first id is the donor's again, and the second one leads there.
    await press(browser, page, "address", { email: donor.email });
    await here.settle();
    expect((await here.donationOf(monthly)).donor_id).toBe(old);
    expect((await browser.visit(`/finance/donors/${old}/statement?year=${year}`)).status).toBe(200);
    expect((await browser.visit(`/finance/donors/${now}/statement?year=${year}`)).location).toContain(`/${old}/`);
  });

  test("says so when Stripe can't be asked, and writes that down", async () => {
    const { browser, page, id, monthly, once } = await situation();
    const both = [await here.donationOf(monthly), await here.donationOf(once)].map((gift) => gift.stripe_customer);
    // The one by whom the donor was looked up comes last.
    const customer = both.find((each) => !page.endsWith(`/${each}`));
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
    const failed = await press(browser, page, `gifts/${monthly}/stop`, SPOKEN);
    expect(failed.location).toBe(`${page}?said=stop_failed&gift=${monthly}`);
    expect((await browser.visit(failed.location)).words).toContain("it is not known whether the gift has been stopped");
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
    expect(text).toMatch(/<input type="checkbox" id="spoken-[^"]+" name="spoken" value="yes" required>/);
    const unasked = await press(browser, page, `gifts/${monthly}/stop`);
    expect((await browser.visit(unasked.location)).words).toContain("Nothing has been stopped.");
    const stopped = `${page}?said=stopped&gift=${monthly}`;
    expect((await browser.visit(stopped)).words).not.toContain("has been stopped");
    expect((await told(id)).filter(({ action }) => action === "gift_stopped")).toEqual([]);
    const fields = { csrf: csrfIn(text), request: requestIn(text), ...SPOKEN };
    const pressed = await Promise.all([1, 2].map(() => browser.post(`${page}/gifts/${monthly}/stop`, fields)));
    for (const { status, location } of pressed) {
      expect(status).toBe(303);
      expect([stopped, `${page}?said=stop_over&gift=${monthly}`]).toContain(location);
    }
    expect((await browser.visit(stopped)).words).toContain("The gift has been stopped.");
    for (const other of ["", `&gift=${once}x`, "&gift=x"])
      expect((await browser.visit(`${page}?said=stopped${other}`)).words).not.toContain("has been stopped");
    expect(
      (await here.stripe.subscriptions.retrieve((await here.donationOf(monthly)).stripe_subscription ?? "")).status,
    ).toBe("canceled");
    expect((await press(browser, page, `gifts/${monthly}/stop`)).location).toContain(`${page}?said=stop_over`);
    expect((await press(browser, page, `gifts/${once}/stop`)).location).toContain(`${page}?said=stop_over`);
    const { monthly: another } = await situation();
    expect((await press(browser, page, `gifts/${another}/stop`)).status).toBe(404);
    await here.settle();
    expect(
      (await here.app.mails(donor.email)).filter((mail) => /Spende|gift/i.test(mail.subject)).length,
    ).toBeGreaterThan(0);
    expect((await browser.visit(page)).words).toContain("over");
    const request = fields.request;
    expect((await told(id)).filter(({ action }) => action === "gift_stopped")).toMatchObject([
      { subject: monthly, detail: { outcome: "asked", request } },
      { subject: monthly, detail: { outcome: "done", request } },
    ]);
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
