import type { Config } from "../config.ts";
import type { NewsroomConfig } from "../newsroom.ts";
import type { Vault } from "../vault/vault.ts";
import { giftLinks, manageLink } from "./gift-links.ts";
import type { MailData, MailLinks } from "./kinds.ts";
import { signToken } from "./links.ts";
import { reminderLinks } from "./reminder-links.ts";
import type { MailRow } from "./send.queries.ts";

interface LinkDeps {
  readonly config: Pick<Config, "publicUrl">;
  readonly vault: Pick<Vault, "hash">;
}

const NONE: MailLinks = { stop: null, fix: null, give: null, manage: null, confirm: null, unsubscribe: null };

/** Where a mail may lead. Each link is good for one thing, and shows a page that changes nothing by itself. */
export function linksOf(deps: LinkDeps, newsroom: NewsroomConfig, mail: MailRow): MailLinks {
  const { kind, donation, reminder } = mail;
  if (kind === "manage_link") {
    const { expires_at } = mail.data as MailData["manage_link"];
    return { ...NONE, manage: manageLink(deps.config, deps.vault, mail.id, new Date(expires_at)) };
  }
  if (kind === "staff_sign_in") return { ...NONE, confirm: signInLink(deps.config, deps.vault, mail.id) };
  if (kind === "reminder" || kind === "reminder_confirm") {
    return reminder === null ? NONE : reminderLinks(deps, kind, reminder.id);
  }
  return donation === null ? NONE : giftLinks(deps.config, deps.vault, newsroom, donation, kind);
}

/** When it runs out, and whether it was used, stands in the row of its id. */
function signInLink(config: LinkDeps["config"], vault: LinkDeps["vault"], mailId: string): string {
  return `${config.publicUrl}/finance/sign-in/${signToken(vault, "staff-sign-in", mailId)}`;
}
