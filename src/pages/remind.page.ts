import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig } from "../newsroom.ts";
import { fill, plural } from "../shared/copy.ts";
import { addDays, localDate, monthsLater } from "../shared/period.ts";
import type { Fault } from "./form-parts.page.ts";
import { type FormValues, isTicked, typed } from "./form-values.ts";

export interface RemindView {
  /** One of the newsroom's languages, as `pickLocale` gives it. */
  readonly locale: string;
  readonly now: Date;
  /** Where the calendar's entry leads back to. */
  readonly articleUrl: string | null;
  /** Where the reader comes from, by the names of the API. */
  readonly attribution?: Readonly<Record<string, string>>;
  /** What was sent before and has to be mended. */
  readonly values?: FormValues;
  readonly faults?: readonly Fault[];
}

/**
 * "Not ready to support today?" A mail on a day of the reader's choice, or an entry for their own calendar, which needs no address and of
 * which nothing is kept. Works without scripts; one tells the time zone if it can.
 */
export function remindLater(newsroom: NewsroomConfig, view: RemindView): Html | null {
  if (!newsroom.reminders.enabled) return null;
  const { locale, articleUrl, faults = [] } = view;
  const { remind, reminder } = copyFor(newsroom, locale);
  const links = newsroom.reminders.in_months.map((months) => {
    const query = new URLSearchParams({ in_months: String(months), locale });
    if (articleUrl !== null) query.set("article_url", articleUrl);
    return html`<li><a href="/remind.ics?${query.toString()}" rel="nofollow">${plural(locale, remind.in_months, months)}</a></li>`;
  });
  return html`<details class="remind" id="remind"${faults.length > 0 && html` open`}>
<summary>${remind.question} <span>${remind.link}</span></summary>
<h3>${remind.heading}</h3>
<h4>${reminder.by_mail}</h4>
${mailForm(newsroom, view)}
<h4>${reminder.by_calendar}</h4>
<ul>${links}</ul>
<p class="hint">${remind.calendar_note}</p>
</details>`;
}

function mailForm(newsroom: NewsroomConfig, view: RemindView): Html {
  const { locale, attribution = {}, values = {} } = view;
  const { remind, form } = copyFor(newsroom, locale);
  const hidden = Object.entries({
    locale,
    ...Object.fromEntries(Object.entries(attribution).map(([name, value]) => [`attribution[${name}]`, value])),
  });
  const email = faultAt(view, "remind-email");
  return html`<form method="post" action="/v1/reminders">
${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<input type="hidden" name="time_zone" value="${typed(values, "time_zone", 64)}" data-time-zone>
${whenFields(newsroom, view)}
<div class="field">
<label for="remind-email">${remind.email_label}</label>
<input type="email" name="email" id="remind-email" autocomplete="email" maxlength="254" dir="ltr" required value="${typed(values, "email", 254)}"
 aria-describedby="${email.id && `${email.id} `}remind-email-hint"${email.id && html` aria-invalid="true"`}>
${email.text}
<p class="hint" id="remind-email-hint">${remind.email_note}</p>
</div>
<div class="tick">
<input type="checkbox" name="discreet" id="remind-discreet" aria-describedby="remind-discreet-hint"${isTicked(values, "discreet") && html` checked`}>
<label for="remind-discreet">${form.discreet}</label>
<p class="hint" id="remind-discreet-hint">${fill(form.discreet_hint, { newsroom: newsroom.newsroom.name })}</p>
</div>
<button type="submit">${remind.submit}</button>
</form>`;
}

function whenFields(newsroom: NewsroomConfig, view: RemindView): Html {
  const { locale, now, values = {} } = view;
  const { remind, reminder } = copyFor(newsroom, locale);
  const { in_months: choices } = newsroom.reminders;
  const asked = typed(values, "when", 2);
  const chosen = asked === "on" || choices.some((months) => String(months) === asked) ? asked : String(choices[0]);
  const radio = (value: string, label: string) =>
    html`<div${value === "on" && html` class="wide"`}><input type="radio" name="when" value="${value}" id="remind-${value}"${value === chosen && html` checked`}><label for="remind-${value}">${label}</label></div>`;
  const today = localDate(now, newsroom.time_zone);
  const when = faultAt(view, "remind-when");
  const date = faultAt(view, "remind-date");
  return html`<fieldset class="choice" id="remind-when"${when.id && html` aria-describedby="${when.id}"`}>
<legend>${remind.when_legend}</legend>
${when.text}
<div class="options">${choices.map((months) => radio(String(months), plural(locale, remind.in_months, months)))}
${radio("on", remind.on_date)}</div>
</fieldset>
<div class="field on-date">
<label for="remind-date">${reminder.date_label}</label>
<input type="date" name="on" id="remind-date" min="${addDays(today, 1)}" max="${monthsLater(today, 12)}" value="${typed(values, "on", 10)}"${
    date.id && html` aria-invalid="true" aria-describedby="${date.id}"`
  }>
${date.text}
</div>`;
}

function faultAt(
  { faults = [] }: RemindView,
  field: string,
): { readonly text: Html | null; readonly id: string | null } {
  const fault = faults.find((each) => each.field === field);
  if (fault === undefined) return { text: null, id: null };
  const id = `${field}-fault`;
  return { text: html`<p class="fault" id="${id}">${fault.message}</p>`, id };
}
