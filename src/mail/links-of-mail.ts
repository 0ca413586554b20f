import type { Config } from "../config.ts";
import type { Vault } from "../vault/vault.ts";
import { ENDS_BY_LINK } from "./decide.ts";
import type { MailData, MailKind, MailLinks } from "./kinds.ts";
import { signToken } from "./links.ts";
import type { DonationOfMail, MailRow, ReminderOfMail } from "./send.queries.ts";

interface LinkDeps {
  readonly config: Pick<Config, "publicUrl">;
  readonly vault: Pick<Vault, "hash">;
}

const NONE: MailLinks = { stop: null, fix: null, give: null, manage: null, confirm: null, unsubscribe: null };

const MENDED_BY_LINK: ReadonlySet<MailKind> = new Set(["payment_failed", "action_required", "card_expiring"]);

/** Where a mail may lead. Each link is good for one thing, and shows a page that changes nothing by itself. */
export function linksOf(deps: LinkDeps, mail: MailRow, locale: string): MailLinks {
  const { kind, donation, reminder } = mail;
  if (kind === "manage_link") return { ...NONE, manage: manageLink(deps, mail) };
  if (reminder !== null) return ofReminder(deps, kind, reminder, locale);
  if (donation !== null) return ofGift(deps, kind, donation, locale);
  return NONE;
}

function manageLink({ config, vault }: LinkDeps, mail: MailRow): string {
  const { expires_at } = mail.data as MailData["manage_link"];
  return `${config.publicUrl}/gifts/${signToken(vault, "manage", mail.id, new Date(expires_at))}`;
}

function ofReminder({ config, vault }: LinkDeps, kind: MailKind, reminder: ReminderOfMail, locale: string): MailLinks {
  const token = signToken(vault, "reminder", reminder.id);
  const page = `${config.publicUrl}/reminders/${token}`;
  const unsubscribe = { page, oneClick: `${config.publicUrl}/v1/reminders/${token}/cancel` };
  if (kind === "reminder_confirm") return { ...NONE, confirm: page, unsubscribe };
  const { frequency, amount, currency, article_url, article_id, campaign } = reminder;
  const give = giveLink(config, {
    locale,
    frequency,
    currency,
    amount,
    article_url,
    article_id,
    campaign,
    reminder_token: token,
  });
  return { ...NONE, give, unsubscribe };
}

function ofGift({ config, vault }: LinkDeps, kind: MailKind, donation: DonationOfMail, locale: string): MailLinks {
  const { id, frequency, chosen_amount: amount, currency } = donation;
  const runs = frequency !== "once" && kind !== "cancelled";
  const token = () => signToken(vault, "unsubscribe", id);
  return {
    ...NONE,
    stop: runs ? `${config.publicUrl}/gifts/stop/${signToken(vault, "stop-gift", id)}` : null,
    fix: MENDED_BY_LINK.has(kind) ? `${config.publicUrl}/gifts/fix/${signToken(vault, "fix-payment", id)}` : null,
    give:
      kind === "cancelled" || kind === "payment_failed"
        ? giveLink(config, { locale, frequency, currency, amount })
        : null,
    manage: runs ? `${config.publicUrl}/my-gift?${new URLSearchParams({ locale })}` : null,
    unsubscribe: ENDS_BY_LINK.has(kind)
      ? { page: `${config.publicUrl}/mail/off/${token()}`, oneClick: `${config.publicUrl}/v1/mail/off/${token()}` }
      : null,
  };
}

/** The form, filled in with what is known. */
function giveLink(
  config: Pick<Config, "publicUrl">,
  choices: Readonly<Record<string, string | number | null>>,
): string {
  const given = Object.entries(choices).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  return `${config.publicUrl}/give?${new URLSearchParams(given)}`;
}
