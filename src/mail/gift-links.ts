import type { Selectable } from "kysely";
import type { Config } from "../config.ts";
import type { Donations } from "../db/schema.ts";
import { type NewsroomConfig, pickLocale } from "../newsroom.ts";
import type { Vault } from "../vault/vault.ts";
import type { MailKind, MailLinks } from "./kinds.ts";
import { signToken } from "./links.ts";

/** Mails about a gift that a reader can do without, and turn off: all others speak of money that is owed, taken or given back. */
export const OPTIONAL_KINDS = ["renewal_receipt", "yearly_note"] as const satisfies readonly MailKind[];

/** About a gift that goes on, or should. */
const RUNNING: ReadonlySet<MailKind> = new Set([
  "recurring_started",
  "renewal_receipt",
  "payment_failed",
  "action_required",
  "card_expiring",
  "annual_upcoming",
  "yearly_note",
  "amount_changed",
  "paused",
  "refunded",
]);
const OVER: ReadonlySet<string> = new Set(["canceled", "incomplete_expired"]);
const TO_FIX: ReadonlySet<MailKind> = new Set(["payment_failed", "action_required", "card_expiring"]);

/** How long the link of a `manage_link` mail is good, by the wall clock. */
export const MANAGE_LINK_MS = 60 * 60 * 1000;

type LinkVault = Pick<Vault, "hash">;
type LinkConfig = Pick<Config, "publicUrl">;
type LinkedGift = Pick<
  Selectable<Donations>,
  "id" | "frequency" | "chosen_amount" | "currency" | "locale" | "stripe_subscription" | "subscription_status"
>;

/** Where a mail about a gift leads to, as far as it fits the kind; addresses are absolute. */
export function giftLinks(
  config: LinkConfig,
  vault: LinkVault,
  newsroom: NewsroomConfig,
  donation: LinkedGift,
  kind: MailKind,
): MailLinks {
  const runs = isRunning(donation);
  const isOptional = OPTIONAL_KINDS.some((each) => each === kind);
  return {
    stop: runs && RUNNING.has(kind) ? stopLink(config, vault, donation.id) : null,
    fix: runs && TO_FIX.has(kind) ? fixLink(config, vault, donation.id) : null,
    give: kind === "cancelled" || (kind === "payment_failed" && !runs) ? giveLink(config, newsroom, donation) : null,
    manage: at(config, `/my-gift?${new URLSearchParams({ locale: pickLocale(newsroom, donation.locale) })}`),
    confirm: null,
    unsubscribe: isOptional ? unsubscribeLinks(config, vault, donation.id) : null,
  };
}

/** Whether a gift has payments to come, or such as are owed. */
export function isRunning(donation: Pick<LinkedGift, "stripe_subscription" | "subscription_status">): boolean {
  return donation.stripe_subscription !== null && !OVER.has(donation.subscription_status ?? "");
}

/** The page that stops a gift; it serves as long as the gift runs. */
export function stopLink(config: LinkConfig, vault: LinkVault, donationId: string): string {
  return at(config, `/gifts/stop/${signToken(vault, "stop-gift", donationId)}`);
}

/** The page that leads on to Stripe's, where what is owed can be paid or another card given; it serves as long as the gift runs. */
export function fixLink(config: LinkConfig, vault: LinkVault, donationId: string): string {
  return at(config, `/gifts/fix/${signToken(vault, "fix-payment", donationId)}`);
}

/** The form with the same gift filled in. */
export function giveLink(config: LinkConfig, newsroom: NewsroomConfig, donation: LinkedGift): string {
  const choices = {
    locale: pickLocale(newsroom, donation.locale),
    frequency: donation.frequency,
    amount: String(donation.chosen_amount),
    currency: donation.currency,
  };
  return at(config, `/give?${new URLSearchParams(choices)}`);
}

/** The link that a `manage_link` mail is for. @param expiresAt its data's `expires_at` */
export function manageLink(config: LinkConfig, vault: LinkVault, mailId: string, expiresAt: Date): string {
  return at(config, `/gifts/${signToken(vault, "manage", mailId, expiresAt)}`);
}

function unsubscribeLinks(config: LinkConfig, vault: LinkVault, donationId: string) {
  const token = signToken(vault, "unsubscribe", donationId);
  return { page: at(config, `/mail/off/${token}`), oneClick: at(config, `/v1/mail/off/${token}`) };
}

function at({ publicUrl }: LinkConfig, path: string): string {
  return `${publicUrl}${path}`;
}
