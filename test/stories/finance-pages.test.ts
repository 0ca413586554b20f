import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import { overviewPage } from "../../src/reports/pages/overview.page.ts";
import type { PageDeps } from "../../src/reports/pages/report-page.ts";
import { AppError } from "../../src/shared/errors.ts";
import { formatMoney } from "../../src/shared/money.ts";
import { type Account, accountOf, DAY_MS, type ReportRow } from "../support/account.ts";
import { startApp } from "../support/app.ts";
import { mainOf, tableOf, wordsOf } from "../support/finance-pages.ts";
import { CookieBrowser, signedIn } from "../support/staff.ts";

/*
 * A January in two settlement currencies, and what an accountant expects of its pages. Stripe keeps 2.9 % + 0.30 of a charge in US dollars,
 * 1.5 % + 0.25 of one in euros with a European card, and 15.00 for a dispute.
 *
 *   10 Jan  gifts      50.00 $ once, 20.00 $ monthly, 30.00 $ once, 40.00 € once
 *           no gifts   Stripe charges 5.00 $ for its own services and takes 1.00 $ as a contribution
 *   12 Jan  refund     12.00 $ of the 50.00 $;  dispute of the 30.00 $, to be answered within the week
 *   13 Jan  payouts    of all that: 33.20 $ and 39.15 €
 *   15 Jan             the books are compared with Stripe
 */
const HOSTILE = { campaign: `<b>winter</b> & "co"`, article_id: "<script>alert(1)</script>" };
const NOTHING_ASKED = { typed: {}, question: {}, faults: [] };
const USD = (amount: number) => formatMoney(amount, "USD", "en");

interface Emptied {
  readonly [path: string]: string;
}

let here: Account;
let finance: CookieBrowser;
let empty: Emptied;
let year: number;
let disputed: string;
beforeAll(async () => {
  const app = await startApp({ stripe: { payouts: "daily", settlementCurrencies: ["usd", "eur"] } });
  finance = (await signedIn(app, "finance")).browser;
  empty = Object.fromEntries(await Promise.all(PATHS.map(async (path) => [path, (await finance.visit(path)).text])));
  here = await accountOf(app);
  year = app.clock.now().getUTCFullYear();
  const partly = await here.given({ amount: 5000, attribution: { ...HOSTILE, article_url: "https://news.example/a" } });
  await here.given({ frequency: "monthly", amount: 2000 });
  const wrong = await here.given({ amount: 3000 });
  await here.given({ amount: 4000, currency: "EUR" }, { country: "DE" });
  await here.control("balance_transactions", { type: "stripe_fee", amount: -500, currency: "usd" });
  await here.control("balance_transactions", { type: "contribution", amount: -100, currency: "usd" });
  await here.days(2);
  await here.stripe.refunds.create({ charge: await here.chargeOf(partly), amount: 1200 });
  ({ id: disputed } = await here.control("disputes", { charge: await here.chargeOf(wrong) }));
  await here.days(3);
  await reconcile(app.background, { since: new Date(+app.clock.now() - 40 * DAY_MS) });
}, 60_000);
afterAll(() => here?.app.close());

const PATHS = [
  "/finance",
  "/finance/recurring",
  "/finance/payouts",
  "/finance/balance",
  "/finance/reconciliation",
  "/finance/audience",
  "/finance/disputes",
  "/finance/reminders",
  "/finance/exports",
] as const;

const page = async (path: string) => {
  const { status, text } = await finance.visit(path);
  expect(status, path).toBe(200);
  return text;
};
const january = () => `from=${year}-01-01&to=${year}-02-01`;

