import { OPTIONAL_KINDS } from "./gift-links.ts";
import type { MailKind } from "./kinds.ts";
import type { MailRow } from "./send.queries.ts";

/** Why a mail isn't sent. */
export type Suppression =
  | "no_mail"
  | "no_address"
  | "bounced"
  | "complained"
  | "unsubscribed"
  | "cancelled"
  | "given_since"
  | "over"
  | "card_replaced"
  | "erased";

const OPTIONAL: ReadonlySet<MailKind> = new Set(OPTIONAL_KINDS);

/** What speaks of payments to come has nothing to say once there are none; a mail may have waited. */
const OF_PAYMENTS_TO_COME: ReadonlySet<MailKind> = new Set(["action_required", "card_expiring", "annual_upcoming"]);
const OVER: ReadonlySet<string> = new Set(["canceled", "incomplete_expired"]);

/** In which state a reminder's mails go out: what it is in now was decided after they were queued. */
const WANTED_WHILE: ReadonlyMap<MailKind, string> = new Map([
  ["reminder", "queued"],
  ["reminder_confirm", "unconfirmed"],
]);

/**
 * Who asks for the link to their gifts must be able to stop them, and who is asked to confirm may say no, whatever they think of our mail; and
 * it may be taken now where it wasn't before.
 */
const ASKED_FOR: ReadonlySet<MailKind> = new Set(["manage_link", "reminder_confirm"]);

/** Events come in any order: a donor whom Stripe hasn't told of yet is waited for. In seconds. */
const WAIT_FOR_DONOR = 900;
const LOOK_AGAIN_MS = 15_000;

export type Decision =
  | { readonly kind: "send" }
  | { readonly kind: "suppress"; readonly reason: Suppression }
  | { readonly kind: "postpone"; readonly ms: number }
  /** Somebody else has it, or it has ended. */
  | { readonly kind: "leave" };

/** What is to be done with a mail whose job has come up. */
export function decide(mail: MailRow): Decision {
  if (mail.state !== "queued" && !(mail.state === "sending" && mail.lapsed)) return { kind: "leave" };
  const reason = suppression(mail);
  if (reason !== null) return { kind: "suppress", reason };
  if (sealedAddress(mail) !== null) return { kind: "send" };
  const mayCome = mail.donation !== null && mail.customer === null && mail.age < WAIT_FOR_DONOR;
  return mayCome ? { kind: "postpone", ms: LOOK_AGAIN_MS } : { kind: "suppress", reason: "no_address" };
}

function suppression(mail: MailRow): Suppression | null {
  const { kind, donation, customer, reminder, address } = mail;
  // What a reader's address is known for holds nobody back from work.
  if (kind === "staff_sign_in") return null;
  if (kind !== "manage_link" && donation?.no_mail === true) return "no_mail";
  if (OF_PAYMENTS_TO_COME.has(kind) && OVER.has(donation?.subscription_status ?? "")) return "over";
  if (mail.card_replaced) return "card_replaced";
  const wanted = WANTED_WHILE.get(kind);
  if (wanted !== undefined) {
    if (reminder === null || reminder.address_sealed === null) return "erased";
    if (reminder.state !== wanted) return "cancelled";
  }
  if (customer?.deleted === true) return "erased";
  if (ASKED_FOR.has(kind)) return null;
  if (address?.bounced === true) return "bounced";
  if (kind === "reminder" && address?.confirmed_since === true) return null;
  if (address?.complained === true) return "complained";
  if (address?.unsubscribed === true && (kind === "reminder" || OPTIONAL.has(kind))) return "unsubscribed";
  return null;
}

interface SealedAddress {
  readonly sealed: Buffer;
  /** What it is bound to in the vault. */
  readonly context: string;
}

/** Where the address of a mail is kept. */
export function sealedAddress(mail: MailRow): SealedAddress | null {
  const { id, to_sealed, reminder, customer } = mail;
  if (to_sealed !== null) return { sealed: to_sealed, context: `mails.to_sealed:${id}` };
  if (reminder?.address_sealed) {
    return { sealed: reminder.address_sealed, context: `reminders.address_sealed:${reminder.id}` };
  }
  if (customer?.email_sealed) {
    return { sealed: customer.email_sealed, context: `stripe_customers.email_sealed:${customer.id}` };
  }
  return null;
}
