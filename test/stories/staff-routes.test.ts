import { randomUUID } from "node:crypto";
import express from "express";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { SECTIONS } from "../../src/pages/finance/sections.ts";
import { ROLES, type Role } from "../../src/shared/roles.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { auditRows, CookieBrowser, signedIn } from "../support/staff.ts";

/** Each route for staff, who may use it, and how: as a page, by a page's form, by a tool as well, or as a paper that both may print. */
interface Row {
  readonly may: readonly Role[];
  readonly as: "page" | "form" | "report" | "paper" | "anybody";
  /** With values for its parameters, where there are some. */
  readonly path?: string;
}

const MONEY = { may: ["finance"], as: "report" } as const;
const SUMS = { may: ["finance", "audience"], as: "report" } as const;
const MONEY_PAGE = { may: ["finance"], as: "page" } as const;
const SUMS_PAGE = { may: ["finance", "audience"], as: "page" } as const;
const SUPPORT = { may: ["support"], as: "form" } as const;
const PAPER = { may: ["finance", "support"], as: "paper" } as const;
const ANYBODY = { may: [], as: "anybody" } as const;
const NOBODYS = "/finance/donors/cus_nobodys";

const ROUTES: Readonly<Record<string, Row>> = {
  "GET /finance": { may: ["finance", "audience", "support"], as: "page" },
  "GET /finance/recurring": MONEY_PAGE,
  "GET /finance/payouts": MONEY_PAGE,
  "GET /finance/payouts/:id": { ...MONEY_PAGE, path: "/finance/payouts/po_nobodys" },
  "GET /finance/balance": MONEY_PAGE,
  "GET /finance/reconciliation": MONEY_PAGE,
  "GET /finance/audience": SUMS_PAGE,
  "GET /finance/disputes": MONEY_PAGE,
  "GET /finance/reminders": SUMS_PAGE,
  "GET /finance/exports": MONEY_PAGE,
  "GET /finance/exports/:name": { ...MONEY_PAGE, path: "/finance/exports/journal" },
  "GET /finance/audit": { may: [], as: "page" },
  "GET /finance/donors": { may: ["support"], as: "page" },
  "POST /finance/donors": SUPPORT,
  "GET /finance/donors/:donor": { may: ["support"], as: "page", path: NOBODYS },
  "POST /finance/donors/:donor/link": { ...SUPPORT, path: `${NOBODYS}/link` },
  "POST /finance/donors/:donor/mail": { ...SUPPORT, path: `${NOBODYS}/mail` },
  "POST /finance/donors/:donor/address": { ...SUPPORT, path: `${NOBODYS}/address` },
  "POST /finance/donors/:donor/gifts/:gift/stop": { ...SUPPORT, path: `${NOBODYS}/gifts/${randomUUID()}/stop` },
  "GET /finance/sign-in": ANYBODY,
  "POST /finance/sign-in": ANYBODY,
  "GET /finance/sign-in/:token": ANYBODY,
  "POST /finance/sign-in/:token": ANYBODY,
  "POST /finance/sign-out": { may: ["finance", "audience", "support"], as: "form" },
  "GET /finance/donors/:donor_id/statement": { ...PAPER, path: `/finance/donors/${randomUUID()}/statement?year=2026` },
  "GET /finance/receipts/:number": { ...PAPER, path: "/finance/receipts/2026-000001" },
  "GET /v1/reports/summary": SUMS,
  "GET /v1/reports/summary.csv": SUMS,
  "GET /v1/reports/payments": MONEY,
  "GET /v1/reports/payments.csv": MONEY,
  "GET /v1/reports/reminders": SUMS,
  "GET /v1/reports/reminders.csv": SUMS,
  "GET /v1/reports/recurring": SUMS,
  "GET /v1/reports/recurring.csv": SUMS,
  "GET /v1/reports/audience": { ...SUMS, path: "/v1/reports/audience?by=article" },
  "GET /v1/reports/audience.csv": { ...SUMS, path: "/v1/reports/audience.csv?by=article" },
  "GET /v1/reports/payouts": MONEY,
  "GET /v1/reports/payouts.csv": MONEY,
  "GET /v1/reports/payouts/:id": { ...MONEY, path: "/v1/reports/payouts/po_nobodys" },
  "GET /v1/reports/payouts/:id.csv": { ...MONEY, path: "/v1/reports/payouts/po_nobodys.csv" },
  "GET /v1/reports/balance": MONEY,
  "GET /v1/reports/balance.csv": MONEY,
  "GET /v1/reports/journal": MONEY,
  "GET /v1/reports/journal.csv": MONEY,
  "GET /v1/reports/disputes": MONEY,
  "GET /v1/reports/disputes.csv": MONEY,
  "GET /v1/reports/closed-months": MONEY,
  "GET /v1/reports/closed-months/:month/evidence.zip": {
    ...MONEY,
    path: "/v1/reports/closed-months/nobodys/evidence.zip",
  },
  "GET /v1/reports/reconciliation": MONEY,
  "GET /v1/reports/reconciliation.csv": MONEY,
};