describe("who sees which page", () => {
  const SEEN = {
    finance: PATHS,
    admin: PATHS,
    audience: ["/finance/audience", "/finance/reminders"],
    support: [],
  } as const;

  test.each(["finance", "admin", "audience", "support"] as const)("%s", async (role) => {
    const { browser } = await signedIn(here.app, role);
    for (const path of [...PATHS, "/finance/payouts/po_1", "/finance/exports/journal"]) {
      const { status, location } = await browser.visit(path);
      const seen: readonly string[] = SEEN[role];
      const whole = seen.length > 2;
      if (path === "/finance" && !whole) {
        expect([status, location]).toEqual([303, role === "audience" ? "/finance/audience" : "/finance/donors"]);
      } else if (path === "/finance/payouts/po_1") expect(status).toBe(whole ? 404 : 403);
      else if (path === "/finance/exports/journal") expect(status).toBe(whole ? 303 : 403);
      else expect([path, status]).toEqual([path, seen.includes(path) ? 200 : 403]);
    }
  });

  test("nobody who isn't signed in; a bearer token opens none", async () => {
    const nobody = new CookieBrowser(here.app);
    for (const path of [...PATHS, "/finance/exports/summary?from=2026-01-01"]) {
      const { status, location } = await nobody.visit(path);
      expect([status, location.split("?")[0]]).toEqual([303, "/finance/sign-in"]);
    }
    const authorization = `Bearer ${await here.app.token("admin")}`;
    const answer = await fetch(`${here.app.url}/finance/balance`, { redirect: "manual", headers: { authorization } });
    expect(answer.status).toBe(303);
  });
});

describe("before the first gift", () => {
  test("the overview says how to fill the pages", () => {
    expect(mainOf(empty["/finance"] ?? "")).toContain("npm run donations -- sample-data");
  });

  test("every page says that there is nothing", () => {
    const said: Readonly<Record<string, string>> = {
      "/finance/recurring": "No recurring gift was running in these months.",
      "/finance/payouts": "No payout was made in this period.",
      "/finance/balance": "Nothing was booked before the end of this period.",
      "/finance/reconciliation": "The books were never compared with Stripe",
      "/finance/audience": "Nothing was shown or given in this period.",
      "/finance/disputes": "There is no such dispute.",
      "/finance/reminders": "No reminder was asked for in this period.",
      "/finance/exports": "No month is closed yet.",
    };
    for (const [path, words] of Object.entries(said)) expect(mainOf(empty[path] ?? ""), path).toContain(words);
  });
});

describe("the overview", () => {
  test("this month as the accountant has it, by settlement currency", async () => {
    const text = await page("/finance");
    const [head, ...rows] = tableOf(text, "compared-USD");
    expect(head?.slice(1, 4)).toEqual([`To 15 Jan ${year}`, `To 15 Dec ${year - 1}`, "Change"]);
    expect(rows.map(([name, now, before]) => [name, now, before])).toEqual([
      ["Gross", "$100.00", "$0.00"],
      ["Refunded", "$12.00", "$0.00"],
      ["Disputed", "$30.00", "$0.00"],
      ["Fees", "$18.80", "$0.00"],
      ["Net", "$39.20", "$0.00"],
      ["Payments", "3", "0"],
      ["Gifts that paid", "3", "0"],
    ]);
    expect(tableOf(text, "compared-EUR").at(5)?.[1]).toBe("€39.15");
    expect(tableOf(text, "months-USD").at(-1)).toEqual([
      `Jan ${year}`,
      "3",
      ...["$100.00", "$12.00", "$30.00", "$18.80", "$39.20"],
    ]);
    expect(tableOf(text, "months-USD")).toHaveLength(14);
    expect(tableOf(text, "recurring-now").slice(1)).toEqual([["USD", "$20.00", "$0.00", "$0.00", "1", "1", "0"]]);
  });

  test("each chart names itself, tells what it shows, and has its figures in a table", async () => {
    const text = await page("/finance");
    const charts = [
      ...text.matchAll(
        /<svg class="(\w+)"[^>]* role="img" aria-labelledby="(\S+) (\S+)">\n<title id="(\S+)">(.*)<\/title>\n<desc id="(\S+)">(.*)<\/desc>/g,
      ),
    ];
    expect(charts.map(([, size, , , , title]) => [size, title])).toEqual(
      ["USD", "EUR"].flatMap((currency) =>
        ["wide", "small"].map((size) => [size, `Gross and net by month, ${currency}`]),
      ),
    );
    for (const [, , title, description, titleId, , descriptionId, said = ""] of charts) {
      expect([title, description]).toEqual([titleId, descriptionId]);
      expect(wordsOf(said)).toMatch(
        /^From Jan \d{4} \(gross .*, net .*\) to Jan \d{4}, which isn’t over \(gross .*, net .*\)\./,
      );
    }
    expect(/ style=|<style|<script|\son\w+=/.exec(text)?.[0]).toBeUndefined();
  });

  test("warns of a deadline and of what differs, and tells what is processing", async () => {
    expect(mainOf(await page("/finance"))).toMatch(/A dispute of \$30\.00 \(fraudulent\): answer by \d+ Jan/);
    const at = new Date().toISOString();
    await sql`
      insert into reconciliation_differences (id, kind, object_id, cause, first_seen, last_seen, last_run)
      select '01900000-0000-7000-8000-000000000000', 'charge_missing', 'ch_<i>1</i>', 'a_test', ${at}, ${at}, id from reconciliation_runs limit 1
    `.execute(here.app.db);
    const text = await page("/finance");
    expect(text).toContain(`<a href="/finance/reconciliation">1 difference between the books and Stripe</a>`);
    const differences = tableOf(await page("/finance/reconciliation"), "differences");
    expect(differences[1]?.slice(0, 2)).toEqual(["charge missing", "ch_<i>1</i>"]);
    await sql`delete from reconciliation_differences`.execute(here.app.db);
    await sql`update payments set status = 'processing', paid_at = null where currency = 'EUR'`.execute(here.app.db);
    expect(tableOf(await page("/finance"), "processing-sums")[1]).toEqual(["EUR", "1", "€40.00"]);
    await sql`update payments set status = 'paid', paid_at = booked_at where currency = 'EUR'`.execute(here.app.db);
  });
});

