import { type Html, html } from "../http/html.ts";
import { FREQUENCIES, type Frequency, feeSchedule } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import { coverFees } from "../shared/fees.ts";
import { formatMoney } from "../shared/money.ts";
import { feesText, presetsOf } from "./amount-fields.page.ts";
import { consentSentences } from "./consent.ts";
import { fillHtml } from "./fill-html.ts";
import { type FormContext, live } from "./form-parts.page.ts";

/**
 * What the reader agrees to, beside the button: the sentences that are kept as proof of consent, in the same order. One is
 * shown for each choice that can be made, by the style sheet.
 */
export function termsAndButton(context: FormContext): Html {
  const { newsroom, copy } = context;
  const { form } = copy;
  const link = (url: string, text: string) => html`<a href="${url}" target="_blank" rel="noopener">${text}</a>`;
  return html`<div class="terms" id="gift-terms">
<p class="charge" aria-live="polite">${FREQUENCIES.map((each) => html`<span class="for-${each}">${charges(context, each)}</span>`)}</p>
<p>${sentence(context, "once").recipient} ${(["monthly", "annual"] as const).map(
    (each) => html`<span class="for-${each}">${sentence(context, each).stop} </span>`,
  )}${fillHtml(form.terms, {
    terms: link(newsroom.terms.terms_url, form.terms_link),
    privacy: link(newsroom.terms.privacy_url, form.privacy_link),
  })}</p>
</div>
<button type="submit" aria-describedby="gift-terms" data-busy="${form.continue_busy}">${FREQUENCIES.map(
    (each) => html`<span class="for-${each}">${buttons(context, each)}</span>`,
  )}</button>
<p class="hint methods">${form.payment_methods}</p>`;
}

function sentence({ newsroom, copy, locale, currency }: FormContext, frequency: Frequency, total = 0) {
  return consentSentences(newsroom, copy, locale, { frequency, currency }, total);
}

function charges(context: FormContext, frequency: Frequency): Html {
  const { form } = context.copy;
  const unknown = html`${form.consent_other[frequency]}<span class="covered"> ${fill(form.fees_added, { fees: feesText(context) })}</span>`;
  return html`${presetsOf(context, frequency).map((amount, index) => {
    const of = (total: number) => sentence(context, frequency, total).charge;
    return html`<span class="is-${index}">${bothWays(context, amount, of)}</span>`;
  })}${live(form.consent[frequency], "total", unknown)}`;
}

function buttons(context: FormContext, frequency: Frequency): Html {
  const { copy, currency, locale } = context;
  const template = `${copy.form.continue} – ${copy.form.amount_each[frequency]}`;
  const of = (total: number) => fill(template, { amount: formatMoney(total, currency, locale, { short: true }) });
  return html`${presetsOf(context, frequency).map(
    (amount, index) => html`<span class="is-${index}">${bothWays(context, amount, of)}</span>`,
  )}${live(template, "total", copy.form.continue)}`;
}

/** The same words for the chosen amount and for that amount with the fees. */
function bothWays({ newsroom, currency }: FormContext, amount: number, words: (total: number) => string): Html {
  const fees = feeSchedule(newsroom, currency);
  if (fees === null) return html`${words(amount)}`;
  const covered = coverFees(amount, fees, currency);
  return html`<span class="plain">${words(amount)}</span><span class="covered">${words(covered)}</span>`;
}
