import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

const BATCH = 5_000;

/**
 * Addresses that have served: of a cancelled reminder once its day has come, of one that nobody confirmed a day later. What tells that it is
 * the same address goes after a year, for which the link in a mail ends further ones. @returns how many were changed
 */
export async function forgetReminders(db: Kysely<DB>, now: Date): Promise<number> {
  const { rows } = await sql<{ done: number }>`
    with kept as (
      select id, state from reminders
      where state in ('unconfirmed', 'cancelled') and address_sealed is not null
        and due_at <= ${now}::timestamptz - case state when 'unconfirmed' then interval '1 day' else interval '0' end
      order by due_at limit ${BATCH} for update skip locked
    ), emptied as (
      update reminders r set address_sealed = null,
        state = case kept.state when 'unconfirmed' then 'suppressed' else r.state end,
        reason = case kept.state when 'unconfirmed' then 'unconfirmed' else r.reason end,
        finished_at = coalesce(r.finished_at, ${now})
      from kept where r.id = kept.id
      returning 1
    ), old as (
      select id from reminders
      where finished_at < ${now}::timestamptz - interval '1 year' and address_hash is not null and address_sealed is null
      order by finished_at limit ${BATCH} for update skip locked
    ), unlinked as (
      update reminders r set address_hash = null from old where r.id = old.id and r.id not in (select id from kept) returning 1
    )
    select (select count(*) from emptied) + (select count(*) from unlinked) as done
  `.execute(db);
  return rows[0]?.done ?? 0;
}
