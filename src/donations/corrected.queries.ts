import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export interface Correction {
  /** Of the form that asked for it. */
  readonly request: string;
  readonly customer: string;
  readonly oldId: string;
  readonly newId: string;
}

/** Keeps where a donor's id leads to, now that the address is another one; once for each request and customer. */
export async function keepCorrection(db: Kysely<DB>, { request, customer, oldId, newId }: Correction): Promise<void> {
  if (oldId === newId) return;
  await sql`
    insert into donor_corrections (request, customer, old_id, new_id)
    values (${request}, ${customer}, ${oldId}, ${newId}) on conflict do nothing
  `.execute(db);
}

/** The id that a donor has now who had this one before the address was corrected; null for an id that leads nowhere. */
export async function laterDonorId(db: Kysely<DB>, donorId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    with recursive led (id, steps) as (
      select ${donorId}::uuid, 0
      union all
      select last.new_id, led.steps + 1
      from led cross join lateral (
        select new_id from donor_corrections where old_id = led.id order by corrected_at desc limit 1
      ) last
      where led.steps < 20 and (led.steps = 0 or not exists (select from donations where donor_id = led.id))
    )
    select id from led where steps > 0 and exists (select from donations where donor_id = led.id) order by steps limit 1
  `.execute(db);
  return rows[0]?.id ?? null;
}
