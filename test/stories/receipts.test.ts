import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { closeMonth } from "../../src/reports/close/close.ts";
import { ROLES } from "../../src/shared/roles.ts";
import { type Account, openAccount } from "../support/account.ts";
import { closingDeps, compared } from "../support/closing.ts";
import { issueAll, pageFor, receiptNumbers, wordsOf } from "../support/receipts-app.ts";

const NADIA = { name: "Nadia <b>Nameless</b>", email: "nadia@example.org" };

async function words(here: Account, path: string, role: "finance" | "support" | "admin" = "support"): Promise<string> {
  const answer = await pageFor(here.app, role, path);
  expect(answer.status).toBe(200);
  return wordsOf(await answer.text());
}

async function donorOf(here: Account, donation: string): Promise<string> {
  return (await here.donationOf(donation)).donor_id ?? "";
}

describe("a receipt number", () => {
  test("is given to settled payments alone, the oldest first, without a gap, from 1 on in each year", async () => {
    const here = await openAccount({ newsroom: (newsroom) => ({ ...newsroom, time_zone: "America/New_York" }) });
    const year = here.app.clock.now().getUTCFullYear();
    await here.given({ amount: 5000 });
    await here.given({ frequency: "monthly", amount: 2000 });
    await here.app.deps.stripe.api.refunds.create({ charge: await here.chargeOf(await here.given({ amount: 3000 })) });
    await here.days(1);
    expect(await issueAll(here.app)).toBe(2);
    await here.days(350);
    await here.days(30);
    expect(await issueAll(here.app)).toBe(12);
    expect(await issueAll(here.app)).toBe(0);
    const serials = (count: number, of: number) =>
      Array.from({ length: count }, (_, index) => `${of}-${String(index + 1).padStart(6, "0")}`);
    expect(await receiptNumbers(here.app.db)).toEqual([...serials(13, year), ...serials(1, year + 1)]);
    const { rows } = await sql`
      select 1 from receipts r join payments p on p.id = r.payment_id
      where p.status <> 'paid' or p.settled_gross is null or r.amount <> p.amount or p.refunded = p.amount
    `.execute(here.app.db);
    expect(rows).toEqual([]);
  });

  test("comes with the closing of its month, and for what was late with the next one", async () => {
    const here = await openAccount();
    const year = here.app.clock.now().getUTCFullYear();
    const first = await here.given({ amount: 5000 });
    await here.days(25);
    const second = await here.given({ amount: 2000 });
    await compared(here.app.db, "2020-01-01", "2040-01-01");
    await closeMonth(closingDeps(here.app.deps), `${year}-01`, { by: "Ada", reason: null });
    expect(await receiptNumbers(here.app.db)).toEqual([`${year}-000001`]);
    await here.days(30);
    await closeMonth(closingDeps(here.app.deps), `${year}-02`, { by: "Ada", reason: null });
    const { rows } = await sql`select donation_id from receipts order by number`.execute(here.app.db);
    expect(rows).toEqual([{ donation_id: first }, { donation_id: second }]);
  });

  test("belongs to a legal entity, which keeps its series when it moves; another one has its own", async () => {
    const entity = { name: "First", postal_address: ["1 Street"], tax_number: "DE1", country: "DE" };
    let now = entity;
    const here = await openAccount({ newsroom: (newsroom) => ({ ...newsroom, legal_entity: now }) });
    const year = here.app.clock.now().getUTCFullYear();
    const next = async (changed: typeof entity) => {
      now = changed;
      await here.given({ amount: 5000 });
      expect(await issueAll(here.app)).toBe(1);
    };
    await next(entity);
    await next({ ...entity, name: "First, renamed", postal_address: ["2 Street", "Town"] });
    await next({ ...entity, name: "Second", tax_number: "DE2" });
    await next(entity);
    expect(await receiptNumbers(here.app.db)).toEqual([
      `${year}-000001`,
      `${year}-000002`,
      `${year}-000003`,
      `2-${year}-000001`,
    ]);
    expect(await words(here, `/finance/receipts/${year}-000002`)).toContain(
      "First, renamed 2 Street Town Tax number: DE1",
    );
    expect(await words(here, `/finance/receipts/${year}-000003`)).toContain("First 1 Street Tax number: DE1");
    expect(await words(here, `/finance/receipts/2-${year}-000001`)).toContain("Second 1 Street Tax number: DE2");
  });
});

