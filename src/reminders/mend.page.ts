import type { Deps } from "../deps.ts";
import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { ownArticle, sentAttribution } from "../pages/article.ts";
import type { Fault } from "../pages/form-parts.page.ts";
import { type FormValues, typed } from "../pages/form-values.ts";
import { isTest, page } from "../pages/layout.page.ts";
import { remindLater } from "../pages/remind.page.ts";
import { fill } from "../shared/copy.ts";
import type { AppError, FieldError } from "../shared/errors.ts";

/** A whole page for a form that could not be taken: says what to mend, and keeps what was typed. `error` is null when it isn't known. */
export function mendPage(
  deps: Pick<Deps, "config" | "newsroom" | "now">,
  fields: FormValues,
  error: AppError | null,
): Html {
  const newsroom = deps.newsroom();
  const locale = pickLocale(newsroom, typed(fields, "locale", 35));
  const copy = copyFor(newsroom, locale);
  const attribution = sentAttribution(fields);
  const articleUrl = ownArticle(deps.config, newsroom, attribution.article_url);
  const faults = faultsOf(copy, fields, error);
  const view = { locale, now: deps.now(), articleUrl, attribution, values: fields, faults };
  return page(newsroom, {
    locale,
    title: copy.remind.heading,
    script: true,
    test: isTest(deps.config),
    body: html`<main>
<div class="mend" role="alert"><p>${copy.form.mend}</p><ul>${faults.map(({ field, message }) =>
      field === null ? html`<li>${message}</li>` : html`<li><a href="#${field}">${message}</a></li>`,
    )}</ul></div>
${remindLater(newsroom, view)}
<p class="actions"><a href="${articleUrl ?? newsroom.newsroom.url}">${fill(copy.page.back, { newsroom: newsroom.newsroom.name })}</a></p>
</main>`,
  });
}

type Copy = NewsroomConfig["copy"][string];

function faultsOf(copy: Copy, fields: FormValues, error: AppError | null): readonly Fault[] {
  if (error === null) return [{ field: null, message: copy.errors.internal }];
  if (error.code === "rate_limited") return [{ field: null, message: copy.errors.rate_limited }];
  const faults = (error.errors ?? []).map((each) => faultOf(copy, fields, error.code, each));
  if (faults.length === 0) return [{ field: null, message: copy.errors.invalid_request }];
  return faults.filter((fault, index) => faults.findIndex((other) => other.message === fault.message) === index);
}

function faultOf({ errors, fields, reminder }: Copy, sent: FormValues, code: string, { path }: FieldError): Fault {
  switch (path) {
    case "email": {
      const isMissing = typed(sent, "email", 1) === "";
      return { field: "remind-email", message: isMissing ? fields.email_required : fields.email_invalid };
    }
    case "on":
      return {
        field: "remind-date",
        message: code === "date_out_of_range" ? errors.date_out_of_range : fields.date_invalid,
      };
    case "in_months":
      return typed(sent, "when", 2) === "on"
        ? { field: "remind-date", message: fields.date_invalid }
        : { field: "remind-when", message: reminder.when_required };
    case "country":
      return { field: null, message: errors.country_not_accepted };
    default:
      return { field: null, message: errors.invalid_request };
  }
}
