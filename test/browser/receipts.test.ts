import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toJanuary } from "../support/account.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";
import { give } from "../support/giving.ts";
import { printed, shoot } from "../support/pictures.ts";
import { issueAll } from "../support/receipts-app.ts";

/** What a donor files: on a phone, on a screen and on A4, in a language that runs either way. */
describe.skipIf(browserMissing())("a receipt and a statement in a browser", () => {
  let app: TestApp;
  let browser: Browser;
  let page: Page;
  let paths: Readonly<Record<string, string>>;
  const asked: string[] = [];
  beforeAll(async () => {
    app = await startApp();
    await toJanuary(app);
    const donor = { name: "Nadia Überlanger-Nachname-Andersen", email: "nadia@example.org" };
    const { id } = await give(app, { amount: 250_000, currency: "USD" }, donor);
    await give(app, { frequency: "monthly", amount: 2000, currency: "EUR" }, donor);
    await app.standIn.advance(300 * 86_400_000, { finishDrafts: true });
    await app.settle();
    const { donor_id, charge } = await app.db
      .selectFrom("donations as d")
      .innerJoin("payments as p", "p.donation_id", "d.id")
      .select(["d.donor_id", "p.stripe_charge as charge"])
      .where("d.id", "=", id)
      .executeTakeFirstOrThrow();
    await issueAll(app);
    const number = await app.db
      .selectFrom("receipts")
      .select("number")
      .where("donation_id", "=", id)
      .executeTakeFirstOrThrow();
    await app.deps.stripe.api.refunds.create({ charge: charge ?? "" });
    await app.settle();
    const year = app.clock.now().getUTCFullYear();
    paths = {
      receipt: `/finance/receipts/${number.number}`,
      statement: `/finance/donors/${donor_id}/statement?year=${year}`,
    };
    browser = await launchBrowser();
    const context = await browser.newContext({
      extraHTTPHeaders: { authorization: `Bearer ${await app.token("support")}` },
    });
    page = await context.newPage();
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    page.on("console", (message) => asked.push(message.text()));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  const pages = ["receipt", "statement"].flatMap((name) => ["en", "de", "ar"].map((locale) => [name, locale] as const));

  test.each(pages)("the %s in %s fits a phone and a screen", async (name, locale) => {
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await open(name, locale);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      ).toBe(0);
      expect(await page.evaluate(cutOff)).toEqual([]);
      await shoot(page, `${name}-${locale}-${width}`);
    }
  });

  test.each(pages)("the %s in %s is one sheet of A4", async (name, locale) => {
    await open(name, locale);
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 643, height: 971 });
    await shoot(page, `${name}-${locale}-a4`);
    const paper = await page.pdf({ preferCSSPageSize: true, ...printed(`${name}-${locale}`) });
    expect(paper.toString("latin1").match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    expect(paper.toString("latin1")).toMatch(/\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/);
    expect(await page.evaluate(cutOff)).toEqual([]);
    await page.emulateMedia({ media: null });
  });

  test("nothing was loaded from elsewhere, and nothing was forbidden", () => {
    expect(new Set(asked)).toEqual(new Set([app.url]));
  });

  async function open(name: string, locale: string): Promise<void> {
    const path = paths[name] ?? "";
    const answer = await page.goto(`${app.url}${path}${path.includes("?") ? "&" : "?"}locale=${locale}`);
    expect(answer?.status()).toBe(200);
  }
});

/** Runs in the page: texts that run out of their boxes, or amounts that are broken over lines. */
function cutOff(): string[] {
  return [...document.querySelectorAll("td, th, dd, dt, p, h1")]
    .filter(
      (element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline",
    )
    .map((element) => element.textContent?.trim() ?? "");
}
