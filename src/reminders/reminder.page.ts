import type { Config } from "../config.ts";
import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { ownArticle } from "../pages/article.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { isTest, page } from "../pages/layout.page.ts";
import { fill } from "../shared/copy.ts";
import type { AddressStanding } from "./address.queries.ts";
import type { Found, ReminderView } from "./view.ts";

/** What the reader has just done, to be said on the page that follows. */
export const SAID = ["new", "cancelled", "restored", "confirmed"] as const;
export type Said = (typeof SAID)[number];

interface Shown {
  readonly found: Found;
  readonly view: ReminderView;
  /** Its day is still to come. */
  readonly isAhead: boolean;
  /** For the link of a mail alone; null for its asker's, and once nothing tells any more which address it was. */
  readonly address: AddressStanding | null;
  readonly token: string;
  readonly giveUrl: string;
  readonly said: Said | null;
}

interface Place {
  readonly config: Pick<Config, "publicUrl" | "stripe">;
  readonly newsroom: NewsroomConfig;
}

/** The page that a reminder's links lead to. Opening it changes nothing: mail scanners follow links. All that does is a form. */
export function reminderPage(place: Place, shown: Shown): Html {
  const { found, token } = shown;
  const { newsroom, config } = place;
  const { reminder, by } = found;
  const locale = pickLocale(newsroom, reminder.locale);
  const copy = copyFor(newsroom, locale);
  const { name, url } = newsroom.newsroom;
  const back = ownArticle(config, newsroom, reminder.article_url) ?? url;
  const { statement, notes, buttons } = by === "asker" ? forAsker(copy, shown, locale) : forReader(copy, shown, locale);
  return page(newsroom, {
    locale,
    title: copy.reminder.heading,
    test: isTest(config),
    body: html`<main class="outcome">
<h1>${copy.reminder.heading}</h1>
<p class="text" role="status">${statement}</p>
${notes.map((note) => html`<p>${note}</p>`)}
<div class="actions">${buttons.map(
      ([action, label], index) =>
        html`<form method="post" action="/v1/reminders/${token}/${action}"><button type="submit"${(index > 0 || shown.said !== null) && html` class="second"`}>${label}</button></form>`,
    )}
<a href="${shown.giveUrl}">${fill(copy.reminder.give, { newsroom: name })}</a>
<a href="${back}">${fill(copy.page.back, { newsroom: name })}</a></div>
</main>`,
  });
}

interface Content {
  readonly statement: Html;
  readonly notes: readonly string[];
  readonly buttons: readonly (readonly [action: "confirm" | "restore" | "cancel", label: string])[];
}

/** Tells nothing that its asker doesn't know already; so it says what was asked for, never what will happen. */
function forAsker({ reminder: words, remind }: Copy, { found, view, isAhead, said }: Shown, locale: string): Content {
  const date = dateOf(view, locale);
  if (view.state === "cancelled") {
    return { statement: html`${words.cancelled}`, notes: [], buttons: isAhead ? [["restore", words.restore]] : [] };
  }
  if (view.state === "done") return { statement: html`${words.done}`, notes: [], buttons: [] };
  const asked = fillHtml(words.asked, { date });
  const afterRestoring = said === "restored" ? html`${words.restored} ${asked}` : asked;
  return {
    statement: said === "new" ? fillHtml(remind.done, { date }) : afterRestoring,
    notes: found.reminder.channel === "email" ? [words.confirm_note, words.latest] : [],
    buttons: [["cancel", words.cancel]],
  };
}

/** Whoever reads the address's mail may know all of it, and end all of it at any time. */
function forReader({ reminder: words }: Copy, { found, view, isAhead, address, said }: Shown, locale: string): Content {
  const { state } = found.reminder;
  const date = dateOf(view, locale);
  const asked = fillHtml(words.asked, { date });
  const restore = state === "cancelled" && isAhead ? ([["restore", words.restore]] as const) : [];
  if (address === null) return { statement: html`${words.done}`, notes: [], buttons: [] };
  if (address.refused) return { statement: html`${words.refused}`, notes: [], buttons: restore };
  const end = ["cancel", found.by === "confirm" ? words.refuse : words.no_more] as const;
  if (state === "unconfirmed" && isAhead) {
    return {
      statement: fillHtml(words.confirm_question, { date }),
      notes: [],
      buttons: [["confirm", words.confirm], end],
    };
  }
  if (state === "pending" || state === "queued") {
    return { statement: said === "confirmed" ? html`${words.confirmed} ${asked}` : asked, notes: [], buttons: [end] };
  }
  if (address.declined && !address.stands) {
    const buttons = found.by === "confirm" ? [...restore, end] : restore;
    return { statement: html`${words.none_more}`, notes: [], buttons };
  }
  return { statement: html`${words.over_here}`, notes: [], buttons: [...restore, end] };
}

function dateOf({ due_on }: ReminderView, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(new Date(due_on));
}

type Copy = NewsroomConfig["copy"][string];

/** For a link that isn't ours, or no longer whole. */
export function unknownPage({ config, newsroom }: Place, locale: string): Html {
  const copy = copyFor(newsroom, locale);
  const { name, url } = newsroom.newsroom;
  return page(newsroom, {
    locale,
    title: copy.page.not_found,
    test: isTest(config),
    body: html`<main class="outcome">
<h1>${copy.page.not_found}</h1>
<p class="text">${copy.errors.not_found}</p>
<p class="actions"><a href="${url}">${fill(copy.page.back, { newsroom: name })}</a></p>
</main>`,
  });
}
