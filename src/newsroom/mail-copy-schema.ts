import { z } from "zod";
import { text } from "./copy-text.ts";

/* What our mails say. Every sentence of a kind stands under the kind's name; what several kinds share stands beside them. */

/** `discreet` is the subject that names neither the newsroom nor what the mail is about. */
const envelope = { subject: text("newsroom"), discreet: text(), heading: text() };

/** What becomes of a gift when the reader does nothing; a gift of once has nothing that could end. */
const ifNothing = { nothing_once: text(), nothing: text() };

const kinds = z.strictObject({
  thank_you: z.strictObject({
    ...envelope,
    preheader: text("amount"),
    text: text("amount", "newsroom"),
    after: text(),
  }),
  recurring_started: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("amount", "newsroom"),
    after: text(),
  }),
  renewal_receipt: z.strictObject({
    ...envelope,
    preheader: text("amount"),
    text: text("newsroom"),
    after: text(),
  }),
  payment_failed: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("amount", "newsroom"),
    next_try: text("date"),
    no_next_try: text(),
    fix: text(),
    button: text(),
    try_again: text(),
    ...ifNothing,
    /** The same when no further try will be made. */
    nothing_ended: text(),
  }),
  action_required: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("amount", "newsroom"),
    button: text(),
    ...ifNothing,
  }),
  card_expiring: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("newsroom"),
    fix: text(),
    button: text(),
    nothing: text(),
  }),
  annual_upcoming: z.strictObject({
    ...envelope,
    subject: text("newsroom", "date"),
    preheader: text("amount"),
    text: text("amount", "date", "newsroom"),
    after: text(),
  }),
  yearly_note: z.strictObject({
    ...envelope,
    preheader: text("total"),
    text: text("newsroom", "date"),
    after: text(),
  }),
  amount_changed: z.strictObject({
    ...envelope,
    preheader: text("amount"),
    text: text("amount", "newsroom"),
    after: text("contact_email"),
  }),
  paused: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("amount", "newsroom"),
    resumes: text("date"),
    open: text(),
  }),
  cancelled: z.strictObject({
    ...envelope,
    preheader: text(),
    by: z.strictObject({
      reader: text("amount", "newsroom"),
      payment_failed: text("amount", "newsroom"),
      other: text("amount", "newsroom"),
    }),
    ends: text("date"),
    after: text(),
    come_back: text(),
    button: text(),
  }),
  refunded: z.strictObject({
    ...envelope,
    preheader: text("amount"),
    text: text("amount", "newsroom"),
    part: text("amount", "of", "newsroom"),
    after: text(),
    goes_on: text(),
  }),
  reminder: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("date", "newsroom"),
    button: text(),
    button_amount: text("amount"),
    after: text(),
  }),
  reminder_confirm: z.strictObject({
    ...envelope,
    preheader: text(),
    text: text("date", "newsroom"),
    button: text(),
    after: text(),
  }),
  manage_link: z.strictObject({
    ...envelope,
    preheader: text("time"),
    text: text("newsroom"),
    button: text(),
    expires: text("time"),
    after: text(),
  }),
  staff_sign_in: z.strictObject({
    ...envelope,
    preheader: text("time"),
    text: text("newsroom"),
    button: text(),
    expires: text("time"),
    after: text(),
  }),
});

/** Names of amounts and days in the small table of a mail. */
const facts = z.strictObject({
  amount: text(),
  paid_on: text(),
  next_payment: text(),
  installment: text(),
  recipient: text(),
  valid_until: text(),
  payments: text(),
  total: text(),
  gift: text(),
  before: text(),
  now: text(),
  refunded: text(),
  paid: text(),
  choice: text(),
});

/** Named after FAILURE_REASONS in mail/kinds.ts. */
const reasons = z.strictObject({
  card_expired: text(),
  insufficient_funds: text(),
  card_declined: text(),
  details_incorrect: text(),
  authentication_failed: text(),
  bank_debit_failed: text(),
  other: text(),
});

export const mailCopy = z.strictObject({
  kinds,
  /** Lists of mails show it beside a neutral subject: long enough that nothing of the text follows it there. */
  discreet_preheader: text(),
  facts,
  reasons,
  stop: z.strictObject({ text: text(), link: text() }),
  manage: text(),
  unsubscribe: z.strictObject({ gift: text(), reminder: text(), confirm: text() }),
  /** Why the reader gets this mail. */
  why: z.strictObject({
    gift: text("newsroom"),
    reminder: text("newsroom"),
    confirm: text("newsroom"),
    link: text("newsroom"),
    staff: text("newsroom"),
  }),
  tax_number: text("tax_number"),
});