describe("a receipt", () => {
  test("says what was received, when and by whom; printed again it is a duplicate", async () => {
    const here = await openAccount();
    const id = await here.given({ amount: 5050, currency: "EUR", locale: "en" }, NADIA);
    await issueAll(here.app);
    const year = here.app.clock.now().getUTCFullYear();
    const path = `/finance/receipts/${year}-000001`;
    await fetch(here.app.url + path, {
      method: "HEAD",
      headers: { authorization: `Bearer ${await here.app.token()}` },
    });
    const reference = await here.chargeOf(id);
    expect(await words(here, path)).toBe(
      "This is a test. No money moves. Harbour Courier Foundation 12 Quay Street 20457 Hamburg Germany Tax number: DE000000000 " +
        `Confirmation of your gift Receipt number ${year}-000001 Issued on January 10, ${year} ` +
        "Received from Nadia &#60;b&#62;Nameless&#60;/b&#62; Gift Once " +
        `Received on January 10, ${year} Reference ${reference} Amount €50.50 ` +
        "Harbour Courier Foundation confirms that it has received this gift. This confirms a payment. It is not a certificate for tax purposes.",
    );
    const unknown = await fetch(`${here.app.url}${path}?locale=xx`, {
      headers: { authorization: `Bearer ${await here.app.token()}`, accept: "text/html" },
    });
    expect([unknown.status, await unknown.text()]).toEqual([400, expect.stringContaining("no such language")]);
    expect(await words(here, path)).toMatch(/Duplicate Confirmation of your gift/);
    expect(await words(here, `${path}?locale=de`)).toMatch(/Duplikat Bestätigung Ihrer Spende .* Betrag 50,50 €/);
  });

  test("is marked once, as an original, however many ask for it in one moment", async () => {
    const here = await openAccount();
    await here.given({ amount: 5000 });
    await issueAll(here.app);
    const path = `/finance/receipts/${await receiptNumbers(here.app.db)}`;
    const pages = await Promise.all(Array.from({ length: 8 }, () => words(here, path)));
    expect(pages.filter((page) => !page.includes("Duplicate"))).toHaveLength(1);
    const { rows } = await sql`select copy, with_name from receipt_prints order by copy`.execute(here.app.db);
    expect(rows).toEqual(Array.from({ length: 8 }, (_, index) => ({ copy: index + 1, with_name: true })));
  });

  test("is no duplicate with the name after those who see none have opened it", async () => {
    const here = await openAccount();
    await here.given({ amount: 5000 }, NADIA);
    await issueAll(here.app);
    const path = `/finance/receipts/${await receiptNumbers(here.app.db)}`;
    const opened: string[] = [];
    for (const role of ["finance", "finance", "support", "finance", "admin"] as const)
      opened.push(`${role} ${(await words(here, path, role)).includes("Duplicate")}`);
    expect(opened).toEqual(["finance false", "finance true", "support false", "finance true", "admin true"]);
    const { rows } = await sql`select copy, with_name from receipt_prints order by copy`.execute(here.app.db);
    expect(rows).toEqual([false, false, true, false, true].map((with_name, index) => ({ copy: index + 1, with_name })));
  });

  test("has the name of who gave, also where several share an address; a statement has all of them", async () => {
    const here = await openAccount();
    const year = here.app.clock.now().getUTCFullYear();
    const nadia = await here.given({ amount: 5000 }, { ...NADIA, name: "Nadia" });
    await here.days(1);
    await here.given({ amount: 3000 }, { ...NADIA, name: "Omar" });
    await here.days(1);
    await here.given({ amount: 2000 }, { ...NADIA, name: "Nadia" });
    await issueAll(here.app);
    expect(await words(here, `/finance/receipts/${year}-000001`)).toContain("Received from Nadia Gift");
    expect(await words(here, `/finance/receipts/${year}-000002`)).toContain("Received from Omar Gift");
    const page = await words(here, `/finance/donors/${await donorOf(here, nadia)}/statement?year=${year}`);
    expect(page).toMatch(/Received from (?:Nadia Omar|Omar Nadia) Payments/);
    await sql`
      update stripe_customers set name_sealed = null where id = (select stripe_customer from donations where id = ${nadia})
    `.execute(here.app.db);
    expect(await words(here, `/finance/receipts/${year}-000001`)).toContain("Received from Donor ");
  });

  test("is void once all of it is refunded, good again if that fails, and says what part went back", async () => {
    const here = await openAccount();
    const id = await here.given({ amount: 5000 });
    await issueAll(here.app);
    const path = `/finance/receipts/${await receiptNumbers(here.app.db)}`;
    const { api } = here.app.deps.stripe;
    const charge = await here.chargeOf(id);
    await api.refunds.create({ charge, amount: 1000 });
    await here.settle();
    expect(await words(here, path)).toMatch(/Amount \$50\.00 Paid back since then: \$10\.00 Harbour/);
    await here.days(2);
    const { id: refund } = await api.refunds.create({ charge, amount: 4000 });
    await here.settle();
    expect(await words(here, path)).toMatch(
      /Duplicate Void The gift was paid back in full on January 12, \d{4} \. Confirmation/,
    );
    const gone = await words(here, path);
    expect(gone).toMatch(/This gift was received on January 10, \d{4} and went back on January 12, \d{4} \./);
    expect(gone).not.toMatch(/has received|confirms a payment/);
    await here.control(`refunds/${refund}`, { to: "failed" });
    expect(await words(here, path)).toMatch(/Duplicate Confirmation .* Paid back since then: \$10\.00/);
  });

  test("is void once a dispute is lost, not while it is open, and not when it is won", async () => {
    const here = await openAccount();
    const id = await here.given({ amount: 5000 });
    await issueAll(here.app);
    const path = `/finance/receipts/${await receiptNumbers(here.app.db)}`;
    const { id: dispute } = await here.control("disputes", { charge: await here.chargeOf(id) });
    const open = await words(here, path);
    expect(open).toContain("The bank is holding $50.00 while a complaint is looked into.");
    expect(open).not.toContain("Void");
    await here.control(`disputes/${dispute}`, { to: "lost" });
    expect(await words(here, path)).toMatch(/Void The bank took the payment back on January 10, \d{4}/);
    await here.control(`disputes/${dispute}`, { to: "appeal_needs_response" });
    await here.control(`disputes/${dispute}`, { to: "won" });
    expect(await words(here, path)).not.toMatch(/Void|holding|Paid back/);
  });

  test("of a payment that is no longer in the books is void", async () => {
    const here = await openAccount();
    await here.given({ amount: 5000 });
    await issueAll(here.app);
    await sql`delete from payments`.execute(here.app.db);
    const page = await words(here, `/finance/receipts/${await receiptNumbers(here.app.db)}`);
    expect(page).toContain("no longer in the books");
    expect(page).not.toContain("confirms");
  });
});

