import { randomUUID } from "node:crypto";
import { type Html, html } from "../http/html.ts";
import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { formUrl, ownArticle, sentAttribution } from "../pages/article.ts";
import { donationForm } from "../pages/donation-form.page.ts";
import type { Fault } from "../pages/form-parts.page.ts";
import { frequencyOf, typed } from "../pages/form-values.ts";
import { isTest, page } from "../pages/layout.page.ts";
import { fill } from "../shared/copy.ts";
import type { AppError } from "../shared/errors.ts";
import { faultsOf } from "./faults.ts";
import type { FormFields } from "./form.ts";
import type { CheckoutDeps } from "./start.ts";

/** What became of a request with one of these codes isn't known or isn't final: the same key takes it up again. */
const SAME_KEY = new Set(["payment_provider_unavailable", "request_in_progress", "rate_limited", "internal"]);

/**
 * A whole page for a form that could not be taken: says what to mend, or that nothing was charged and to try again, and
 * keeps what was typed. `error` is null when it isn't known what went wrong.
 */
export function mendPage(
  deps: Pick<CheckoutDeps, "newsroom" | "now" | "config">,
  fields: FormFields,
  error: AppError | null,
): Html {
  const newsroom = deps.newsroom();
  const locale = pickLocale(newsroom, typed(fields, "locale", 35));
  const copy = copyFor(newsroom, locale);
  const asked = typed(fields, "currency", 3).toUpperCase();
  const currency = Object.hasOwn(newsroom.currencies, asked) ? asked : newsroom.default_currency;
  const code = error?.code ?? "internal";
  const faults = error === null ? [] : faultsOf(newsroom, locale, currency, fields, error);
  const attribution = sentAttribution(fields);
  const articleUrl = attribution.article_url ?? null;
  const frequency = frequencyOf(fields);
  const choices = frequency === undefined ? {} : { frequency };

  const form = donationForm(newsroom, {
    locale,
    currency,
    currencyUrl: (each) =>
      formUrl(deps.config, newsroom, { articleUrl, locale, choices: { ...choices, currency: each } }),
    values: fields,
    faults,
    attribution,
    idempotencyKey: (SAME_KEY.has(code) && keyOf(fields)) || randomUUID(),
    action: "/v1/checkout-sessions",
  });
  return page(newsroom, {
    locale,
    title: fill(copy.form.heading, { newsroom: newsroom.newsroom.name }),
    script: true,
    test: isTest(deps.config),
    body: html`<main>
${whatToMend(copy, code, faults)}
${code !== "country_not_accepted" && form}
<p class="actions"><a href="${ownArticle(deps.config, newsroom, articleUrl) ?? newsroom.newsroom.url}">${fill(copy.page.back, { newsroom: newsroom.newsroom.name })}</a></p>
</main>`,
  });
}

type Copy = NewsroomConfig["copy"][string];

function whatToMend(copy: Copy, code: string, faults: readonly Fault[]): Html {
  const notice = noticeOf(copy, code);
  if (notice !== null) return html`<div class="mend" role="alert"><p>${notice}</p></div>`;
  const items = faults.map(({ field, message }) =>
    field === null ? html`<li>${message}</li>` : html`<li><a href="#${field}">${message}</a></li>`,
  );
  const list = items.length === 0 ? html`<li>${copy.errors.invalid_request}</li>` : html`${items}`;
  return html`<div class="mend" role="alert"><p>${copy.form.mend}</p><ul>${list}</ul></div>`;
}

/** What the reader can't mend by changing a field. Null for all else. */
function noticeOf({ errors, form, cancelled }: Copy, code: string): string | null {
  switch (code) {
    case "payment_provider_unavailable":
      return errors.payment_provider_unavailable;
    case "idempotency_key_reused":
      return form.sent_before;
    case "internal":
      return `${cancelled.heading}. ${errors.internal}`;
    case "request_in_progress":
      return errors.request_in_progress;
    case "rate_limited":
      return errors.rate_limited;
    case "country_not_accepted":
      return errors.country_not_accepted;
    case "captcha_required":
      return errors.captcha_required;
    default:
      return null;
  }
}

function keyOf(fields: FormFields): string | null {
  const key = typed(fields, "idempotency_key", 255);
  return /^[\x21-\x7e]+$/.test(key) ? key : null;
}
