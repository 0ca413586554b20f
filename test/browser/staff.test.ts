import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { seriousFaults } from "../support/axe.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";
import { give } from "../support/giving.ts";
import { shoot } from "../support/pictures.ts";
import { addStaff } from "../support/staff.ts";

const WIDTHS = [
  ["phone", { width: 360, height: 740 }],
  ["desktop", { width: 1280, height: 900 }],
] as const;

describe.skipIf(browserMissing())("the pages for staff, in a browser", () => {
  let app: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    app = await startApp({ work: true });
    browser = await launchBrowser();
    const donor = { email: "reader.with.a.long.address@reader.example", name: "Ada Lovelace" };
    await give(app, { frequency: "monthly", amount: 1000 }, donor);
    await give(app, { amount: 2500 }, donor);
    await app.settle();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  async function context(
    viewport: { width: number; height: number },
    colorScheme: "light" | "dark" = "light",
  ): Promise<BrowserContext> {
    return await browser.newContext({ viewport, colorScheme });
  }

  /** Nothing serious for axe, nothing sticks out, all of it works without a mouse. */
  async function sound(page: Page, name: string): Promise<void> {
    await shoot(page, name);
    expect(await seriousFaults(page), name).toEqual([]);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
  }

  /** By the link of the mail, pressed in the sandbox's mailbox in the same browser. @returns the tab in which it opens */
  async function signIn(page: Page, email: string): Promise<Page> {
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Send me a link" }).click();
    expect(await page.locator("h1").innerText()).toBe("Look into your mail");
    const reader = await page.context().newPage();
    await expect
      .poll(
        async () => {
          await reader.goto(`${app.url}/sandbox/mailbox?to=${encodeURIComponent(email)}`);
          return await reader.locator(".mails li").count();
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(0);
    await reader.locator(".mails li a").first().click();
    const opened = page.context().waitForEvent("page");
    await reader.frameLocator("iframe").getByRole("link", { name: "Sign in" }).click();
    const tab = await opened;
    await tab.waitForURL("**/finance/sign-in/*");
    await reader.close();
    await page.close();
    return tab;
  }

  test.each(WIDTHS)(
    "an administrator signs in by the mailed link and looks around, at %s width",
    async (size, viewport) => {
      const { email } = await addStaff(app, "admin", `admin.${size}@newsroom.example`);
      const here = await context(viewport);
      let page = await here.newPage();
      await page.goto(`${app.url}/finance/audit`);
      expect(page.url()).toContain("/finance/sign-in?next=");
      await sound(page, `${size}-sign-in`);
      page = await signIn(page, email);
      await sound(page, `${size}-link`);

      const elsewhere = await context(viewport);
      const stranger = await elsewhere.newPage();
      await stranger.goto(page.url());
      expect(await stranger.locator("h1").innerText()).toBe("This link belongs to another browser");
      await sound(stranger, `${size}-other-browser`);
      await elsewhere.close();

      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL("**/finance/audit");
      await sound(page, `${size}-audit`);

      await page.getByRole("link", { name: "Donors" }).click();
      await page.waitForURL("**/finance/donors");
      await sound(page, `${size}-donors`);
      await page.getByLabel("E-mail address").fill("reader.with.a.long.address@reader.example");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/finance/donors/cus_*");
      expect(await page.locator("h1").innerText()).toBe("Donor");
      await page.locator("summary").first().click();
      await sound(page, `${size}-donor`);
      await page.getByRole("button", { name: "Send the link to all gifts" }).click();
      await page.waitForURL("**?said=link&request=*");
      expect(await page.getByRole("status").innerText()).toContain("is on its way");
      await page.locator("summary").first().click();
      await page.getByRole("button", { name: "Stop it now" }).click();
      expect(page.url()).toContain("said=link");
      expect(
        await page
          .getByRole("checkbox")
          .first()
          .evaluate((box) => (box as HTMLInputElement).validity.valid),
      ).toBe(false);
      await page.reload();
      await page.emulateMedia({ colorScheme: "dark" });
      await sound(page, `${size}-donor-dark`);
      await page.goto(`${app.url}/finance/audit`);
      await sound(page, `${size}-audit-dark`);
      await page.emulateMedia({ media: "print", colorScheme: "light" });
      expect(await page.getByRole("navigation").isVisible()).toBe(false);
      await page.emulateMedia({ media: "screen" });

      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL("**/finance/sign-out");
      expect(await page.locator("h1").innerText()).toBe("You are signed out");
      await page.goto(`${app.url}/finance/audit`);
      expect(page.url()).toContain("/finance/sign-in");
      await here.close();
    },
  );

  test("the keyboard reaches the content past the navigation", async () => {
    const { email } = await addStaff(app, "support", "keyboard@newsroom.example");
    const here = await context({ width: 1280, height: 900 });
    let page = await here.newPage();
    await page.goto(`${app.url}/finance/donors`);
    page = await signIn(page, email);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/finance/donors");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("email");
    await here.close();
  });
});
