import { type Html, html } from "../http/html.ts";
import { copyFor, FREQUENCIES, feeSchedule, type NewsroomConfig } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import { chargeStep, exponent } from "../shared/money.ts";
import { amountFields } from "./amount-fields.page.ts";
import { type Fault, type FormContext, faultOf, tick } from "./form-parts.page.ts";
import { chosen, type FormValues, typed } from "./form-values.ts";
import { termsAndButton } from "./terms.page.ts";

export interface DonationFormView {
  /** One of the newsroom's languages, as `pickLocale` gives it. */
  readonly locale: string;
  /** One of the newsroom's currencies. */
  readonly currency: string;
  /** Where the same form is in another currency. */
  readonly currencyUrl: (currency: string) => string;
  /** What was typed or asked for before, to be kept. */
  readonly values?: FormValues;
  readonly faults?: readonly Fault[];
  /** Where the reader comes from, by the names of the API. */
  readonly attribution?: Readonly<Record<string, string>>;
  /** Makes pressing the button twice one gift. */
  readonly idempotencyKey: string;
  readonly action: string;
}

/**
 * The donation form. It works without scripts: style sheets show the amounts and the terms of what is chosen, and the
 * server reads the amount of the chosen frequency. Its script writes a typed amount into the terms.
 */
export function donationForm(newsroom: NewsroomConfig, view: DonationFormView): Html {
  const { locale, currency, values = {}, faults = [] } = view;
  const copy = copyFor(newsroom, locale);
  const context = { newsroom, copy, locale, currency, values, faults, chosen: chosen(newsroom, currency, values) };
  const fees = feeSchedule(newsroom, currency);
  return html`<section class="gift" id="support" aria-labelledby="gift-heading">
<h2 id="gift-heading">${fill(copy.form.heading, { newsroom: newsroom.newsroom.name })}</h2>
<p class="lead">${copy.form.lead}</p>
${currencyLinks(context, view.currencyUrl)}
<form method="post" action="${view.action}" id="gift-form" data-locale="${locale}" data-currency="${currency}"
 data-digits="${exponent(currency)}" data-step="${chargeStep(currency)}" data-percent="${fees?.percent}" data-fixed="${fees?.fixed}">
${hidden({ ...view, currency, idempotency_key: view.idempotencyKey, terms_version: newsroom.terms.version })}
${frequencyField(context)}
${amountFields(context)}
${aboutYou(context)}
${termsAndButton(context)}
</form>
</section>`;
}

function hidden(fields: DonationFormView & { readonly idempotency_key: string; readonly terms_version: string }): Html {
  const { locale, currency, idempotency_key, terms_version, attribution = {}, values = {} } = fields;
  const inputs = Object.entries({
    currency,
    locale,
    terms_version,
    idempotency_key,
    country: typed(values, "country", 2),
    reminder_token: typed(values, "reminder_token", 200),
    ...Object.fromEntries(Object.entries(attribution).map(([name, value]) => [`attribution[${name}]`, value])),
  });
  return html`${inputs
    .filter(([, value]) => value !== "")
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;
}

function currencyLinks({ newsroom, copy, currency }: FormContext, url: (currency: string) => string): Html | null {
  const currencies = Object.keys(newsroom.currencies);
  if (currencies.length < 2) return null;
  return html`<nav class="switch" aria-label="${copy.form.currency}"><ul>${currencies.map(
    (each) => html`<li><a href="${url(each)}"${each === currency ? html` aria-current="true"` : null}>${each}</a></li>`,
  )}</ul></nav>`;
}

function frequencyField(context: FormContext): Html {
  const { copy } = context;
  const fault = faultOf(context, "gift-once");
  return html`<fieldset class="choice frequency"${fault.id && html` aria-describedby="${fault.id}"`}>
<legend>${copy.form.frequency_legend}</legend>
${fault.text}
<div class="options three">${FREQUENCIES.map((each) => {
    const checked = each === context.chosen.frequency && html` checked`;
    return html`<div><input type="radio" name="frequency" value="${each}" id="gift-${each}" required${checked}><label for="gift-${each}">${copy.form.frequency[each]}</label></div>`;
  })}</div>
</fieldset>`;
}

function aboutYou(context: FormContext): Html {
  const { copy, newsroom, values } = context;
  const name = { newsroom: newsroom.newsroom.name };
  const fault = faultOf(context, "gift-email");
  return html`<div class="field">
<label for="gift-email">${copy.form.email_label}</label>
<input type="email" name="email" id="gift-email" autocomplete="email" maxlength="254" dir="ltr" value="${typed(values, "email", 254)}"
 aria-describedby="${fault.id && `${fault.id} `}gift-email-hint"${fault.id && html` aria-invalid="true"`}>
${fault.text}
<p class="hint" id="gift-email-hint">${copy.form.email_hint}</p>
</div>
<div class="ticks">
${tick(context, "newsletter", fill(copy.form.newsletter, name), null)}
${tick(context, "discreet", copy.form.discreet, fill(copy.form.discreet_hint, name))}
${tick(context, "no_mail", copy.form.no_mail, copy.form.no_mail_hint)}
${newsroom.countries.acknowledge.length > 0 && tick(context, "country_acknowledged", copy.form.country_acknowledge, null)}
</div>`;
}
