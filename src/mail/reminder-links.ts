import type { Config } from "../config.ts";
import type { NewsroomConfig } from "../newsroom.ts";
import type { Vault } from "../vault/vault.ts";
import { giveLink, type RemindedGift } from "./give-link.ts";
import type { MailLinks } from "./kinds.ts";
import { signToken } from "./links.ts";

/**
 * The links of the mails about a reminder. The one that confirms has a token of its own, which stands in that mail and nowhere else: whoever
 * asked for the reminder holds the other token, and may not be who reads the mail.
 */
export function reminderLinks(
  deps: { readonly config: Pick<Config, "publicUrl">; readonly vault: Pick<Vault, "hash"> },
  newsroom: NewsroomConfig,
  kind: "reminder" | "reminder_confirm",
  reminder: Omit<RemindedGift, "token"> & { readonly id: string },
): MailLinks {
  const { publicUrl } = deps.config;
  const token = signToken(deps.vault, "reminder", reminder.id);
  const asks = kind === "reminder_confirm";
  return {
    stop: null,
    fix: null,
    manage: null,
    give: asks ? null : giveLink(deps.config, newsroom, { ...reminder, token }),
    confirm: asks ? `${publicUrl}/reminders/${signToken(deps.vault, "confirm-reminder", reminder.id)}` : null,
    unsubscribe: {
      page: `${publicUrl}/reminders/${token}`,
      oneClick: `${publicUrl}/v1/reminders/${token}/cancel`,
    },
  };
}