describe("the overview, whatever the moment", () => {
  const shown = (deps: Partial<PageDeps>) =>
    overviewPage.show({ ...here.app.deps, recurring: async () => null, ...deps }, {}, NOTHING_ASKED);

  test("doesn't wait for recurring gifts that are still being counted, and loads again", async () => {
    const { body, again } = await shown({});
    expect(again).toBe(3);
    expect(wordsOf(body.text)).toContain("Being counted. This page loads again by itself");
    expect(tableOf(body.text, "compared-USD")).toHaveLength(8);
  });

  test("tells when recurring gifts took too long to count, and shows the rest", async () => {
    const tooLong = async () => {
      throw new AppError("unavailable", "report_took_too_long", "Too long.");
    };
    const { body, again } = await shown({ recurring: tooLong });
    expect(again).toBeUndefined();
    expect(wordsOf(body.text)).toContain("They could not be counted in time.");
    expect(tableOf(body.text, "compared-USD")).toHaveLength(8);
  });

  test("offers sample data where no money is real, and nowhere else", async () => {
    const now = () => new Date("2020-01-01T12:00:00Z");
    expect((await shown({ now })).body.text).toContain("sample-data");
    const { config } = here.app.deps;
    const stripe = { ...config.stripe, apiBase: null };
    for (const real of [
      { ...config, environment: "production" as const },
      { ...config, stripe },
    ]) {
      const { text } = (await shown({ now, config: real })).body;
      expect(text).toContain("No gift has settled in the last thirteen months.");
      expect(text).not.toContain("sample-data");
    }
  });
});

