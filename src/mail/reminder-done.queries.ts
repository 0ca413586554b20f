import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

/** What the sender needs of a reminder. Its address opens with `reminders.address_sealed:<id>`. */
export interface ReminderToSend {
  readonly id: string;
  readonly state: string;
  /** Null once the reminder is done. */
  readonly address_sealed: Buffer | null;
  readonly address_hash: Buffer | null;
  readonly time_zone: string;
  readonly locale: string | null;
  readonly frequency: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly article_url: string | null;
  readonly article_id: string | null;
  readonly campaign: string | null;
}

export async function reminderAddress(db: Kysely<DB>, id: string): Promise<ReminderToSend | undefined> {
  return await db
    .selectFrom("reminders")
    .select([
      "id",
      "state",
      "address_sealed",
      "address_hash",
      "time_zone",
      "locale",
      "frequency",
      "amount",
      "currency",
      "article_url",
      "article_id",
      "campaign",
    ])
    .where("id", "=", id)
    .executeTakeFirst();
}

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
    update reminders set state = ${outcome}, reason = ${outcome === "sent" ? null : (reason ?? "unknown")}, cancelled_from = null, cancel_id = null,
      sent_at = case when ${outcome} = 'sent' then now() end, finished_at = now(), address_sealed = null
    where id = ${reminderId}
      and (state = 'queued' or (state = 'cancelled' and cancelled_from = 'queued' and ${outcome} = 'sent'))
  `.execute(trx);
}
