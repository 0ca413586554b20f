import { randomUUID } from "node:crypto";
import express, { type Router } from "express";
import type { Deps } from "../../deps.ts";
import { type Html, html } from "../../http/html.ts";
import { donationForm } from "../../pages/donation-form.page.ts";
import { typed } from "../../pages/form-values.ts";
import { languageLinks, page } from "../../pages/layout.page.ts";
import { currencyOf, localeFor } from "../../pages/reader.ts";
import { remindLater } from "../../pages/remind.page.ts";
import { localDate } from "../../shared/period.ts";
import type { Article, Section } from "./article.ts";
import { ar } from "./articles/ar.ts";
import { de } from "./articles/de.ts";
import { en } from "./articles/en.ts";
import { es } from "./articles/es.ts";
import { fr } from "./articles/fr.ts";
import { ru } from "./articles/ru.ts";

type DemoDeps = Pick<Deps, "config" | "newsroom" | "now">;

const ARTICLES: readonly Article[] = [en, ru, de, fr, es, ar];

export interface DemoOptions {
  /** Whether the simulated Stripe is in use, whose clock can be moved. */
  readonly simulatedStripe: boolean;
}

/** A demo article at `/` with the donation form under it, on the real API. The sandbox's alone. */
export function demoRoutes(deps: DemoDeps, { simulatedStripe }: DemoOptions): Router {
  const router = express.Router();
  router.get("/", (request, response) => {
    const newsroom = deps.newsroom();
    const { publicUrl, countryHeader } = deps.config;
    const locale = localeFor(newsroom, request.query, request.acceptsLanguages());
    const currency = currencyOf(
      newsroom,
      request.query,
      countryHeader === null ? undefined : request.get(countryHeader),
    );
    const article = ARTICLES.find((each) => each.locale === locale) ?? en;
    const frequency = typed(request.query, "frequency", 10);
    const address = (changes: Readonly<Record<string, string>>) =>
      `/?${new URLSearchParams({ locale, currency, ...(frequency && { frequency }), ...changes })}`;
    const articleUrl = `${publicUrl}/`;
    const form = donationForm(newsroom, {
      locale,
      currency,
      currencyUrl: (each) => `${address({ currency: each })}#support`,
      values: { frequency, amount: typed(request.query, "amount", 15) },
      attribution: attributionOf(articleUrl),
      idempotencyKey: randomUUID(),
      action: "/v1/checkout-sessions",
    });
    response
      .set("Cache-Control", "no-store")
      .type("html")
      .send(
        page(newsroom, {
          locale,
          title: article.headline,
          script: true,
          test: true,
          ...(simulatedStripe ? { testTools: clockTool(deps.now(), newsroom.time_zone) } : {}),
          body: html`<div class="languages">${languageLinks(newsroom, locale, (each) => address({ locale: each }))}</div>
<main>
${story(article)}
${form}
${remindLater(newsroom, { locale, now: deps.now(), articleUrl, attribution: attributionOf(articleUrl) })}
</main>`,
        }).text,
      );
  });
  return router;
}

function attributionOf(articleUrl: string): Readonly<Record<string, string>> {
  return {
    article_url: articleUrl,
    article_id: "harbour-mud",
    campaign: "winter-2026",
    placement: "article_end",
    variant: "a",
  };
}

/** For whoever tries the service out: what happens a month later can be seen at once. */
function clockTool(now: Date, timeZone: string): Html {
  return html`<form method="post" action="/sandbox/stripe/advance" lang="en" dir="ltr">
<p>The sandbox’s clock says ${localDate(now, timeZone)}.</p>
<input type="hidden" name="days" value="31"><button>31 days on</button>
</form>`;
}

function story(article: Article): Html {
  return html`<article lang="${article.locale}" dir="${article.direction}">
<p class="kicker">${article.kicker}</p>
<h1>${article.headline}</h1>
<p class="standfirst">${article.standfirst}</p>
<p class="byline">${article.byline}</p>
${article.sections.map(section)}
</article>`;
}

function section({ heading, paragraphs }: Section): Html {
  return html`${heading !== null && html`<h2>${heading}</h2>`}
${paragraphs.map((each) =>
  typeof each === "string" ? html`<p>${each}</p>` : html`<blockquote><p>${each.quote}</p></blockquote>`,
)}`;
}
