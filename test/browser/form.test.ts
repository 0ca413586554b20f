import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { coverFees } from "../../src/shared/fees.ts";
import { formatDecimal, formatMoney } from "../../src/shared/money.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";

/** What only a browser can tell: what the style sheet shows, what the script writes, what fits on a screen. */
describe.skipIf(browserMissing())("the form in a browser", () => {
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

  async function open(path: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
    const page = await browser.newPage(options);
    await page.goto(app.url + path);
    return page;
  }

  const terms = async (page: Page) =>
    (await page.locator(".charge").innerText()).replace(/[\s\u2066\u2069]+/g, " ").trim();
  const button = async (page: Page) => (await page.locator("#gift-form button").innerText()).trim();

  test("shows the amounts, the limits and the terms of the chosen frequency alone, without scripts", async () => {
    const page = await open("/give?locale=en&currency=USD", { javaScriptEnabled: false });
    expect(await terms(page)).toBe("$25 once. Nothing more will be charged.");
    expect(await button(page)).toBe("Continue – $25 once");
    await page.locator("#gift-monthly").check();
    expect(await page.getByRole("radio", { name: "$5", exact: true }).isVisible()).toBe(true);
    expect(await page.locator("#gift-once-0").isVisible()).toBe(false);
    expect(await terms(page)).toBe("$10 every month until you stop.");
    expect(await page.locator("#gift-terms").innerText()).toContain("You can stop at any time");
    await page.locator("#gift-monthly-2").check();
    await page.locator("#gift-cover_fees").check();
    expect(await terms(page)).toBe("$20.91 every month until you stop.");
    expect(await button(page)).toBe("Continue – $20.91 a month");
    expect(await page.locator("label[for=gift-cover_fees]").innerText()).toBe("I’ll add $0.91 to cover the fees");
    expect(await page.locator("#gift-other").isVisible()).toBe(false);
    await page.locator("#gift-monthly-other").check();
    expect(await page.locator("#gift-other").isVisible()).toBe(true);
    expect((await page.locator("#gift-other-hint").innerText()).trim()).toBe("From $2 to $1,000");
    expect(await terms(page)).toBe(
      "The amount you enter, every month until you stop. The fees are added to it: 2.9% + $0.30.",
    );
    await page.close();
  });

  test.each([
    ["USD", "en"],
    ["EUR", "de"],
    ["JPY", "en"],
    ["ISK", "fr"],
    ["USD", "ar"],
  ])("the script writes typed amounts as the server will charge them, in %s and %s", async (currency, locale) => {
    const page = await open(`/give?locale=${locale}&currency=${currency}&frequency=monthly`);
    const { currencies, copy } = app.deps.newsroom();
    const fees = currencies[currency]?.fees;
    const template = copy[locale]?.form.consent.monthly;
    if (fees === undefined || template === undefined) throw new Error("The newsroom's file has changed.");
    await page.locator("#gift-monthly-other").check();
    const step = currency === "ISK" ? 100 : 1;
    for (const base of [301, 1000, 4567, 99_999]) {
      const amount = base * step;
      await page.locator("#gift-other").fill(formatDecimal(amount, currency));
      for (const covered of [false, true]) {
        await page.locator("#gift-cover_fees").setChecked(covered);
        const total = covered ? coverFees(amount, fees, currency) : amount;
        const money = formatMoney(total, currency, locale, { short: true });
        expect(await terms(page)).toBe(
          template
            .replace("{amount}", money)
            .replace(/[\s\u2066\u2069]+/g, " ")
            .trim(),
        );
      }
    }
    for (const typed of ["", "abc", "1,000", "1.234,5"]) {
      await page.locator("#gift-other").fill(typed);
      await page.locator("#gift-cover_fees").setChecked(false);
      expect(await terms(page)).toBe(copy[locale]?.form.consent_other.monthly);
    }
    await page.close();
  });

  test("the script reads Arabic digits as the server does", async () => {
    const page = await open("/give?locale=en&currency=USD");
    await page.locator("#gift-once-other").check();
    await page.locator("#gift-other").fill("١٢٫٥٠");
    expect(await terms(page)).toBe("$12.50 once. Nothing more will be charged.");
    await page.close();
  });

  test("a second click while the first is on its way sends nothing", async () => {
    const page = await open("/give?locale=en&currency=USD");
    let sent = 0;
    await page.route("**/v1/checkout-sessions", async (route) => {
      sent += 1;
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue();
    });
    const said = await page.evaluate(async () => {
      const submit = document.querySelector<HTMLButtonElement>("#gift-form button");
      submit?.click();
      await new Promise((resolve) => setTimeout(resolve, 100));
      submit?.click();
      return submit?.textContent;
    });
    expect(said).toBe("One moment…");
    await page.waitForURL(`${app.standIn.url}/**`);
    expect(sent).toBe(1);
    await page.goBack();
    await page.locator("#gift-form button", { hasText: "Continue – $25 once" }).waitFor();
    await page.close();
  });

  test("is worked by the keyboard alone", async () => {
    const page = await open("/give?locale=en&currency=USD");
    await page.locator("#gift-once").focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#gift-monthly").isChecked()).toBe(true);
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    expect(await terms(page)).toBe("$20 every month until you stop.");
    const outline = await page
      .locator("#gift-monthly-2 + label")
      .evaluate((label) => getComputedStyle(label).outlineStyle);
    expect(outline).toBe("solid");
    await page.close();
  });

  test.each(["en", "ru", "de", "fr", "es", "ar"])(
    "in %s, fits a phone and is large enough to touch",
    async (locale) => {
      const page = await open(`/?locale=${locale}`, {
        viewport: { width: 320, height: 640 },
        javaScriptEnabled: false,
      });
      for (const path of [
        `/?locale=${locale}`,
        `/give?locale=${locale}&frequency=monthly`,
        `/thanks/nope?locale=${locale}`,
      ]) {
        await page.goto(app.url + path);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
        const small = await page.evaluate(() =>
          [
            ...document.querySelectorAll(
              ".options label, .tick label, .switch a, button, summary, .actions a, .field input",
            ),
          ]
            .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }))
            .filter(({ box }) => box.width > 0 && (box.height < 44 || box.width < 44))
            .map(({ text }) => text),
        );
        expect(small).toEqual([]);
      }
      await page.close();
    },
  );

  test.each(["light", "dark"] as const)(
    "all text has enough contrast in the %s scheme (WCAG AA)",
    async (colorScheme) => {
      const page = await open("/give?locale=en", { colorScheme });
      for (const path of ["/?locale=en", "/give?locale=en", "/thanks/nope?locale=en"]) {
        await page.goto(app.url + path);
        expect(await page.evaluate(lowContrast)).toEqual([]);
      }
      await page.goto(`${app.url}/give?locale=en`);
      await page.locator("#gift-once-other").check();
      await page.locator("#gift-other").fill("1");
      await page.locator("#gift-form button").click();
      await page.getByRole("alert").waitFor();
      expect(await page.evaluate(lowContrast)).toEqual([]);
      await page.close();
    },
  );
});

/** Runs in the page: texts whose colour is too near to what is behind them. */
function lowContrast(): string[] {
  const parts = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = parts(color)
      .slice(0, 3)
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: Element | null): string => {
    for (let each = element; each !== null; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent?.trim() ?? "";
    if (element === null || text === "" || element.getClientRects().length === 0) continue;
    const [light = 0, dark = 0] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort(
      (one, other) => other - one,
    );
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.push(`${text}: ${ratio.toFixed(2)}`);
  }
  return found;
}
