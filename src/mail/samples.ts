import type { MailData, MailKind, MailLinks } from "./kinds.ts";
import type { MailToRender } from "./render.ts";

/** Addresses that lead nowhere, in the forms of the real ones. */
const AT = "https://donations.example";
const TOKEN = "AZmP3kQ0cWKqk0r7c2FtcGxlAAAAAAAAc2FtcGxlLW9mLWEtdG9rZW4";

const NOWHERE: MailLinks = { stop: null, fix: null, give: null, manage: null, confirm: null, unsubscribe: null };
const GIVE_AGAIN = { give: `${AT}/give?reminder_token=${TOKEN}` };
const GIVE = { give: `${AT}/give?frequency=monthly&amount=1000&currency=EUR` };
const MANAGE = { manage: `${AT}/my-gift?locale=en` };
const RUNNING = { ...MANAGE, stop: `${AT}/gifts/stop/${TOKEN}` };
const FIX = { ...RUNNING, fix: `${AT}/gifts/fix/${TOKEN}` };
const REMINDER = `${AT}/reminders/${TOKEN}`;
const NO_REMINDERS = { unsubscribe: { page: REMINDER, oneClick: `${AT}/v1/reminders/${TOKEN}/cancel` } };
const NO_NOTES = { unsubscribe: { page: `${AT}/mail/off/${TOKEN}`, oneClick: `${AT}/v1/mail/off/${TOKEN}` } };

const ONCE = { frequency: "once", amount: 2500, currency: "EUR" } as const;
const MONTHLY = { frequency: "monthly", amount: 1000, currency: "EUR" } as const;
const ANNUAL = { frequency: "annual", amount: 10_000, currency: "EUR" } as const;

const DATA: MailData = {
  thank_you: { ...ONCE, paid_on: "2026-11-03" },
  recurring_started: { ...MONTHLY, paid_on: "2026-11-03", next_on: "2026-12-03" },
  renewal_receipt: { ...MONTHLY, paid_on: "2027-02-03", next_on: "2027-03-03", installment: 4 },
  payment_failed: { ...MONTHLY, reason: "insufficient_funds", next_try_on: "2027-02-06" },
  action_required: { ...MONTHLY },
  card_expiring: { ...MONTHLY, expires: "2027-04", next_on: "2027-05-03" },
  annual_upcoming: { ...ANNUAL, renews_on: "2027-11-03" },
  yearly_note: { ...MONTHLY, since: "2026-11-03", total: 12_000, payments: 12 },
  amount_changed: { ...MONTHLY, amount: 1500, before: 1000, next_on: "2027-03-03" },
  paused: { ...MONTHLY, resumes_on: "2027-06-03" },
  cancelled: { ...MONTHLY, ends_on: null, by: "reader" },
  refunded: { ...ONCE, amount: 1000, of: 2500 },
  reminder: { frequency: "monthly", amount: 1000, currency: "EUR", asked_on: "2026-08-03" },
  reminder_confirm: { due_on: "2027-02-03" },
  manage_link: { expires_at: "2026-11-03T16:30:00Z" },
  staff_sign_in: { expires_at: "2026-11-03T16:15:00Z" },
};

/** The links that a mail of the kind has, as its sender makes them. */
const LINKS: Readonly<Record<MailKind, Partial<MailLinks>>> = {
  thank_you: {},
  recurring_started: RUNNING,
  renewal_receipt: RUNNING,
  payment_failed: FIX,
  action_required: FIX,
  card_expiring: FIX,
  annual_upcoming: RUNNING,
  yearly_note: { ...RUNNING, ...NO_NOTES },
  amount_changed: RUNNING,
  paused: RUNNING,
  cancelled: GIVE,
  refunded: {},
  reminder: { ...GIVE_AGAIN, ...NO_REMINDERS },
  reminder_confirm: { confirm: REMINDER, ...NO_REMINDERS },
  manage_link: { manage: `${AT}/gifts/${TOKEN}` },
  staff_sign_in: { confirm: `${AT}/finance/sign-in/${TOKEN}` },
};

const OF_NO_GIFT: readonly MailKind[] = ["reminder", "reminder_confirm", "manage_link", "staff_sign_in"];

/** A mail of the kind as it might go out, for previews: nobody's gift, and links that lead nowhere. */
export function sampleMail<K extends MailKind>(kind: K): Omit<MailToRender<K>, "locale" | "discreet"> {
  const reference = OF_NO_GIFT.includes(kind) ? null : "0199a3f2-90d1-7162-aa93-4aed4b2d6f07";
  return { kind, data: DATA[kind], links: { ...NOWHERE, ...LINKS[kind] }, reference };
}
