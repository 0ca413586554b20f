import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig } from "../newsroom.ts";
import { plural } from "../shared/copy.ts";

/** "Not ready to support today?" An entry for the reader's own calendar: it needs no address, and nothing is kept. */
export function remindLater(newsroom: NewsroomConfig, locale: string, articleUrl: string | null): Html | null {
  if (!newsroom.reminders.enabled) return null;
  const { remind } = copyFor(newsroom, locale);
  const links = newsroom.reminders.in_months.map((months) => {
    const query = new URLSearchParams({ in_months: String(months), locale });
    if (articleUrl !== null) query.set("article_url", articleUrl);
    return html`<li><a href="/remind.ics?${query.toString()}" rel="nofollow">${plural(locale, remind.in_months, months)}</a></li>`;
  });
  return html`<details class="remind">
<summary>${remind.question} <span>${remind.link}</span></summary>
<h3>${remind.heading}</h3>
<ul>${links}</ul>
<p class="hint">${remind.calendar_note}</p>
</details>`;
}
