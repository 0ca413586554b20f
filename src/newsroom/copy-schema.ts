import { z } from "zod";
import { byFrequency, text } from "./copy-text.ts";
import { gift } from "./gift-copy-schema.ts";
import { mailCopy } from "./mail-copy-schema.ts";
import { receiptCopy } from "./receipt-copy-schema.ts";
import { reminderCopy } from "./reminder-copy-schema.ts";

/* The form of config/locales/<language>.yaml: every sentence that a reader sees. */

/** Categories of CLDR; which of them a language must have depends on the language, see locales.ts. */
const plurals = z.strictObject({
  zero: countedText().optional(),
  one: countedText().optional(),
  two: countedText().optional(),
  few: countedText().optional(),
  many: countedText().optional(),
  other: text("n"),
});

/** The number may be a word: Arabic says "two months" without a digit. */
function countedText() {
  return z
    .string("expected text")
    .trim()
    .min(1, "must not be empty")
    .refine((sentence) => !/[{}]/.test(sentence.replaceAll("{n}", "")), "may have no placeholder but {n}");
}

const outcome = z.strictObject({ heading: text(), text: text("amount", "newsroom"), next_step: text() });
const outcomeWithoutAmount = z.strictObject({ heading: text(), text: text(), next_step: text() });

const outcomes = z.strictObject({
  open: outcomeWithoutAmount,
  processing: outcome,
  paid: outcome,
  failed: outcomeWithoutAmount,
  expired: outcomeWithoutAmount,
});

const form = z.strictObject({
  heading: text("newsroom"),
  lead: text(),
  frequency_legend: text(),
  frequency: byFrequency(text()),
  amount_legend: text(),
  currency: text(),
  /** An amount with how often it is taken, for buttons and summaries. */
  amount_each: byFrequency(text("amount")),
  other_amount: text(),
  other_amount_hint: text("minimum", "maximum"),
  cover_fees: text("amount"),
  /** Where the amount isn't known yet: the schedule itself, such as 2.9% + $0.30. */
  cover_fees_other: text("fees"),
  total: text("amount"),
  email_label: text(),
  email_hint: text(),
  newsletter: text("newsroom"),
  discreet: text(),
  discreet_hint: text("newsroom"),
  no_mail: text(),
  no_mail_hint: text(),
  country_acknowledge: text(),
  consent: byFrequency(text("amount")),
  /** The same where the amount is typed, and no script puts it into the sentence. */
  consent_other: byFrequency(text()),
  fees_added: text("fees"),
  recipient: text("legal_entity"),
  how_to_stop: text("contact_email"),
  terms: text("terms", "privacy"),
  terms_link: text(),
  privacy_link: text(),
  payment_methods: text(),
  continue: text(),
  continue_busy: text(),
  mend: text(),
  sent_before: text(),
});

const remind = z.strictObject({
  question: text(),
  link: text(),
  heading: text(),
  when_legend: text(),
  in_months: plurals,
  on_date: text(),
  email_label: text(),
  email_note: text(),
  on_site: text(),
  submit: text(),
  done: text("date"),
  calendar_note: text(),
  /** Stands in the reader's calendar where others may see it: names nobody. */
  calendar_title: text(),
  calendar_text: text("newsroom"),
});

const page = z.strictObject({
  back: text("newsroom"),
  questions: text("contact_email"),
  reference: text("id"),
  give_again: text(),
  check_again: text(),
  not_found: text(),
  languages: text(),
  simulated: text(),
});

/** One for each code of the HTTP contract. */
const errors = z.strictObject({
  invalid_request: text(),
  captcha_required: text(),
  amount_below_minimum: text("minimum"),
  amount_above_maximum: text("maximum"),
  currency_not_supported: text(),
  country_not_accepted: text(),
  country_not_acknowledged: text(),
  date_out_of_range: text(),
  idempotency_key_reused: text(),
  request_in_progress: text(),
  not_found: text(),
  payload_too_large: text(),
  rate_limited: text(),
  payment_provider_unavailable: text(),
  unauthorized: text(),
  forbidden: text(),
  internal: text(),
});

/** Beside a field. The ones for amounts are named after AmountFault in shared/parse-money.ts. */
const fields = z.strictObject({
  amount_required: text(),
  amount_not_a_number: text(),
  amount_ambiguous: text(),
  amount_too_precise: text(),
  amount_too_large: text(),
  amount_too_small: text(),
  frequency_required: text(),
  currency_required: text(),
  email_required: text(),
  email_invalid: text(),
  date_invalid: text(),
  terms_changed: text(),
  other: text(),
});

export const copySchema = z.strictObject({
  language: text(),
  direction: z.enum(["ltr", "rtl"], "expected ltr or rtl"),
  form,
  remind,
  reminder: reminderCopy,
  thanks: z.strictObject({ once: outcomes, recurring: outcomes }),
  cancelled: z.strictObject({ heading: text(), text: text(), again: text() }),
  gift,
  receipts: receiptCopy,
  page,
  errors,
  fields,
  mail: mailCopy,
});

/** All that the product says to a reader in one language. */
export type Copy = z.infer<typeof copySchema>;
