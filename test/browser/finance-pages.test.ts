import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeSampleData } from "../../src/sandbox/sample/make.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { seriousFaults } from "../support/axe.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";
import { printed, shoot } from "../support/pictures.ts";
import { signedIn as staffMember } from "../support/staff.ts";

/** Three years of made-up gifts, as somebody sees them who looks at the product for the first time. */
describe.skipIf(browserMissing())("the pages for finance staff in a browser", () => {
  let app: TestApp;
  let browser: Browser;
  let secret: string;
  let paths: Readonly<Record<string, string>>;
  const complaints: string[] = [];

  beforeAll(async () => {
    app = await startApp();
    await makeSampleData(app.deps, { payments: 1_200, seed: 3 });
    for (const body of [
      { email: "one@example.org", in_months: 2 },
      { channel: "on_site", in_months: 6 },
    ]) {
      await fetch(`${app.url}/v1/reminders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    }
    secret = (await staffMember(app, "admin")).secret;
    const payout = await app.db
      .selectFrom("payout_lines")
      .select("payout_id")
      .groupBy("payout_id")
      .orderBy((eb) => eb.fn.countAll(), "desc")
      .executeTakeFirstOrThrow();
    paths = {
      overview: "/finance",
      recurring: "/finance/recurring",
      payouts: "/finance/payouts",
      payout: `/finance/payouts/${payout.payout_id}`,
      balance: "/finance/balance",
      comparison: "/finance/reconciliation",
      audience: "/finance/audience?by=campaign",
      disputes: "/finance/disputes",
      reminders: "/finance/reminders",
      exports: "/finance/exports",
      faults: "/finance/payouts?from=2026-02-30&currency=dollars",
    };
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  type Options = Parameters<Browser["newContext"]>[0];

  async function signedIn(options: Options, use: (page: Page) => Promise<void>): Promise<void> {
    const context: BrowserContext = await browser.newContext({ locale: "en-US", ...options });
    await context.addCookies([{ name: "rd_staff", value: secret, url: app.url }]);
    const page = await context.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => new URL(request.url()).origin === app.url || complaints.push(request.url()));
    await use(page);
    await context.close();
  }

  async function open(page: Page, name: string): Promise<void> {
    const answer = await page.goto(`${app.url}${paths[name]}`);
    expect([name, answer?.status()]).toEqual([name, name === "faults" ? 400 : 200]);
  }

  test.each([
    ["phone", { width: 390, height: 844 }, "light"],
    ["desktop", { width: 1280, height: 900 }, "dark"],
  ] as const)("on a %s everything fits, and axe finds nothing serious", async (name, viewport, colorScheme) => {
    await signedIn({ viewport, colorScheme }, async (page) => {
      for (const each of Object.keys(paths)) {
        await open(page, each);
        expect([each, await page.evaluate(sideways)]).toEqual([each, 0]);
        expect([each, await page.evaluate(cutOff)]).toEqual([each, []]);
        expect([each, await seriousFaults(page)]).toEqual([each, []]);
        await shoot(page, `finance-${each}-${name}`);
      }
    });
    expect(complaints.filter((complaint) => !complaint.includes("400 (Bad Request)"))).toEqual([]);
  });

  test("without scripts a period is chosen, a payout is opened, a file is fetched", async () => {
    await signedIn({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } }, async (page) => {
      await open(page, "payouts");
      await page.getByRole("link", { name: "Last year" }).click();
      await page.getByLabel("Currency").fill("eur");
      await page.getByRole("button", { name: "Show" }).click();
      expect(new URL(page.url()).searchParams.get("currency")).toBe("eur");
      expect(await page.getByLabel("Currency").inputValue()).toBe("eur");
      await page.locator("#payouts").locator("xpath=..").locator("tbody a").first().click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Payout");
      await page.getByRole("link", { name: "Exports" }).click();
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Download CSV" }).first().click(),
      ]);
      expect(file.suggestedFilename()).toMatch(/^journal_\d{4}-\d\d-01_\d{4}-\d\d-01\.csv$/);
    });
  });

  test("by keyboard: the content is skipped to, and a table is scrolled", async () => {
    await signedIn({ viewport: { width: 390, height: 844 } }, async (page) => {
      await open(page, "recurring");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
      const region = page.getByRole("region", { name: /^By month/ }).first();
      await region.focus();
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => region.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
    });
  });

  test("on paper nothing runs over the edge, and what is for the screen is left out", async () => {
    await signedIn({ colorScheme: "dark", viewport: { width: 718, height: 1000 } }, async (page) => {
      await open(page, "payout");
      const shadow = () =>
        page
          .locator(".table")
          .first()
          .evaluate((table) => getComputedStyle(table).backgroundImage);
      expect(await shadow()).toContain("gradient");
      await page.emulateMedia({ media: "print" });
      expect(await shadow()).toBe("none");
      for (const each of ["overview", "payout", "balance", "recurring"]) {
        await open(page, each);
        expect([each, await page.evaluate(sideways)]).toEqual([each, 0]);
        for (const hidden of ["nav", ".tools", ".filters", ".who"]) {
          for (const element of await page.locator(hidden).all()) expect(await element.isVisible()).toBe(false);
        }
        await shoot(page, `finance-${each}-paper`);
        const paper = await page.pdf({ format: "A4", ...printed(`finance-${each}`) });
        expect(paper.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length).toBeLessThan(12);
      }
    });
  });
});

/** Runs in the page: by how much it scrolls sideways. */
function sideways(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}

/** Runs in the page: texts that run out of their boxes. */
function cutOff(): string[] {
  return [...document.querySelectorAll("td, th, dd, dt, p, h1, h2, h3, li, label, .figure, figcaption, .chart text")]
    .filter((element) => getComputedStyle(element).display !== "inline")
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && !element.classList.contains("unseen"))
    .filter((element) => !(element instanceof SVGElement) && !element.querySelector(".unseen"))
    .map((element) => element.textContent?.trim() ?? "");
}
