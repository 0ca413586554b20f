import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { StoredReminder } from "./find.queries.ts";

export interface Restored {
  readonly id: string;
  readonly state: string;
  /** As YYYY-MM-DD. */
  readonly due_on: string;
  readonly locale: string | null;
  readonly discreet: boolean;
}

/** Whether its asker cancelled it, and the address has turned no reminder away since. */
export async function isOwnLastWord(trx: Transaction<DB>, id: string): Promise<boolean> {
  const { rows } = await sql`
    select from reminders r left join mail_addresses a on a.address_hash = r.address_hash
    where r.id = ${id} and r.cancelled_by = 'own'
      and (r.address_hash is null or a.reminders_cancel_id = r.cancel_id)
  `.execute(trx);
  return rows.length > 0;
}

/**
 * Undoes what one cancel has done: to the reminder itself and, if `whole`, to those of its address that went with it; otherwise the reminder has to
 * be confirmed. What has been due meanwhile stays cancelled, and a request that came after the cancel goes before.
 */
export async function restoreCancelled(
  trx: Transaction<DB>,
  { id, address_hash }: Pick<StoredReminder, "id" | "address_hash">,
  now: Date,
  whole: boolean,
): Promise<readonly Restored[]> {
  const { rows } = await sql<Restored>`
    with own as (
      select cancel_id from reminders where id = ${id} and state = 'cancelled' for update
    ), later as (
      select exists (
        select from reminders where address_hash = ${address_hash}::bytea and state in ('unconfirmed', 'pending')
      ) as stands
    ), together as (
      select r.id from reminders r, own
      where r.id = ${id}
        or (${whole} and r.address_hash = ${address_hash}::bytea and r.state = 'cancelled' and r.cancel_id = own.cancel_id)
    ), next as (
      select r.id, case when later.stands and r.channel = 'email' then 'suppressed'
        when r.cancelled_from = 'pending' and not ${whole} then 'unconfirmed' else r.cancelled_from end as state
      from reminders r, later
      where r.id in (select id from together) and r.due_at > ${now} and r.cancelled_from <> 'queued'
    )
    update reminders r set state = next.state, cancelled_from = null, cancel_id = null, cancelled_by = null,
      reason = case when next.state = 'suppressed' then 'moved' end,
      address_sealed = case when next.state <> 'suppressed' then r.address_sealed end,
      finished_at = case when next.state = 'suppressed' then r.finished_at end
    from next where r.id = next.id
    returning r.id, r.state, to_char(r.due_on, 'YYYY-MM-DD') as due_on, r.locale, r.discreet
  `.execute(trx);
  return rows;
}