describe("payouts", () => {
  test("add up, with a tick, down to the line", async () => {
    const rows = tableOf(await page("/finance/payouts"), "payouts").slice(1);
    expect(rows.map(([made, amount, check, sum, lines]) => [made, amount, lines, sum, check]).sort()).toEqual([
      [`13 Jan ${year}`, "$33.20", "7", "$33.20", "✓ adds up"],
      [`13 Jan ${year}`, "€39.15", "1", "€39.15", "✓ adds up"],
    ]);
    const id = rows.find((row) => row[1] === "$33.20")?.[7] ?? "";
    const text = await page(`/finance/payouts/${id}`);
    expect(tableOf(text, "totals").slice(1)).toEqual([
      ["Gifts", "3", "$100.00", "-$3.80", "$96.20"],
      ["Refunds of gifts", "1", "-$12.00", "$0.00", "-$12.00"],
      ["Disputes of gifts", "1", "-$30.00", "-$15.00", "-$45.00"],
      ["Stripe’s fees", "1", "-$5.00", "$0.00", "-$5.00"],
      ["Not gifts", "1", "-$1.00", "$0.00", "-$1.00"],
      ["Sum of the lines", "7", "$52.00", "-$18.80", "$33.20"],
      ["Payout", "", "", "", "$33.20"],
      ["Difference", "", "", "", "$0.00 ✓ adds up"],
    ]);
    const lines = tableOf(text, "lines").slice(1);
    expect(lines).toHaveLength(7);
    expect(lines.find((line) => line[1] === "Not a gift: contribution")?.[4]).toBe("-$1.00");
    expect(lines.some((line) => line[7] === HOSTILE.campaign)).toBe(true);
    const json = await here.report(`payouts/${id}`);
    expect(lines.map((line) => [line[4], line[5]])).toEqual(
      json.map((row) => [USD(Number(row.net)), row.payment_id ?? ""]),
    );
  });

  test("the one that doesn't stands out by how much", async () => {
    await sql`update stripe_payouts set amount = amount + 7 where currency = 'USD'`.execute(here.app.db);
    const text = await page("/finance/payouts");
    expect(tableOf(text, "payouts").find((row) => row[1] === "$33.27")?.[2]).toBe("✗ differs by $0.07");
    expect(mainOf(text)).toContain("1 of 2 doesn’t add up.");
    expect(mainOf(await page("/finance"))).toContain("1 payout doesn’t add up");
    await sql`update stripe_payouts set amount = amount - 7 where currency = 'USD'`.execute(here.app.db);
  });

  test("go on page by page, as many at once as were asked for", async () => {
    const first = await page("/finance/payouts?limit=1");
    const [, next = ""] = /href="([^"]+)" rel="next"/.exec(first) ?? [];
    const second = await page(next.replaceAll("&#38;", "&"));
    const ids = [first, second].map((text) =>
      tableOf(text, "payouts")
        .slice(1)
        .map((row) => row[7]),
    );
    expect(ids).toEqual((await here.report("payouts")).map((row) => [row.payout_id]));
    expect(second).not.toContain('rel="next"');
  });

  test("one that isn't there is a page that says so", async () => {
    const missing = await finance.visit("/finance/payouts/po_missing");
    expect([missing.status, mainOf(missing.text)]).toEqual([
      404,
      expect.stringContaining("There is no payout of this id."),
    ]);
    expect((await finance.visit("/finance/payouts/<x>")).status).toBe(400);
  });
});

test("the balance rolls forward to Stripe's own, with what is no gift apart", async () => {
  const text = await page("/finance/balance");
  expect(tableOf(text, "balance-USD").slice(1)).toEqual([
    ["Opening balance", "", "", "$0.00", ""],
    ["Gifts: charge", "$100.00", "-$3.80", "$96.20", "3"],
    ["Gifts: dispute", "-$30.00", "-$15.00", "-$45.00", "1"],
    ["Gifts: refund", "-$12.00", "$0.00", "-$12.00", "1"],
    ["Stripe’s own fees: fee", "-$5.00", "$0.00", "-$5.00", "1"],
    ["Not gifts: contribution", "-$1.00", "$0.00", "-$1.00", "1"],
    ["Payouts to the bank", "", "", "-$33.20", ""],
    ["Closing balance", "", "", "$0.00", ""],
  ]);
  expect(mainOf(text).match(/✓ Stripe’s own balance was the same as the books’/g)).toHaveLength(2);
  expect(mainOf(text)).toContain("✓ Opening, activity and payouts add up to the closing balance.");
  expect(await page(`/finance/balance?${january()}`)).toContain('aria-current="true">This month</a>');
  const { balances } = await here.app.db.selectFrom("reconciliation_runs").select("balances").executeTakeFirstOrThrow();
  await sql`update reconciliation_runs set balances = '[{"currency":"USD","ours":0,"stripes":-7}]'`.execute(
    here.app.db,
  );
  expect(mainOf(await page("/finance/balance"))).toContain(
    "✗ Stripe’s own balance was -$0.07, the books said $0.00: a difference of -$0.07",
  );
  expect(mainOf(await page("/finance/balance"))).toContain("Not compared with Stripe’s own balance yet");
  expect(text).not.toContain("sample data");
  await sql`insert into cursors (name) values ('sample_data {}')`.execute(here.app.db);
  expect(mainOf(await page("/finance/balance"))).toContain("no comparison with Stripe’s own balance counts it");
  await sql`delete from cursors where name = 'sample_data {}'`.execute(here.app.db);
  await sql`update reconciliation_runs set balances = ${JSON.stringify(balances)}`.execute(here.app.db);
});

