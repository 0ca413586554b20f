import { randomUUID } from "node:crypto";
import express, { type Router } from "express";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { type RemindedGift, remindedGift } from "../donations/reminded.queries.ts";
import { html } from "../http/html.ts";
import { parse } from "../http/parse.ts";
import { copyFor } from "../newsroom.ts";
import { formUrl, ownArticle, usableAttribution } from "../pages/article.ts";
import { donationForm } from "../pages/donation-form.page.ts";
import { typed } from "../pages/form-values.ts";
import { isTest, languageLinks, page } from "../pages/layout.page.ts";
import { currencyOf, localeFor } from "../pages/reader.ts";
import { remindLater } from "../pages/remind.page.ts";
import { fill } from "../shared/copy.ts";
import { localDate, monthsLater } from "../shared/period.ts";
import { calendarFile } from "./calendar.ts";

type GiveDeps = Pick<Deps, "db" | "vault" | "config" | "newsroom" | "now">;

const months = z.object({ in_months: z.coerce.number("Expected a number of months.").int().min(1).max(12) });

/** The form on a page of its own, for newsletters, for articles without it, and to start again; and the calendar's reminder. */
export function giveRoutes(deps: GiveDeps): Router {
  const router = express.Router();

  router.get("/give", async (request, response) => {
    const newsroom = deps.newsroom();
    const reminder = typed(request.query, "reminder_token", 200);
    const reminded = reminder === "" ? null : await remindedGift(deps, reminder);
    const query = { ...choicesOf(reminded, typed(request.query, "currency", 3)), ...request.query };
    const locale = localeFor(newsroom, query, request.acceptsLanguages());
    const { countryHeader } = deps.config;
    const currency = currencyOf(newsroom, query, countryHeader === null ? undefined : request.get(countryHeader));
    const attribution = usableAttribution(request.query);
    const frequency = typed(query, "frequency", 10);
    const address = (changes: Readonly<Record<string, string>>) =>
      `/give?${new URLSearchParams({ locale, currency, ...(frequency && { frequency }), ...(reminder && { reminder_token: reminder }), ...attribution, ...changes })}`;
    const { name } = newsroom.newsroom;
    const form = donationForm(newsroom, {
      locale,
      currency,
      currencyUrl: (each) => address({ currency: each }),
      // Nothing personal is taken from an address: addresses are kept in histories and logs.
      values: {
        frequency,
        amount: typed(query, "amount", 15),
        reminder_token: reminder,
        discreet: reminded?.discreet === true ? "on" : "",
      },
      attribution,
      idempotencyKey: randomUUID(),
      action: "/v1/checkout-sessions",
    });
    const article = ownArticle(deps.config, newsroom, attribution.article_url ?? reminded?.article_url);
    response
      .set("Cache-Control", "no-store")
      .type("html")
      .send(
        page(newsroom, {
          locale,
          title: fill(copyFor(newsroom, locale).form.heading, { newsroom: name }),
          script: true,
          test: isTest(deps.config),
          body: html`<div class="languages">${languageLinks(newsroom, locale, (each) => address({ locale: each }))}</div>
<main>
${form}
${remindLater(newsroom, { locale, now: deps.now(), articleUrl: article, attribution })}
<p class="actions"><a href="${article ?? newsroom.newsroom.url}">${fill(copyFor(newsroom, locale).page.back, { newsroom: name })}</a></p>
</main>`,
        }).text,
      );
  });

  router.get("/remind.ics", (request, response) => {
    const newsroom = deps.newsroom();
    const { in_months: inMonths } = parse(months, request.query);
    const locale = localeFor(newsroom, request.query, request.acceptsLanguages());
    const { remind } = copyFor(newsroom, locale);
    const articleUrl = ownArticle(deps.config, newsroom, typed(request.query, "article_url", 1000));
    const url = new URL(formUrl(deps.config, newsroom, { articleUrl, locale }), deps.config.publicUrl).href;
    const file = calendarFile({
      id: randomUUID(),
      madeAt: deps.now(),
      date: monthsLater(localDate(deps.now(), newsroom.time_zone), inMonths),
      title: remind.calendar_title,
      text: fill(remind.calendar_text, { newsroom: newsroom.newsroom.name }),
      url,
    });
    response
      .set("Cache-Control", "no-store")
      .attachment("reminder.ics")
      .type("text/calendar; charset=utf-8")
      .send(file);
  });
  return router;
}

/** What the reader thought of when they asked to be reminded; an amount is one of its currency alone. */
function choicesOf(reminded: RemindedGift | null, currency: string): Readonly<Record<string, string>> {
  if (reminded === null) return {};
  const isOther = currency !== "" && currency.toUpperCase() !== reminded.currency;
  const { locale, frequency, amount } = reminded;
  return {
    ...(locale !== null && { locale }),
    ...(frequency !== null && { frequency }),
    ...(reminded.currency !== null && { currency: reminded.currency }),
    ...(amount !== null && !isOther && { amount: String(amount) }),
  };
}
