import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAIL_KINDS, type MailKind } from "../../src/mail/kinds.ts";
import { renderMail } from "../../src/mail/render.ts";
import { sampleMail } from "../../src/mail/samples.ts";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { browserMissing, launchBrowser } from "../support/browser.ts";
import { LANGUAGES, SHIPPED } from "../support/newsroom-files.ts";

interface Shown {
  readonly kind: string;
  readonly locale: string;
  readonly html: string;
}

/** Every mail as a reader's program would show it: nothing is loaded, and nothing runs in it. */
describe.skipIf(browserMissing())("a mail in a browser", () => {
  const newsroom = loadNewsroom(join(SHIPPED, "newsroom.yaml"));
  const asked: string[] = [];
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on("request", (request) => asked.push(request.url()));
  });
  afterAll(async () => {
    await browser?.close();
  });

  const shown = (of: NewsroomConfig, kinds: readonly MailKind[], locales: readonly string[]): Shown[] =>
    kinds.flatMap((kind) =>
      locales.map((locale) => ({
        ...renderMail(of, { ...sampleMail(kind), locale, discreet: false }),
        kind,
        locale,
      })),
    );

  test.each([
    [360, "light"],
    [360, "dark"],
    [800, "light"],
    [800, "dark"],
  ] as const)("each kind in each language fits and is readable, %i wide and %s", async (width, colorScheme) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    expect(await page.evaluate(faults, shown(newsroom, MAIL_KINDS, LANGUAGES))).toEqual([]);
  });

  test.each(["#ffe100", "#ffffff", "#000000", "#777777"])(
    "with long names and the colour %s, all fits and is readable",
    async (color) => {
      const name = "Überregionalzeitungsredaktionsgemeinschaft".repeat(3);
      const other = {
        ...newsroom,
        newsroom: { ...newsroom.newsroom, name },
        legal_entity: { ...newsroom.legal_entity, name },
        mail: { ...newsroom.mail, color },
      };
      await page.setViewportSize({ width: 360, height: 800 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const mails = shown(other, ["renewal_receipt", "reminder"], ["de", "ar"]);
        expect(await page.evaluate(faults, mails)).toEqual([]);
      }
    },
  );

  test("nothing was asked for from anywhere", () => expect(asked).toEqual([]));
});

/** Runs in the page: writes each mail into it and tells what a reader would stumble over. */
function faults(mails: readonly Shown[]): string[] {
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
  const contrast = (element: Element) => {
    const tones = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
    return ((tones[0] ?? 0) + 0.05) / ((tones[1] ?? 0) + 0.05);
  };

  return mails.flatMap(({ kind, locale, html }) => {
    document.open();
    document.write(html);
    document.close();
    const found: string[] = [];
    const root = document.documentElement;
    const direction = locale === "ar" ? "rtl" : "ltr";
    if (root.scrollWidth > root.clientWidth) found.push(`scrolls sideways: ${root.scrollWidth}`);
    if (root.lang !== locale) found.push("is in another language");
    for (const element of document.querySelectorAll("h1, p, th, td, a")) {
      if (getComputedStyle(element).direction !== direction) found.push(`<${element.tagName}> runs the wrong way`);
    }
    const card = document.querySelector(".card")?.getBoundingClientRect();
    if (card === undefined || card.width > 600 || card.width < 300) found.push("is too wide or too narrow");
    const button = document.querySelector(".button a")?.getBoundingClientRect();
    if (button !== undefined && (button.height < 44 || button.width < 44)) found.push("has a button that is too small");

    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.textContent?.trim() ?? "";
      if (element === null || text === "") continue;
      if (element.classList.contains("preheader")) {
        if (element.getClientRects().length > 0) found.push("shows its preheader");
        continue;
      }
      if (contrast(element) < 4.5) found.push(`is hard to read (${contrast(element).toFixed(2)}): ${text}`);
      if (Number.parseFloat(getComputedStyle(element).fontSize) < 14) found.push(`is too small: ${text}`);
    }
    return found.map((fault) => `${kind} in ${locale} ${fault}`);
  });
}