test("recurring gifts by month, as the JSON has them", async () => {
  const text = await page(`/finance/recurring?${january()}`);
  expect(tableOf(text, "months-USD").slice(1)).toEqual([
    [`Jan ${year}`, "1", "1", "0", "0", "0", "0", "0", "$20.00", "–"],
  ]);
  expect(tableOf(text, "retention-USD").slice(1)).toEqual([[`Jan ${year}`, "1", "1 100%"]]);
  const [row] = await here.report(`recurring?${january()}`);
  expect(row).toMatchObject({ active: 1, new: 1, monthly_value: 2000, churn: null, retention: [1] });
  expect(mainOf(await page(`/finance/recurring?${january()}&currency=JPY`))).toContain("No recurring gift was running");
});

test("the audience by each source, as the JSON has it, and what a reader sent is text", async () => {
  for (const by of ["article", "campaign", "placement", "variant", "country", "utm_source"]) {
    const text = await page(`/finance/audience?by=${by}&${january()}`);
    const json = await here.report(`audience?by=${by}&${january()}`);
    const told = (row: ReportRow, field: string) =>
      row.currency === null ? "–" : formatMoney(Number(row[field]), String(row.currency), "en");
    expect(
      tableOf(text, "audience")
        .slice(1)
        .map((row) => [row[0], ...row.slice(-4)]),
    ).toEqual(
      json.map((row) => [
        row.source ?? "not known",
        row.currency ?? "",
        ...["gross", "net", "value_12_months"].map((field) => wordsOf(told(row, field))),
      ]),
    );
    expect(text).not.toContain("<script>");
    expect(text).not.toContain("<b>");
  }
  const campaigns = tableOf(await page(`/finance/audience?by=campaign&${january()}`), "audience");
  expect(campaigns).toContainEqual([
    HOSTILE.campaign,
    "0",
    "0",
    "0",
    "1",
    "1",
    "100%",
    "USD",
    "$50.00",
    "$36.25",
    "$36.25",
  ]);
});

