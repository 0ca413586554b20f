import type { Config } from "../config.ts";
import { type Html, html } from "../http/html.ts";
import { copyFor, type Frequency, type NewsroomConfig } from "../newsroom.ts";
import { formUrl, ownArticle } from "../pages/article.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { isTest, page } from "../pages/layout.page.ts";
import { fill } from "../shared/copy.ts";
import { formatMoney } from "../shared/money.ts";

export interface Gift {
  readonly id: string;
  readonly status: "open" | "processing" | "paid" | "failed" | "expired";
  readonly frequency: Frequency;
  /** What is charged, in minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly articleUrl: string | null;
  /** A regular gift that was paid and isn't charged any more. */
  readonly hasEnded: boolean;
}

interface Place {
  readonly config: Pick<Config, "publicUrl" | "stripe">;
  readonly newsroom: NewsroomConfig;
  readonly locale: string;
}

/** While a payment isn't confirmed, the page asks again after so many seconds, and so many times: a minute in all. */
const REFRESH_SECONDS = 3;
const REFRESHES = 20;

/** How a gift stands, by what Stripe has confirmed and by nothing that the address says; `seen` counts the page's own reloads. */
export function thanksPage(place: Place, gift: Gift, seen: number): Html {
  const { newsroom, locale } = place;
  const copy = copyFor(newsroom, locale);
  const { stop } = copy.gift;
  const ended = gift.hasEnded && gift.status === "paid";
  const outcome = ended
    ? { heading: stop.done_heading, text: stop.done_text, next_step: null }
    : copy.thanks[gift.frequency === "once" ? "once" : "recurring"][gift.status];
  const waiting = gift.status === "open";
  const values = { amount: html`${amountOf(gift, copy, locale)}`, newsroom: newsroom.newsroom.name };
  const refresh = { seconds: REFRESH_SECONDS, url: `/thanks/${gift.id}?n=${seen + 1}` };
  return page(newsroom, {
    locale,
    title: outcome.heading,
    test: isTest(place.config),
    ...(waiting && seen < REFRESHES ? { refresh } : {}),
    body: outcomePage(place, {
      heading: outcome.heading,
      text: fillHtml(outcome.text, values),
      next: outcome.next_step,
      gift,
      actions: [
        waiting && { url: `/thanks/${gift.id}`, text: copy.page.check_again },
        (gift.status === "failed" || gift.status === "expired") && {
          url: again(place, gift),
          text: copy.page.give_again,
        },
        ended && { url: again(place, gift), text: stop.again },
      ],
    }),
  });
}

/** The reader came back without paying. What is open, declined or expired has cost nothing. */
export function cancelledPage(place: Place, gift: Gift): Html {
  const copy = copyFor(place.newsroom, place.locale);
  return page(place.newsroom, {
    locale: place.locale,
    title: copy.cancelled.heading,
    test: isTest(place.config),
    body: outcomePage(place, {
      heading: copy.cancelled.heading,
      text: html`${copy.cancelled.text}`,
      next: null,
      gift,
      actions: [{ url: again(place, gift), text: copy.cancelled.again }],
    }),
  });
}

/** Nobody's gift, or no id at all. */
export function unknownPage(place: Place): Html {
  const copy = copyFor(place.newsroom, place.locale);
  return page(place.newsroom, {
    locale: place.locale,
    title: copy.page.not_found,
    test: isTest(place.config),
    body: outcomePage(place, {
      heading: copy.page.not_found,
      text: html`${copy.errors.not_found}`,
      next: null,
      gift: null,
      actions: [],
    }),
  });
}

interface Outcome {
  readonly heading: string;
  readonly text: Html;
  readonly next: string | null;
  readonly gift: Gift | null;
  readonly actions: readonly (false | { readonly url: string; readonly text: string })[];
}

function outcomePage({ config, newsroom, locale }: Place, { heading, text, next, gift, actions }: Outcome): Html {
  const { page: words } = copyFor(newsroom, locale);
  const { name, url, contact_email } = newsroom.newsroom;
  const back = {
    url: ownArticle(config, newsroom, gift?.articleUrl) ?? url,
    text: fill(words.back, { newsroom: name }),
  };
  const links = [...actions.filter((action) => action !== false), back];
  const mail = html`<a href="mailto:${contact_email}"><bdi>${contact_email}</bdi></a>`;
  return html`<main class="outcome">
<h1>${heading}</h1>
<p class="text">${text}</p>
${next !== null && html`<p>${next}</p>`}
<p class="actions">${links.map((link, index) => html`<a href="${link.url}"${index === 0 && html` class="first"`}>${link.text}</a>`)}</p>
${gift !== null && html`<p class="small reference">${fillHtml(words.reference, { id: gift.id })}</p>`}
<p class="small">${fillHtml(words.questions, { contact_email: mail })}</p>
</main>`;
}

function amountOf(gift: Gift, copy: NewsroomConfig["copy"][string], locale: string): string {
  const amount = formatMoney(gift.amount, gift.currency, locale, { short: true });
  return gift.frequency === "once" ? amount : fill(copy.form.amount_each[gift.frequency], { amount });
}

function again({ config, newsroom, locale }: Place, gift: Gift): string {
  const choices = { frequency: gift.frequency, currency: gift.currency };
  return formUrl(config, newsroom, { articleUrl: gift.articleUrl, locale, choices });
}
