import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

/**
 * In the transaction in which its mail is marked done: what became of the reminder, whose address goes with it. One that was cancelled while
 * the mail was on its way is `sent` if the mail has gone, and stays cancelled otherwise. Does nothing to a reminder whose mail was never
 * queued, so it is safe for a mail that only asks to confirm.
 */
export async function finishReminder(
  trx: Transaction<DB>,
  reminderId: string,
  outcome: "sent" | "suppressed" | "failed",
  reason: string | null,
): Promise<void> {
  await sql`
    update reminders set state = ${outcome}, reason = ${outcome === "sent" ? null : (reason ?? "unknown")}, cancelled_from = null, cancel_id = null, cancelled_by = null,
      sent_at = case when ${outcome} = 'sent' then now() end, finished_at = now(), address_sealed = null
    where id = ${reminderId}
      and (state = 'queued' or (state = 'cancelled' and cancelled_from = 'queued' and ${outcome} = 'sent'))
  `.execute(trx);
}