describe("the statement of a year", () => {
  test("has a donor's settled gifts and what went back in lines of their own, for each currency", async () => {
    const here = await openAccount();
    const year = here.app.clock.now().getUTCFullYear();
    const once = await here.given({ amount: 5000 }, NADIA);
    await here.days(1);
    await here.given({ amount: 2000, currency: "EUR" }, NADIA);
    await here.days(1);
    await here.given({ amount: 7777 }, { email: "another@example.org" });
    await here.app.deps.stripe.api.refunds.create({ charge: await here.chargeOf(once), amount: 1250 });
    await here.settle();
    await here.days(1);
    const disputed = await here.given({ amount: 3000 }, NADIA);
    const { id: dispute } = await here.control("disputes", { charge: await here.chargeOf(disputed) });
    await here.days(1);
    await here.control(`disputes/${dispute}`, { to: "won" });
    await issueAll(here.app);
    const path = `/finance/donors/${await donorOf(here, once)}/statement`;
    const page = await words(here, `${path}?year=${year}&locale=en`);
    const on = (day: number) => `January ${day}, ${year}`;
    expect(page).toContain(
      `Your gifts in ${year} Received from Nadia &#60;b&#62;Nameless&#60;/b&#62; Payments that have arrived and what has been paid back, each on the day on which it was booked. ` +
        "EUR Date Receipt EUR " +
        `${on(11)} ${year}-000002 Gift €20.00 Gifts €20.00 Sum €20.00 ` +
        "USD Date Receipt USD " +
        `${on(10)} ${year}-000001 Gift $50.00 ` +
        `${on(12)} ${year}-000001 Paid back -$12.50 ` +
        `${on(13)} ${year}-000004 Gift $30.00 ` +
        `${on(13)} ${year}-000004 Taken back by the bank -$30.00 ` +
        `${on(14)} ${year}-000004 Returned by the bank $30.00 ` +
        "Gifts $80.00 Paid back or taken back -$12.50 Sum $67.50 ",
    );
    expect(page).not.toContain("77.77");
    expect(await words(here, `${path}?year=${year + 1}`)).toContain(`No payment was booked in ${year + 1} .`);
    expect((await pageFor(here.app, "support", `${path}?year=26`)).status).toBe(400);
    expect((await pageFor(here.app, "support", path)).status).toBe(400);
  });

  test("is in the donor's currency where Stripe settles in another", async () => {
    const here = await openAccount({ stripe: { settlementCurrency: "eur" } });
    const year = here.app.clock.now().getUTCFullYear();
    const id = await here.given({ amount: 3000, currency: "JPY" }, NADIA);
    await here.app.deps.stripe.api.refunds.create({ charge: await here.chargeOf(id), amount: 1000 });
    await here.settle();
    const page = await words(here, `/finance/donors/${await donorOf(here, id)}/statement?year=${year}&locale=en`);
    expect(page).toMatch(/Gift ¥3,000 .* Paid back -¥1,000 Gifts ¥3,000 Paid back or taken back -¥1,000 Sum ¥2,000/);
    expect(page).not.toContain("€");
  });
});

