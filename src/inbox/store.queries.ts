import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Envelope } from "./envelope.ts";

export interface NewEvent extends Envelope {
  readonly payload_sealed: Buffer;
}

/**
 * A duplicate is as good as kept: it leaves the first copy as it is. The payloads go as one value that is cut up again there: the driver writes
 * an array of them in hexadecimal digits, which costs both sides as much as all else together.
 */
export async function insertEvents(db: Kysely<DB>, events: readonly NewEvent[]): Promise<void> {
  const column = <Value>(pick: (event: NewEvent) => Value) => events.map(pick);
  const lengths = column((event) => event.payload_sealed.length);
  let end = 0;
  const starts = lengths.map((length) => {
    end += length;
    return end - length + 1;
  });
  const payloads = Buffer.concat(column((event) => event.payload_sealed));
  await sql`
    insert into stripe_events (id, type, api_version, livemode, created, object_id, payload_sealed)
    select id, type, api_version, livemode, to_timestamp(created), object_id,
      substring(${payloads}::bytea from start for length)
    from unnest(
      ${column((event) => event.id)}::text[], ${column((event) => event.type)}::text[],
      ${column((event) => event.api_version)}::text[], ${column((event) => event.livemode)}::boolean[],
      ${column((event) => event.created.getTime() / 1000)}::float8[], ${column((event) => event.object_id)}::text[],
      ${starts}::int[], ${lengths}::int[]
    ) as e (id, type, api_version, livemode, created, object_id, start, length)
    on conflict (id) do nothing
  `.execute(db);
}

export interface ClaimedEvent {
  readonly id: string;
  readonly type: string;
  readonly api_version: string | null;
  readonly created: Date;
  readonly object_id: string | null;
  readonly payload_sealed: Buffer;
  readonly attempts: number;
}

/** What isn't finished within the lease falls due again: a killed worker loses nothing. Each attempt waits longer. */
export async function claimEvents(db: Kysely<DB>, limit: number): Promise<readonly ClaimedEvent[]> {
  const { rows } = await sql<ClaimedEvent>`
    update stripe_events set attempts = attempts + 1,
      due_at = clock_timestamp() + least(interval '1 hour', interval '30 seconds' * power(2, least(attempts, 10)))
    where id in (
      select id from stripe_events where state in ('received', 'waiting') and due_at <= clock_timestamp()
      order by due_at limit ${limit} for update skip locked
    )
    returning id, type, api_version, created, object_id, payload_sealed, attempts
  `.execute(db);
  return rows;
}

export interface Finished {
  readonly id: string;
  /** `waiting`: for its object, which is being fetched; `received`: to be tried again. */
  readonly state: "applied" | "ignored" | "dead" | "received" | "waiting";
  readonly reason: string | null;
}

export async function finishEvents(db: Kysely<DB> | Transaction<DB>, finished: readonly Finished[]): Promise<void> {
  if (finished.length === 0) return;
  await sql`
    update stripe_events e set state = f.state, reason = f.reason,
      finished_at = case when f.state in ('received', 'waiting') then null else clock_timestamp() end,
      due_at = case when f.state = 'waiting' then clock_timestamp() + interval '1 day' else e.due_at end
    from unnest(
      ${finished.map((one) => one.id)}::text[], ${finished.map((one) => one.state)}::text[], ${finished.map((one) => one.reason)}::text[]
    ) as f (id, state, reason)
    where e.id = f.id and e.state in ('received', 'waiting')
  `.execute(db);
}
