import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

/** Longer than the slowest call to Stripe with its retries; a crash holds the pull for no longer than this. */
const LEASE = sql`clock_timestamp() + interval '60 seconds'`;

/** Who holds a pull is known by the very moment until which it does, as text: a Date would lose the microseconds. */
export interface Lease {
  readonly name: string;
  readonly until: string;
  /** How far earlier pulls have come; null before the first one was finished. */
  readonly position: Date | null;
}

/** @returns null while another process holds it */
export async function takeLease(db: Kysely<DB>, name: string): Promise<Lease | null> {
  await sql`insert into cursors (name) values (${name}) on conflict (name) do nothing`.execute(db);
  const { rows } = await sql<Lease>`
    update cursors set lease_until = ${LEASE}
    where name = ${name} and lease_until <= clock_timestamp()
    returning name, lease_until::text as until, position
  `.execute(db);
  return rows[0] ?? null;
}

/** @returns null when it lapsed and another process has taken it since */
export async function renewLease(trx: Transaction<DB>, lease: Lease): Promise<Lease | null> {
  const { rows } = await sql<Lease>`
    update cursors set lease_until = ${LEASE}
    where name = ${lease.name} and lease_until = ${lease.until}::timestamptz
    returning name, lease_until::text as until, position
  `.execute(trx);
  return rows[0] ?? null;
}

/** Lets go; does nothing when another process has taken it since. */
export async function releaseLease(db: Kysely<DB>, lease: Lease): Promise<void> {
  await sql`
    update cursors set lease_until = '-infinity' where name = ${lease.name} and lease_until = ${lease.until}::timestamptz
  `.execute(db);
}

/** Ends a whole run: the position moves forward or stays, never back, and the lease is let go. */
export async function finishPull(db: Kysely<DB>, lease: Lease, position: Date | null): Promise<void> {
  await sql`
    update cursors set position = greatest(position, ${position}::timestamptz), moved_at = clock_timestamp(),
      lease_until = '-infinity'
    where name = ${lease.name} and lease_until = ${lease.until}::timestamptz
  `.execute(db);
}

/** How far it has come; where it has never been, `start` is noted as if it had come that far. */
export async function initialPosition(db: Kysely<DB>, name: string, start: Date): Promise<Date> {
  const { rows } = await sql<{ position: Date }>`
    insert into cursors as c (name, position) values (${name}, ${start})
    on conflict (name) do update set position = coalesce(c.position, excluded.position)
    returning position
  `.execute(db);
  return rows[0]?.position ?? start;
}