/** All that anybody has mounted under the two prefixes, as Express is told of it. */
const mounted = new Set<string>();

let app: TestApp;
beforeAll(async () => {
  const { route } = express.Router.prototype as { route: (path: unknown) => { methods: Record<string, boolean> } };
  const made: [unknown, { methods: Record<string, boolean> }][] = [];
  vi.spyOn(express.Router.prototype as { route: typeof route }, "route").mockImplementation(function (
    this: unknown,
    path,
  ) {
    const result = route.call(this, path);
    made.push([path, result]);
    return result;
  });
  app = await startApp();
  for (const [paths, { methods }] of made) {
    for (const path of [paths]
      .flat()
      .map(String)
      .filter((each) => /^\/(?:finance|v1\/reports)\b/.test(each))) {
      for (const method of Object.keys(methods)) mounted.add(`${method.toUpperCase()} ${path}`);
    }
  }
});
afterAll(() => app.close());

const ROWS = Object.entries(ROUTES).map(([name, row]) => {
  const [method = "", pattern = ""] = name.split(" ");
  return { name, method, path: row.path ?? pattern, ...row };
});
const GUARDED = ROWS.filter((row) => row.as !== "anybody");

async function ask(
  browser: CookieBrowser,
  { method, path }: { method: string; path: string },
  fields: Record<string, string>,
) {
  return method === "POST" ? await browser.post(path, { request: randomUUID(), ...fields }) : await browser.visit(path);
}

