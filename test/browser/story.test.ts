import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";
import { shoot } from "../support/pictures.ts";

/** The main job as a person does it: the demo article, Stripe's page, the thank-you page, a month later the report. */
describe.skipIf(browserMissing()).each([
  ["with scripts", true],
  ["without scripts", false],
] as const)("in a browser %s", (scripts, javaScriptEnabled) => {
  let app: TestApp;
  let browser: Browser;
  let context: BrowserContext;
  const complaints: string[] = [];

  beforeAll(async () => {
    app = await startApp({ work: true });
    browser = await launchBrowser();
    context = await browser.newContext({ javaScriptEnabled, locale: "en-US", viewport: { width: 375, height: 800 } });
    context.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  interface Choice {
    readonly frequency: "once" | "monthly" | "annual";
    readonly preset?: number;
    readonly other?: string;
    readonly coverFees?: boolean;
  }

  /** Fills the form under the article and goes on to Stripe's page. */
  async function choose(page: Page, choice: Choice): Promise<void> {
    await page.goto(`${app.url}/?currency=USD`);
    await page.locator(`#gift-${choice.frequency}`).check();
    await page.locator(`#gift-${choice.frequency}-${choice.preset ?? "other"}`).check();
    if (choice.other !== undefined) await page.locator("#gift-other").fill(choice.other);
    if (choice.coverFees === true) await page.locator("#gift-cover_fees").check();
    await page.locator("#gift-form button").click();
    await page.waitForURL(`${app.standIn.url}/**`);
  }

  async function pay(page: Page, outcome: string): Promise<void> {
    await page.locator("input[name=email]").fill("reader@example.org");
    await page.locator("input[name=name]").fill("A Reader");
    await page.locator(`button[name=outcome][value=${outcome}]`).click();
  }

  async function give(choice: Choice): Promise<string> {
    const page = await context.newPage();
    await choose(page, choice);
    await shoot(page, `stripe-${choice.frequency}-${scripts}`);
    await pay(page, "pay");
    await page.waitForURL(`${app.url}/thanks/**`);
    // It asks again by itself until the payment is confirmed.
    await page.getByRole("heading", { name: /^Thank you/ }).waitFor();
    await shoot(page, `thanks-${choice.frequency}-${scripts}`);
    const said = await page.locator("main").innerText();
    await page.close();
    return said;
  }

  test("once, monthly, annual and declined, then the report a month later", async () => {
    expect(await give({ frequency: "once", preset: 1, coverFees: true })).toContain("Your gift of $26.06");
    expect(await give({ frequency: "monthly", preset: 1 })).toContain("$10 a month");
    expect(await give({ frequency: "annual", other: "60.50" })).toContain("$60.50 a year");

    const page = await context.newPage();
    await choose(page, { frequency: "once", preset: 0 });
    await pay(page, "decline");
    await page.getByRole("alert").first().waitFor();
    expect(page.url()).toContain(app.standIn.url);
    await page.locator("button[name=outcome][value=cancel]").click();
    await page.waitForURL(`${app.url}/cancelled/**`);
    expect(await page.locator("main").innerText()).toContain("Nothing was charged");
    await page.getByRole("link", { name: "Back to the form" }).click();
    await page.waitForURL(`${app.url}/?**#support`);
    await shoot(page, `article-${scripts}`);

    const before = app.deps.now();
    await page.getByRole("button", { name: "31 days on" }).click();
    await page.waitForURL(`${app.url}/`);
    expect(Math.round((+app.deps.now() - +before) / 86_400_000)).toBe(31);
    await page.close();
    const token = await app.token();
    const answer = await fetch(`${app.url}/v1/reports/summary?from=2020-01-01&to=2040-01-01&interval=year`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { rows } = (await answer.json()) as { rows: { frequency: string; payments: number; gross: number }[] };
    const sums = Object.fromEntries(
      ["once", "monthly", "annual"].map((frequency) => {
        const of = rows.filter((row) => row.frequency === frequency);
        return [frequency, { payments: sum(of, "payments"), gross: sum(of, "gross") }];
      }),
    );
    expect(sums).toEqual({
      once: { payments: 1, gross: 2606 },
      monthly: { payments: 2, gross: 2000 },
      annual: { payments: 1, gross: 6050 },
    });
    expect(complaints).toEqual([]);
  }, 60_000);

  test("what stands beside the button is what is kept as proof of consent", async () => {
    const page = await context.newPage();
    for (const choice of [
      { frequency: "once", preset: 2 },
      { frequency: "monthly", preset: 0, coverFees: true },
      { frequency: "annual", preset: 3 },
    ] as const) {
      await page.goto(`${app.url}/give?locale=en&currency=EUR`);
      await page.locator(`#gift-${choice.frequency}`).check();
      await page.locator(`#gift-${choice.frequency}-${choice.preset}`).check();
      if ("coverFees" in choice) await page.locator("#gift-cover_fees").check();
      const shown = (await page.locator("#gift-terms").innerText()).replace(/\s+/g, " ").trim();
      await page.locator("#gift-form button").click();
      await page.waitForURL(`${app.standIn.url}/**`);
      const kept = await app.db
        .selectFrom("consents")
        .innerJoin("donations", "donations.id", "consents.donation_id")
        .select(["statement", "donations.article_id"])
        .where("donations.stripe_session", "=", /cs_test_\w+/.exec(page.url())?.[0] ?? "")
        .executeTakeFirstOrThrow();
      expect(shown).toBe(kept.statement);
    }
    await page.close();
  });

  test("the gift is known by the article that it came from", async () => {
    const page = await context.newPage();
    await choose(page, { frequency: "once", preset: 0 });
    const kept = await app.db
      .selectFrom("donations")
      .select(["article_url", "article_id", "campaign", "placement", "variant"])
      .where("stripe_session", "=", /cs_test_\w+/.exec(page.url())?.[0] ?? "")
      .executeTakeFirstOrThrow();
    expect(kept).toEqual({
      article_url: `${app.url}/`,
      article_id: "harbour-mud",
      campaign: "winter-2026",
      placement: "article_end",
      variant: "a",
    });
    await page.close();
  });

  test("a slip is mended where it was made, and the rest stays as it was", async () => {
    const page = await context.newPage();
    await page.goto(`${app.url}/?locale=de`);
    await page.locator("#gift-monthly").check();
    await page.locator("#gift-monthly-other").check();
    await page.locator("#gift-other").fill("0,50");
    await page.locator("#gift-email").fill("reader@example.org");
    await page.locator("#gift-form button").click();
    const summary = page.getByRole("alert");
    await summary.waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    await shoot(page, `mend-${scripts}`);
    await summary.getByRole("link").click();
    expect(page.url()).toMatch(/#gift-other$/);
    expect(await page.locator("#gift-email").inputValue()).toBe("reader@example.org");
    await page.locator("#gift-other").fill("7,50");
    await page.locator("#gift-form button").click();
    await page.waitForURL(`${app.standIn.url}/**`);
    await page.close();
    complaints.splice(0);
  });
});

function sum(rows: readonly { payments: number; gross: number }[], key: "payments" | "gross"): number {
  return rows.reduce((total, row) => total + row[key], 0);
}
