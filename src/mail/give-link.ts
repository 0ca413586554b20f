import type { Config } from "../config.ts";

/**
 * The form, filled in from a reminder: the address holds its token alone, as what its asker wrote and which article they read is nothing for a
 * mail or a history of addresses. What is given there is tied to the reminder.
 */
export function giveLink(config: Pick<Config, "publicUrl">, token: string): string {
  return `${config.publicUrl}/give?${new URLSearchParams({ reminder_token: token })}`;
}
