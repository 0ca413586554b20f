import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";

/** A reader who isn't ready, with and without scripts. */
describe.skipIf(browserMissing())("a reminder in a browser", () => {
  let app: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    app = await startApp();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  async function open(options: Parameters<Browser["newPage"]>[0]): Promise<Page> {
    const page = await browser.newPage(options);
    await page.goto(`${app.url}/give?locale=en`);
    await page.locator(".remind summary").click();
    return page;
  }

  async function ask(page: Page, email: string) {
    await page.locator("#remind-email").fill(email);
    await page.locator(".remind button").click();
    await page.waitForURL(/\/reminders\//);
    return await app.db.selectFrom("reminders").selectAll().orderBy("id", "desc").executeTakeFirstOrThrow();
  }

  test("is asked for, cancelled and brought back without scripts; a date is wanted for a date alone", async () => {
    const page = await open({ javaScriptEnabled: false });
    expect(await page.locator("#remind-date").isVisible()).toBe(false);
    await page.locator("#remind-on").check();
    expect(await page.locator("#remind-date").isVisible()).toBe(true);
    await page.locator("#remind-3").check();
    const row = await ask(page, "reader@example.org");
    expect(row.time_zone).toBe("Europe/Berlin");
    expect(await page.locator("main").innerText()).toContain("We have noted your wish to be reminded on");
    await page.getByRole("button", { name: "Cancel the reminder" }).click();
    await page.waitForURL(/said=cancelled/);
    await page.getByRole("button", { name: "Bring it back" }).click();
    await page.waitForURL(/said=restored/);
    expect(await page.locator("main").innerText()).toContain("You have asked for the reminder again.");
    await page.close();
  });

  test("comes in the morning of where the reader is, which a script tells", async () => {
    const page = await open({ timezoneId: "Pacific/Auckland" });
    expect((await ask(page, "reader2@example.org")).time_zone).toBe("Pacific/Auckland");
    await page.close();
  });

  test("fits on a phone, in Arabic too", async () => {
    for (const locale of ["en", "ar"]) {
      const page = await browser.newPage({ viewport: { width: 320, height: 640 } });
      await page.goto(`${app.url}/give?locale=${locale}`);
      await page.locator(".remind summary").click();
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(320);
      await page.close();
    }
  });
});
