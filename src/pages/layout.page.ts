import type { Config } from "../config.ts";
import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig } from "../newsroom.ts";
import { assetUrl } from "./assets.ts";

export interface PageOptions {
  /** One of the newsroom's languages, as `pickLocale` gives it. */
  readonly locale: string;
  readonly title: string;
  /** The page loads its script; it works without. */
  readonly script?: boolean;
  /** Nothing that is paid here is real: says so on top. */
  readonly test: boolean;
  /** What else belongs into the line that says so. */
  readonly testTools?: Html;
  /** Loads the address again by itself, after some seconds. */
  readonly refresh?: { readonly seconds: number; readonly url: string };
  readonly body: Html;
}

/** A whole page in the reader's language and direction. All that it loads is our own, and nothing is inline. */
export function page(newsroom: NewsroomConfig, options: PageOptions): Html {
  const { locale, title, refresh } = options;
  const copy = copyFor(newsroom, locale);
  const name = newsroom.newsroom.name;
  return html`<!doctype html>
<html lang="${locale}" dir="${copy.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${refresh && html`<meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.url}">`}
<title>${title === name ? name : `${title} · ${name}`}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assetUrl("site.css")}">
${options.script === true && html`<script src="${assetUrl("form.js")}" defer></script>`}
</head>
<body>
${options.test && html`<aside class="test-banner"><p><strong>${copy.page.simulated}</strong></p>${options.testTools}</aside>`}
<header class="masthead"><a href="${newsroom.newsroom.url}"><bdi>${name}</bdi></a></header>
${options.body}
<footer class="imprint">
<p><bdi>${newsroom.legal_entity.name}</bdi></p>
<p><bdi>${newsroom.legal_entity.postal_address.join(", ")}</bdi></p>
</footer>
</body>
</html>
`;
}

/** Whether no money can move: the simulated Stripe, or the real one in its test mode. */
export function isTest(config: Pick<Config, "stripe">): boolean {
  return config.stripe.secretKey === null || /^[rs]k_test_/.test(config.stripe.secretKey);
}

/** Links to the same page in the newsroom's other languages, each named in its own. */
export function languageLinks(newsroom: NewsroomConfig, locale: string, url: (locale: string) => string): Html | null {
  if (newsroom.locales.length < 2) return null;
  const links = newsroom.locales.map((each) => {
    const name = newsroom.copy[each]?.language ?? each;
    return each === locale
      ? html`<li><a href="${url(each)}" lang="${each}" aria-current="true">${name}</a></li>`
      : html`<li><a href="${url(each)}" lang="${each}" hreflang="${each}">${name}</a></li>`;
  });
  return html`<nav class="switch" aria-label="${copyFor(newsroom, locale).page.languages}"><ul>${links}</ul></nav>`;
}