test("disputes by deadline, and reminders", async () => {
  const [, row] = tableOf(await page("/finance/disputes?status=open"), "disputes");
  expect(row?.slice(1, 7)).toEqual([disputed, "needs response", "fraudulent", "$30.00", "$30.00", "$15.00"]);
  expect(row?.[0]).toMatch(/in \d days?$|within a day$/);
  expect(mainOf(await page("/finance/disputes?status=closed"))).toContain("There is no such dispute.");
  const answer = await fetch(`${here.app.url}/v1/reminders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "later@example.org", in_months: 2, attribution: { campaign: "<i>spring</i>" } }),
  });
  expect(answer.status).toBe(201);
  const [, asked] = tableOf(await page("/finance/reminders?by=campaign"), "reminders");
  expect(asked?.slice(0, 3)).toEqual(["<i>spring</i>", "email", "1"]);
});

describe("what can't be shown", () => {
  test.each([
    ["/finance/balance?from=2026-13-45&to=2026-12-01", `value="2026-13-45"`, "Expected a day that exists"],
    ["/finance/payouts?from=2026-12-01&to=2026-11-01", `value="2026-11-01"`, "Expected a day after the first one"],
    ["/finance/payouts?currency=dollars", `value="dollars"`, "Expected a currency as its three letters"],
    ["/finance/audience?by=reader", "by-fault", "Expected one of: article, campaign"],
    ["/finance/recurring?colour=red", "<code>colour</code>", "This field is not known."],
    ["/finance/disputes?from=%3Cscript%3E", `value="&#60;script&#62;"`, "Expected a day that exists"],
  ])("%s", async (path, kept, message) => {
    const { status, text } = await finance.visit(path);
    expect(status).toBe(400);
    expect(text).toContain(kept);
    expect(mainOf(text)).toContain(message);
    expect(text).toContain('role="alert"');
  });

  test("an empty field is none", async () => {
    expect(await page("/finance/payouts?from=&to=&currency=")).toContain("payouts");
  });
});

describe("exports", () => {
  test("each form leads to its file, without the fields that were left empty", async () => {
    const text = await page("/finance/exports");
    const forms = [...text.matchAll(/action="(\/finance\/exports\/[a-z]+)"/g)].map(([, action = ""]) => action);
    expect(forms).toHaveLength(12);
    for (const action of forms.filter((each) => !/receipt|statement/.test(each))) {
      const sent = await finance.visit(
        `${action}?${action.includes("reconciliation") ? "state=all" : january()}&bom=1`,
      );
      expect([action, sent.status]).toEqual([action, 303]);
      const file = await finance.visit(sent.location);
      expect([sent.location, file.status]).toEqual([sent.location, 200]);
    }
    const { location } = await finance.visit(
      `/finance/exports/journal?${january()}&format=xero&currency=USD&part=&bom=0`,
    );
    expect(location).toBe(`/v1/reports/journal.csv?${january()}&format=xero&currency=USD&bom=0`);
    expect((await finance.visit(location)).text).toContain("Narration");
  });

  test.each([
    ["journal?format=xero&bom=0", "The period has money in several currencies"],
    ["journal?format=generic&part=2", "The generic journal is one file"],
    ["journal?format=xero&currency=USD&part=9", "Expected a whole number from 1 to 1."],
    ["summary?from=2027-01-01&to=2026-01-01", "Expected a day after the first one"],
    ["receipt?number=7", "Expected a receipt’s number"],
    ["statement?donor_id=me&year=2026", "Expected a donor’s id"],
  ])("%s is told beside what was typed", async (form, message) => {
    const { status, text } = await finance.visit(`/finance/exports/${form}`);
    expect(status).toBe(400);
    expect(mainOf(text)).toContain(message);
    expect(text).toContain('aria-invalid="true"');
  });

  test("a receipt and a statement are opened by what is known of them", async () => {
    expect((await finance.visit("/finance/exports/receipt?number=2026-000123")).location).toBe(
      "/finance/receipts/2026-000123",
    );
    const donor = "01900000-0000-7000-8000-000000000000";
    expect((await finance.visit(`/finance/exports/statement?donor_id=${donor}&year=2026`)).location).toBe(
      `/finance/donors/${donor}/statement?year=2026`,
    );
    expect((await finance.visit("/finance/exports/unknown")).status).toBe(404);
    expect((await finance.visit("/finance/exports/constructor")).status).toBe(404);
  });

  test("closed months stand there with who closed them, and what for", async () => {
    await sql`
      insert into closed_months (month, time_zone, starts_at, ends_at, closed_at, closed_by, reason, overrode, sha256)
      values (${`${year - 1}-12`}, 'Europe/Berlin', ${`${year - 1}-11-30T23:00:00Z`}, ${`${year - 1}-12-31T23:00:00Z`}, ${`${year}-01-05T08:00:00Z`},
        'Ada <Accountant>', 'It is right.', '{not_compared}', ${"a".repeat(64)})
    `.execute(here.app.db);
    expect(tableOf(await page("/finance/exports"), "closed-months").slice(1)).toEqual([
      [
        `Dec ${year - 1}`,
        `5 Jan ${year}, 09:00`,
        "Ada <Accountant>",
        "not compared",
        "It is right.",
        `ZIP; SHA-256 of its SHA256SUMS: ${"a".repeat(64)}`,
      ],
    ]);
  });
});