describe("each route for staff", () => {
  test("has a row in this table, and each row a route", () => {
    expect([...mounted].toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  });

  test.each(ROLES)("lets the role %s do what it may, and nothing else", async (role) => {
    for (const row of GUARDED) {
      const { browser, csrf } = await signedIn(app, role);
      const { status, location, text } = await ask(browser, row, { csrf });
      const may = role === "admin" || row.may.includes(role);
      if (may) expect([200, 303, 400, 404], `${row.name}: ${status}`).toContain(status);
      else expect(status, row.name).toBe(403);
      expect(location, row.name).not.toContain("sign-in");
      if (row.as === "paper" || status === 404) continue;
      expect(text.includes("application/problem") || text.startsWith("{"), row.name).toBe(
        row.as === "report" && (!may || !row.name.endsWith(".csv")),
      );
    }
  });

  test("leads whoever isn't signed in there, or says so to a tool", async () => {
    for (const row of GUARDED) {
      const { status, location, headers } = await ask(new CookieBrowser(app), row, { csrf: "x" });
      if (row.as === "report") {
        expect([status, headers.get("www-authenticate")], row.name).toEqual([401, "Bearer"]);
        continue;
      }
      const next = row.method === "GET" && row.path !== "/finance" ? `?${new URLSearchParams({ next: row.path })}` : "";
      expect([status, location], row.name).toEqual([303, `/finance/sign-in${next}`]);
    }
  });

  test.each(ROLES)("takes a token of the role %s for reports, and for no page", async (role) => {
    const headers = { authorization: `Bearer ${await app.token(role)}` };
    for (const row of GUARDED) {
      const answer = await new CookieBrowser(app).visit(row.path, { method: row.method, headers });
      if (row.as !== "report" && row.as !== "paper")
        expect([answer.status, answer.location.split("?")[0]], row.name).toEqual([303, "/finance/sign-in"]);
      else if (role !== "admin" && !row.may.includes(role)) expect(answer.status, row.name).toBe(403);
      else expect(answer.status, row.name).toBe(/nobodys|:donor_id|:number/.test(row.path + row.name) ? 404 : 200);
    }
  });

  test("that sends a file writes that down, once it does", async () => {
    const files = GUARDED.filter(({ name }) => /\.(?:csv|zip)$/.test(name));
    expect(files.length).toBeGreaterThan(9);
    for (const row of files) {
      const { browser, id } = await signedIn(app, "admin");
      const entries = async () =>
        (await auditRows(app)).filter((entry) => entry.actor_id === id).map(({ action, subject }) => [action, subject]);
      const [path = ""] = row.path.split("?");
      expect((await browser.visit(`${path}?nothing=1`)).status, row.name).toBe(400);
      await browser.visit(row.path, { method: "HEAD" });
      expect(await entries(), row.name).toEqual([]);
      const { status } = await browser.visit(row.path);
      expect(await entries(), row.name).toEqual(status === 200 ? [["export", path]] : []);
    }
  });

  test("that changes something refuses a form without its token, and one from elsewhere", async () => {
    for (const row of GUARDED.filter(({ method }) => method !== "GET")) {
      expect(row.as, row.name).toBe("form");
      const { browser, csrf } = await signedIn(app, "admin");
      const { csrf: another } = await signedIn(app, "admin");
      for (const wrong of [{}, { csrf: another }])
        expect((await ask(browser, row, wrong as Record<string, string>)).status, row.name).toBe(403);
      const origin = { origin: "https://evil.example" };
      expect((await browser.post(row.path, { csrf }, origin)).status, row.name).toBe(403);
      const json = {
        method: "POST",
        body: JSON.stringify({ csrf }),
        headers: { "content-type": "application/json", origin: app.url },
      };
      expect((await browser.visit(row.path, json)).status, row.name).toBe(403);
    }
  });
});

function navigationOf(page: string): string {
  return /<nav .*?<\/nav>/s.exec(page)?.[0] ?? "";
}

test("the navigation names what a role may see, and nothing else", async () => {
  for (const role of ROLES) {
    const { browser } = await signedIn(app, role);
    const start = await browser.visit("/finance");
    const home = start.status === 303 ? await browser.visit(start.location) : start;
    const shown = [...navigationOf(home.text).matchAll(/<li><a href="(\/finance[^"]*)"/g)].map(([, path]) => path);
    const roles = (section: (typeof SECTIONS)[number]): readonly Role[] => section.roles;
    const expected = SECTIONS.filter((section) => role === "admin" || roles(section).includes(role)).map(
      ({ path }) => path,
    );
    if (shown.length > 0) expect(shown).toEqual(expected);
    else expect(home.status).toBe(404);
  }
});

test("what isn't there says so as a page, with a way back", async () => {
  const { browser } = await signedIn(app, "finance");
  const answer = await browser.visit("/finance/nothing-here");
  expect(answer.status).toBe(404);
  expect(answer.text).toContain("<!doctype html>");
  expect(answer.text).toContain('<a href="/finance">To your pages</a>');
  expect(navigationOf(answer.text)).toContain("/finance/payouts");
  expect((await new CookieBrowser(app).visit("/finance/nothing-here")).words).toContain("Sign in");
  expect(
    (await browser.visit("/finance/nothing-here", { headers: { accept: "application/json" } })).headers.get(
      "content-type",
    ),
  ).toContain("problem+json");
});
