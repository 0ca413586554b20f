import type { Config } from "../config.ts";
import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig } from "../newsroom.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { isTest, page } from "../pages/layout.page.ts";
import { fill } from "../shared/copy.ts";
import { formatMoney } from "../shared/money.ts";
import type { ReadersGift } from "./gifts.queries.ts";

/** Where a page is, and in which of the newsroom's languages. */
export interface Place {
  readonly config: Pick<Config, "publicUrl" | "stripe">;
  readonly newsroom: NewsroomConfig;
  readonly locale: string;
}

export interface Notice {
  readonly heading: string;
  /** What went wrong with the last press of the button. */
  readonly alert?: string | null;
  readonly text: readonly (Html | string | null)[];
  /** The one button; it posts to the page's own address. */
  readonly button?: string | null;
  readonly links?: readonly { readonly url: string; readonly text: string }[];
  readonly more?: Html | null;
}

/** A page that says one thing and has one button at most. It asks for no script, and by itself changes nothing. */
export function noticePage(place: Place, notice: Notice): Html {
  const { config, newsroom, locale } = place;
  const words = copyFor(newsroom, locale).page;
  const { name, url, contact_email } = newsroom.newsroom;
  const mail = html`<a href="mailto:${contact_email}"><bdi>${contact_email}</bdi></a>`;
  const links = [...(notice.links ?? []), { url, text: fill(words.back, { newsroom: name }) }];
  const isFirst = (index: number) => index === 0 && links.length > 1 && !notice.button;
  return page(newsroom, {
    locale,
    title: notice.heading,
    test: isTest(config),
    body: html`<main class="outcome">
${notice.alert && html`<div class="mend" role="alert"><p>${notice.alert}</p></div>`}
<h1>${notice.heading}</h1>
${notice.text.map((text) => text && html`<p class="text">${text}</p>`)}
${notice.button && html`<form method="post"><button type="submit">${notice.button}</button></form>`}
${notice.more}
<p class="actions">${links.map((link, index) => html`<a href="${link.url}"${isFirst(index) && html` class="first"`}>${link.text}</a>`)}</p>
<p class="small">${fillHtml(words.questions, { contact_email: mail })}</p>
</main>`,
  });
}

/** What a gift charges, as `$10 a month`. */
export function amountOf({ newsroom, locale }: Place, gift: ReadersGift): Html {
  const amount = formatMoney(gift.amount, gift.currency, locale, { short: true });
  const { amount_each } = copyFor(newsroom, locale).form;
  return html`<bdi>${fill(amount_each[gift.frequency], { amount })}</bdi>`;
}

/** A link that is not ours, has run out, or is of a gift that is gone. */
export function expiredPage(place: Place): Html {
  const { expired } = copyFor(place.newsroom, place.locale).gift;
  return noticePage(place, {
    heading: expired.heading,
    text: [expired.text],
    links: [{ url: `/my-gift?${new URLSearchParams({ locale: place.locale })}`, text: expired.new_link }],
  });
}
