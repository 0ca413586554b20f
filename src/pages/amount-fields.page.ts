import { type Html, html } from "../http/html.ts";
import { amountRules, FREQUENCIES, type Frequency, feeSchedule } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import { coverFees } from "../shared/fees.ts";
import { formatMoney } from "../shared/money.ts";
import { type FormContext, faultOf, live } from "./form-parts.page.ts";
import { isTicked } from "./form-values.ts";

/** Presets by frequency, the field for another amount, and the fees. Each frequency's radio group has a name of its own, as all are sent. */
export function amountFields(context: FormContext): Html {
  return html`${FREQUENCIES.map((frequency) => presets(context, frequency))}
${otherAmount(context)}
${coverFeesTick(context)}`;
}

/** The presets of a frequency, none if the newsroom doesn't take the currency. */
export function presetsOf({ newsroom, currency }: FormContext, frequency: Frequency): readonly number[] {
  return amountRules(newsroom, currency, frequency)?.presets ?? [];
}

function presets(context: FormContext, frequency: Frequency): Html {
  const { copy, currency, locale } = context;
  const fault = faultOf(context, `gift-${frequency}-0`);
  const amounts = presetsOf(context, frequency);
  return html`<fieldset class="choice amounts for-${frequency}"${fault.id && html` aria-describedby="${fault.id}"`}>
<legend>${copy.form.amount_legend}<span class="which"> ${copy.form.frequency[frequency]}</span></legend>
${fault.text}
<div class="options">${amounts.map((amount, index) =>
    radio(context, frequency, index, String(amount), formatMoney(amount, currency, locale, { short: true })),
  )}${radio(context, frequency, "other", "other", copy.form.other_amount)}</div>
</fieldset>`;
}

function radio(context: FormContext, frequency: Frequency, slot: number | "other", value: string, label: string): Html {
  const id = `gift-${frequency}-${slot}`;
  const checked = String(context.chosen.amounts[frequency]) === value && html` checked`;
  return html`<div${slot === "other" && html` class="wide"`}><input type="radio" name="amount_${frequency}" value="${value}" id="${id}"${checked}><label for="${id}">${label}</label></div>`;
}

function otherAmount(context: FormContext): Html {
  const { newsroom, copy, currency, locale } = context;
  const fault = faultOf(context, "gift-other");
  const limits = (frequency: Frequency) => {
    const rules = amountRules(newsroom, currency, frequency);
    if (rules === null) return null;
    const money = (amount: number) => formatMoney(amount, currency, locale, { short: true });
    const hint = fill(copy.form.other_amount_hint, { minimum: money(rules.minimum), maximum: money(rules.maximum) });
    return html`<span class="for-${frequency}">${hint}</span>`;
  };
  return html`<div class="field other">
<label for="gift-other">${copy.form.other_amount}</label>
<div class="money"><span aria-hidden="true">${currency}</span><input type="text" name="other_amount" id="gift-other" inputmode="decimal" maxlength="30" dir="ltr" value="${context.chosen.other}"
 aria-describedby="${fault.id && `${fault.id} `}gift-other-hint"${fault.id && html` aria-invalid="true"`}></div>
${fault.text}
<p class="hint" id="gift-other-hint">${FREQUENCIES.map(limits)}</p>
</div>`;
}

/** The fee of each preset is worked out here, by the rule that will be charged. */
function coverFeesTick(context: FormContext): Html | null {
  const { newsroom, copy, currency, locale, values } = context;
  const fees = feeSchedule(newsroom, currency);
  if (fees === null) return null;
  const label = (frequency: Frequency) =>
    html`<span class="for-${frequency}">${presetsOf(context, frequency).map((amount, index) => {
      const fee = formatMoney(coverFees(amount, fees, currency) - amount, currency, locale);
      return html`<span class="is-${index}">${fill(copy.form.cover_fees, { amount: fee })}</span>`;
    })}${live(copy.form.cover_fees, "fee", fill(copy.form.cover_fees_other, { fees: feesText(context) }))}</span>`;
  return html`<div class="tick">
<input type="checkbox" name="cover_fees" id="gift-cover_fees"${isTicked(values, "cover_fees") && html` checked`}>
<label for="gift-cover_fees">${FREQUENCIES.map(label)}</label>
</div>`;
}

/** The schedule as people write it: `2.9% + $0.30`. */
export function feesText({ newsroom, currency, locale }: FormContext): string {
  const fees = feeSchedule(newsroom, currency);
  if (fees === null) return "";
  const percent = new Intl.NumberFormat(locale, { style: "unit", unit: "percent", maximumFractionDigits: 4 });
  const share = percent.format(fees.percent as `${number}`);
  return fees.fixed === 0 ? share : `${share} + ${formatMoney(fees.fixed, currency, locale)}`;
}