describe("who may see a receipt or a statement", () => {
  test("is finance and support; the name only support and admin, and each reading of it is told", async () => {
    const here = await openAccount();
    const donor = await donorOf(here, await here.given({ amount: 5000 }, NADIA));
    await issueAll(here.app);
    const year = here.app.clock.now().getUTCFullYear();
    const paths = [`/finance/receipts/${year}-000001`, `/finance/donors/${donor}/statement?year=${year}`];
    const closed = "/v1/reports/closed-months";
    const seen: unknown[] = [];
    for (const role of ROLES) {
      for (const path of paths) {
        const answer = await pageFor(here.app, role, path);
        const page = await answer.text();
        seen.push([role, answer.status, page.includes("Nadia"), page.includes(donor)]);
        if (answer.status !== 200) continue;
        expect(answer.headers.get("cache-control")).toBe("private, no-store");
        expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'.*style-src 'self'/);
      }
      seen.push([role, (await pageFor(here.app, role, closed)).status]);
    }
    expect(seen).toEqual([
      ...[
        ["finance", 200, false, true],
        ["finance", 200, false, true],
        ["finance", 200],
      ],
      ...[
        ["audience", 403, false, false],
        ["audience", 403, false, false],
        ["audience", 403],
      ],
      ...[
        ["support", 200, true, false],
        ["support", 200, true, false],
        ["support", 403],
      ],
      ...[
        ["admin", 200, true, false],
        ["admin", 200, true, false],
        ["admin", 200],
      ],
    ]);
    const { rows } = await sql<{ role: string }>`
      select role from audit_entries where action = 'name_read' and subject is not null order by id
    `.execute(here.app.db);
    expect(rows.map(({ role }) => role)).toEqual(["support", "support", "admin", "admin"]);
    expect(here.app.logged()).not.toContain("Nadia");
    for (const path of [...paths, closed]) {
      expect((await fetch(here.app.url + path, { redirect: "manual" })).status).toBe(path === closed ? 401 : 303);
      expect((await fetch(here.app.url + path, { headers: { authorization: "Bearer rdt_x" } })).status).toBe(401);
    }
  });

  test.each([
    "/finance/receipts/2027-000001",
    "/finance/receipts/2027-1",
    "/finance/receipts/%00",
    "/finance/receipts/1%27%20or%201=1",
    "/finance/donors/0192f0c0-0000-7000-8000-000000000000/statement?year=2027",
    "/finance/donors/nobody/statement?year=2027",
  ])("and nobody sees what isn't there: %s", async (path) => {
    const here = await openAccount();
    expect((await pageFor(here.app, "admin", path)).status).toBe(404);
  });

  test("stays with the id where the name was erased", async () => {
    const here = await openAccount();
    const donor = await donorOf(here, await here.given({ amount: 5000 }, NADIA));
    await issueAll(here.app);
    await sql`update stripe_customers set name_sealed = null`.execute(here.app.db);
    expect(await words(here, `/finance/receipts/${await receiptNumbers(here.app.db)}`)).toContain(`Donor ${donor}`);
  });
});
