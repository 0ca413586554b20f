import type { Config } from "../config.ts";
import { type Html, html } from "../http/html.ts";
import { giveLink } from "../mail/give-link.ts";
import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { ownArticle } from "../pages/article.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { isTest, page } from "../pages/layout.page.ts";
import { fill } from "../shared/copy.ts";
import type { Found, ReminderView } from "./view.ts";

/** What the reader has just done, to be said on the page that follows. */
export const SAID = ["new", "cancelled", "restored", "confirmed"] as const;
export type Said = (typeof SAID)[number];

interface Shown {
  readonly found: Found;
  readonly view: ReminderView;
  /** Its day is still to come. */
  readonly isAhead: boolean;
  readonly token: string;
  readonly said: Said | null;
}

interface Place {
  readonly config: Pick<Config, "publicUrl" | "stripe">;
  readonly newsroom: NewsroomConfig;
}

/** The page that a reminder's links lead to. Opening it changes nothing: mail scanners follow links. All that does is a form. */
export function reminderPage(place: Place, shown: Shown): Html {
  const { found, view, token } = shown;
  const { newsroom, config } = place;
  const { reminder } = found;
  const locale = pickLocale(newsroom, reminder.locale);
  const copy = copyFor(newsroom, locale);
  const { name, url } = newsroom.newsroom;
  const asks = found.mayConfirm && reminder.state === "unconfirmed" && view.state === "pending";
  const back = ownArticle(config, newsroom, reminder.article_url) ?? url;
  const give = giveLink(config, newsroom, { ...reminder, token });
  const button = (action: string, label: string, first: boolean) =>
    html`<form method="post" action="/v1/reminders/${token}/${action}"><button type="submit"${!first && html` class="second"`}>${label}</button></form>`;
  return page(newsroom, {
    locale,
    title: copy.reminder.heading,
    test: isTest(config),
    body: html`<main class="outcome">
<h1>${copy.reminder.heading}</h1>
<p class="text" role="status">${statement(copy, shown, locale)}</p>
${view.state === "pending" && reminder.channel === "email" && !found.mayConfirm && html`<p>${copy.reminder.confirm_note}</p><p>${copy.reminder.latest}</p>`}
<div class="actions">${asks && button("confirm", copy.reminder.confirm, true)}
${view.state === "cancelled" && shown.isAhead && button("restore", copy.reminder.restore, true)}
${view.state === "pending" && button("cancel", copy.reminder.cancel, !asks && shown.said === null)}
<a href="${give}">${fill(copy.reminder.give, { newsroom: name })}</a>
<a href="${back}">${fill(copy.page.back, { newsroom: name })}</a></div>
</main>`,
  });
}

type Copy = NewsroomConfig["copy"][string];

function statement(copy: Copy, { found, view, said }: Shown, locale: string): Html {
  const { reminder } = copy;
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(new Date(view.due_on));
  const asked = fillHtml(reminder.asked, { date });
  switch (view.state) {
    case "cancelled":
      return html`${reminder.cancelled}`;
    case "done":
      return html`${reminder.done}`;
    case "pending":
      if (said === "new") return fillHtml(copy.remind.done, { date });
      if (said === "restored") return html`${reminder.restored} ${asked}`;
      if (said === "confirmed" && found.mayConfirm) return html`${reminder.confirmed} ${asked}`;
      if (found.mayConfirm && found.reminder.state === "unconfirmed")
        return fillHtml(reminder.confirm_question, { date });
      return asked;
  }
}

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
