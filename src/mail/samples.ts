import type { MailData, MailKind, MailLinks } from "./kinds.ts";
import type { MailToRender } from "./render.ts";

/** Addresses that lead nowhere, in the forms of the real ones. */
const AT = "https://donations.example";
const TOKEN = "AZmP3kQ0cWKqk0r7c2FtcGxlAAAAAAAAc2FtcGxlLW9mLWEtdG9rZW4";

const LINKS: MailLinks = {
  stop: `${AT}/gifts/stop/${TOKEN}`,
  fix: `${AT}/gifts/fix/${TOKEN}`,
  give: `${AT}/give?frequency=monthly&amount=1000&currency=EUR`,
  manage: `${AT}/gifts/${TOKEN}`,
  confirm: `${AT}/reminders/${TOKEN}`,
  unsubscribe: { page: `${AT}/mail/off/${TOKEN}`, oneClick: `${AT}/v1/mail/off/${TOKEN}` },
};

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
};

/** Which links a mail of the kind carries, as the sender makes them. */
const LEADS_TO: Readonly<Record<MailKind, readonly (keyof MailLinks)[]>> = {
  thank_you: [],
  recurring_started: ["stop", "manage"],
  renewal_receipt: ["stop", "manage"],
  payment_failed: ["stop", "fix", "manage"],
  action_required: ["stop", "fix", "manage"],
  card_expiring: ["stop", "fix", "manage"],
  annual_upcoming: ["stop", "manage"],
  yearly_note: ["stop", "manage", "unsubscribe"],
  amount_changed: ["stop", "manage"],
  paused: ["stop", "manage"],
  cancelled: ["give"],
  refunded: [],
  reminder: ["give", "unsubscribe"],
  reminder_confirm: ["confirm", "unsubscribe"],
  manage_link: ["manage"],
};

/** A mail of the kind as it might go out, for previews: nobody's gift, and links that lead nowhere. */
export function sampleMail(kind: MailKind): Omit<MailToRender, "locale" | "discreet"> {
  const links = Object.fromEntries(
    Object.entries(LINKS).map(([name, url]) => [name, LEADS_TO[kind].some((each) => each === name) ? url : null]),
  );
  const aboutAGift = !["reminder", "reminder_confirm", "manage_link"].includes(kind);
  return {
    kind,
    data: DATA[kind],
    links: links as unknown as MailLinks,
    reference: aboutAGift ? "0199a3f2-90d1-7162-aa93-4aed4b2d6f07" : null,
  } as Omit<MailToRender, "locale" | "discreet">;
}
