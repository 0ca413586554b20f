import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export interface EventLine {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly object_id: string | null;
  readonly created: Date;
  readonly attempts: number;
  readonly reason: string | null;
}

interface Filter {
  readonly state: string | null;
  readonly type: string | null;
  readonly limit: number;
}

/** The newest first. */
export async function listEvents(db: Kysely<DB>, { state, type, limit }: Filter): Promise<readonly EventLine[]> {
  const { rows } = await sql<EventLine>`
    select id, type, state, object_id, created, attempts, reason from stripe_events
    where (${state}::text is null or state = ${state}::text) and (${type}::text is null or type = ${type}::text)
    order by created desc, id desc
    limit ${limit}
  `.execute(db);
  return rows;
}

export interface Replayed {
  readonly id: string;
  /** False where the payload was purged: only Stripe still knows what it said. */
  readonly has_payload: boolean;
}

/** Makes events due again, as if they had just arrived; applying one twice changes nothing. */
export async function replayEvents(db: Kysely<DB>, ids: readonly string[]): Promise<readonly Replayed[]> {
  const { rows } = await sql<Replayed>`
    with replayed as (
      update stripe_events set state = 'received', reason = null, attempts = 0, due_at = clock_timestamp(), finished_at = null
      where id = any(${ids}::text[]) and payload_sealed is not null
      returning id
    )
    select id, true as has_payload from replayed
    union all
    select id, false from stripe_events where id = any(${ids}::text[]) and payload_sealed is null
    order by id
  `.execute(db);
  return rows;
}

export async function deadEventIds(db: Kysely<DB>): Promise<readonly string[]> {
  const rows = await db.selectFrom("stripe_events").select("id").where("state", "=", "dead").execute();
  return rows.map((row) => row.id);
}

const PURGE_BATCH = 5_000;

/** Payloads have served once they were applied or ignored; Stripe itself keeps events for 30 days. Dead ones stay. @returns how many went */
export async function purgePayloads(db: Kysely<DB>, olderThanDays: number): Promise<number> {
  const { rows } = await sql`
    update stripe_events set payload_sealed = null
    where id in (
      select id from stripe_events
      where payload_sealed is not null and state in ('applied', 'ignored')
        and finished_at < clock_timestamp() - make_interval(days => ${olderThanDays})
      limit ${PURGE_BATCH}
    )
    returning 1
  `.execute(db);
  return rows.length;
}
