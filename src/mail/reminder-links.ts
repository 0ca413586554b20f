import type { Config } from "../config.ts";
import type { Vault } from "../vault/vault.ts";
import { giveLink } from "./give-link.ts";
import type { MailLinks } from "./kinds.ts";
import { signToken } from "./links.ts";

/**
 * The links of the mails about a reminder. Each mail's token stands in that mail and nowhere else: whoever asked for the reminder holds another
 * one, and may not be who reads the mail. The form's address holds the asker's, which can do less.
 */
export function reminderLinks(
  deps: { readonly config: Pick<Config, "publicUrl">; readonly vault: Pick<Vault, "hash"> },
  kind: "reminder" | "reminder_confirm",
  reminderId: string,
): MailLinks {
  const { config, vault } = deps;
  const asks = kind === "reminder_confirm";
  const token = signToken(vault, asks ? "confirm-reminder" : "reminder-mail", reminderId);
  const page = `${config.publicUrl}/reminders/${token}`;
  return {
    stop: null,
    fix: null,
    manage: null,
    give: asks ? null : giveLink(config, signToken(vault, "reminder", reminderId)),
    confirm: asks ? page : null,
    unsubscribe: { page, oneClick: `${config.publicUrl}/v1/reminders/${token}/cancel` },
  };
}
