import type { MailData, MailKind } from "../kinds.ts";
import { manageLink, reminder, reminderConfirm, staffSignIn } from "./asked-for.ts";
import { amountChanged, annualUpcoming, cancelled, paused } from "./changes.ts";
import type { Desk } from "./desk.ts";
import type { Letter } from "./letter.ts";
import { recurringStarted, refunded, renewalReceipt, thankYou, yearlyNote } from "./received.ts";
import { actionRequired, cardExpiring, paymentFailed } from "./trouble.ts";

type Templates = { readonly [K in MailKind]: (desk: Desk, data: MailData[K]) => Letter };

/** Each kind of mail as a letter. Throws when the data or the links are not those that its kind needs. */
export const TEMPLATES: Templates = {
  thank_you: thankYou,
  recurring_started: recurringStarted,
  renewal_receipt: renewalReceipt,
  payment_failed: paymentFailed,
  action_required: actionRequired,
  card_expiring: cardExpiring,
  annual_upcoming: annualUpcoming,
  yearly_note: yearlyNote,
  amount_changed: amountChanged,
  paused,
  cancelled,
  refunded,
  reminder,
  reminder_confirm: reminderConfirm,
  manage_link: manageLink,
  staff_sign_in: staffSignIn,
};
