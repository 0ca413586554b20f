import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { SAMPLE_CURSOR } from "../../shared/sample-id.ts";

/** What a database holds of sample data, or is to hold. */
export interface SampleSet {
  readonly payments: number;
  readonly years: number;
  readonly seed: number;
  /** The last moment of it, in ISO 8601: as of when it was first asked for. */
  readonly until: string;
}

const DERIVING = "sample_data_derived";

/** @returns null where there is none */
export async function readSampleSet(db: Kysely<DB>): Promise<SampleSet | null> {
  const { rows } = await sql<{ name: string }>`select name from cursors where name like ${`${SAMPLE_CURSOR}%`}`.execute(
    db,
  );
  return rows[0] === undefined ? null : (JSON.parse(rows[0].name.slice(SAMPLE_CURSOR.length)) as SampleSet);
}

export async function beginSampleSet(db: Kysely<DB>, set: SampleSet): Promise<void> {
  await sql`insert into cursors (name) values (${nameOf(set)}), (${DERIVING})`.execute(db);
}

/** How far the rows are in (null before the first ones), and the donations derived; `isDone` when there is nothing left to do. */
export async function readSampleState(
  db: Kysely<DB>,
  set: SampleSet,
): Promise<{ readonly loaded: Date | null; readonly derived: Date | null; readonly isDone: boolean }> {
  const { rows } = await sql<{ name: string; position: Date | null; moved_at: Date | null }>`
    select name, position, moved_at from cursors where name in (${nameOf(set)}, ${DERIVING})
  `.execute(db);
  const loading = rows.find((row) => row.name !== DERIVING);
  const deriving = rows.find((row) => row.name === DERIVING);
  return {
    loaded: loading?.position ?? null,
    derived: deriving?.position ?? null,
    isDone: (deriving?.moved_at ?? null) !== null,
  };
}

/** Together with the rows themselves. @throws Error when another process has come further meanwhile */
export async function moveLoaded(trx: Transaction<DB>, set: SampleSet, from: Date | null, to: Date): Promise<void> {
  const { numAffectedRows } = await sql`
    update cursors set position = ${to} where name = ${nameOf(set)} and position is not distinct from ${from}::timestamptz
  `.execute(trx);
  if (numAffectedRows !== 1n) throw new Error("Another process makes the same sample data at this moment.");
}

/**
 * Marks the next sample donations to be derived, those of `from` and later: some `limit`, and all of the last second.
 * @returns null when there are none left; else how many, the last mark, and from where to go on
 */
export async function markSampleDonations(
  trx: Transaction<DB>,
  from: Date | null,
  limit: number,
): Promise<{ readonly count: number; readonly mark: number; readonly next: Date } | null> {
  const { rows } = await sql<{ count: number; mark: number; next: Date }>`
    with gifts as (
      select id, created_at from donations
      where stripe_session like 'cs\\_sample%' and created_at >= coalesce(${from}::timestamptz, '-infinity')
    ), edge as (
      select max(created_at) + interval '1 second' as next from (select created_at from gifts order by created_at limit ${limit}) as firsts
    ), marked as (
      insert into dirty_objects (kind, object_id)
      select 'donation', gifts.id::text from gifts, edge where gifts.created_at < edge.next order by gifts.id
      returning seq
    )
    select count(*) as count, max(seq) as mark, (select next from edge) as next from marked having count(*) > 0
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) return null;
  await sql`update cursors set position = ${row.next} where name = ${DERIVING}`.execute(trx);
  return row;
}

/** Whether another process still derives what was marked until then. */
export async function isMarked(db: Kysely<DB>, until: number): Promise<boolean> {
  const { rows } = await sql`select from dirty_objects where seq <= ${until} limit 1`.execute(db);
  return rows.length > 0;
}

export async function finishSampleSet(db: Kysely<DB>): Promise<void> {
  await sql`update cursors set moved_at = clock_timestamp() where name = ${DERIVING}`.execute(db);
}

/** Whether there is a gift that neither sample data nor a payment in Stripe's test mode has brought. */
export async function holdsOtherGifts(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql`
    select from donations
    where origin <> 'checkout'
      or (stripe_session is not null and stripe_session not like 'cs\\_sample%' and stripe_session not like 'cs\\_test\\_%')
    limit 1
  `.execute(db);
  return rows.length > 0;
}

/** So many rows at once: the planner learns of them now, and not when a background process gets to it. */
export async function analyzeBooks(db: Kysely<DB>): Promise<void> {
  await sql`analyze`.execute(db);
}

/** What a live database fills in order of time was derived donation by donation: brings it into that order, so that it is read as quickly. */
export async function sortByTime(db: Kysely<DB>): Promise<void> {
  for (const [table, index] of [
    ["payments", "payments_newest"],
    ["payment_movements", "payment_movements_booked"],
  ] as const) {
    await sql`cluster ${sql.table(table)} using ${sql.ref(index)}`.execute(db);
  }
}

function nameOf({ payments, years, seed, until }: SampleSet): string {
  return SAMPLE_CURSOR + JSON.stringify({ payments, years, seed, until });
}
