import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { giftLinks } from "../../src/mail/gift-links.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";
import { give } from "../support/giving.ts";

const DAY_MS = 86_400_000;

/** What only a browser can tell: whether a button gets through the policies of the page that it stands on. */
describe.skipIf(browserMissing())("the pages that mails lead to, in a browser without scripts", () => {
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

  async function open(url: string): Promise<Page> {
    const page = await browser.newPage({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
    await page.goto(url);
    return page;
  }

  const fits = async (page: Page) =>
    expect((await page.locator("main").boundingBox())?.width ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(320);

  async function linksOf(id: string) {
    const donation = await app.db.selectFrom("donations").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    return giftLinks(app.deps.config, app.deps.vault, app.deps.newsroom(), donation, "payment_failed");
  }

  test("lead on to Stripe's page for what is owed, and stop a gift", async () => {
    const { id } = await give(app, { frequency: "monthly", amount: 1000 });
    await app.settle();
    const { data } = await app.deps.stripe.api.customers.list({ limit: 1 });
    app.standIn.control("POST", `/customers/${data[0]?.id}`, { renewals: "fail" });
    await app.standIn.advance(32 * DAY_MS, { finishDrafts: true });
    await app.settle();
    const { fix, stop } = await linksOf(id);

    const mending = await open(fix ?? "");
    await fits(mending);
    await mending.getByRole("button").click();
    await mending.waitForURL(`${app.standIn.url}/i/*`);
    await mending.getByRole("button", { name: /another card/ }).click();
    await expect.poll(() => mending.locator("body").innerText()).toContain("paid");
    await mending.close();

    const stopping = await open(stop ?? "");
    await fits(stopping);
    await stopping.getByRole("button").click();
    expect(await stopping.locator("h1").innerText()).toBe("Your gift has been stopped");
    await stopping.getByRole("link", { name: "Start giving again" }).click();
    expect(await stopping.locator("#gift-monthly").isChecked()).toBe(true);
    await stopping.close();
  });

  test("ask for an address, and say the same to everybody", async () => {
    const page = await open(`${app.url}/my-gift?locale=ru`);
    await fits(page);
    await page.locator("#email").fill("nobody@example.org");
    await page.getByRole("button").click();
    expect(await page.locator("h1").innerText()).toBe("Проверьте почту");
    await page.close();
  });
});
