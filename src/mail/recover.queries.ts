import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

/**
 * Of the mails that should have been done by now, those that nothing will do: sent by a worker whose lease has lapsed, or without a job that
 * can still run. The queue itself would wait four hours for a worker that died. All that were looked at are left alone for a while.
 */
export async function strandedMails(
  trx: Transaction<DB>,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<{ readonly looked: number; readonly stranded: readonly string[] }> {
  const { rows } = await sql<{ id: string; stranded: boolean }>`
    with due as (
      select id, state, lease_until from mails where state in ('queued', 'sending') and look_at <= clock_timestamp()
      order by look_at limit ${limit} for update skip locked
    ), found as (
      select d.id, j.locked_at + lease.length as running_until,
        j.id is null or j.attempts >= j.max_attempts and j.locked_at is null
          or j.locked_at <= clock_timestamp() - lease.length
          or d.state = 'sending' and d.lease_until <= clock_timestamp() and j.locked_at is not null as stranded
      from due d left join graphile_worker.jobs j on j.key = 'mail:' || d.id,
        (select ${leaseMs} * interval '1 millisecond' as length) as lease
    )
    update mails m set look_at = case when f.stranded or f.running_until is null then clock_timestamp() + interval '1 minute' else f.running_until end
    from found f where m.id = f.id
    returning m.id, f.stranded
  `.execute(trx);
  return { looked: rows.length, stranded: rows.filter((row) => row.stranded).map((row) => row.id) };
}
