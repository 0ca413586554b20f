import { type Kysely, sql } from "kysely";
import { v7 } from "uuid";
import type { DB } from "../../db/schema.ts";
import type { Difference } from "./difference.ts";

export interface OpenDifference extends Difference {
  readonly id: string;
  readonly first_seen: Date;
  readonly last_seen: Date;
}

export async function beginRun(
  db: Kysely<DB>,
  run: { readonly id: string; readonly since: Date; readonly fix: boolean },
): Promise<void> {
  await sql`
    insert into reconciliation_runs (id, since, fix, started_at) values (${run.id}, ${run.since}, ${run.fix}, clock_timestamp())
  `.execute(db);
}

export interface RunFacts {
  readonly stripe_at: Date;
  readonly looked_at: Readonly<Record<string, number>>;
  readonly balances: readonly object[];
  readonly found: number;
  readonly healed: number;
  readonly remaining: number;
}

export async function finishRun(db: Kysely<DB>, id: string, run: RunFacts): Promise<void> {
  await sql`
    update reconciliation_runs set finished_at = clock_timestamp(), stripe_at = ${run.stripe_at}, looked_at = ${JSON.stringify(run.looked_at)},
      balances = ${JSON.stringify(run.balances)}, found = ${run.found}, healed = ${run.healed}, remaining = ${run.remaining}
    where id = ${id}
  `.execute(db);
}

export async function failRun(db: Kysely<DB>, id: string, failure: string): Promise<void> {
  await sql`
    update reconciliation_runs set finished_at = clock_timestamp(), failure = ${failure} where id = ${id} and finished_at is null
  `.execute(db);
}

/** The moment by the database's clock, exactly: differences that are seen later belong to the look that begins now. */
export async function lookBegins(db: Kysely<DB>): Promise<string> {
  const { rows } = await sql<{ at: string }>`select clock_timestamp()::text as at`.execute(db);
  return rows[0]?.at ?? "";
}

/** Opens what is new, and notes of what was open that it still is. */
export async function noteDifferences(db: Kysely<DB>, run: string, found: readonly Difference[]): Promise<void> {
  if (found.length === 0) return;
  const unique = [...new Map(found.map((one) => [`${one.kind} ${one.object_id}`, one])).values()].sort((a, b) =>
    a.object_id < b.object_id ? -1 : 1,
  );
  const rows = unique.map((one) => ({ id: v7(), ...one }));
  await sql`
    insert into reconciliation_differences
      (id, kind, object_id, occurred_at, ours, stripes, cause, first_seen, last_seen, last_run)
    select id, kind, object_id, occurred_at, ours, stripes, cause, now(), clock_timestamp(), ${run}::uuid
    from json_to_recordset(${JSON.stringify(rows)}::json) as d
      (id uuid, kind text, object_id text, occurred_at timestamptz, ours jsonb, stripes jsonb, cause text)
    on conflict (kind, object_id) where resolved_at is null do update
      set occurred_at = excluded.occurred_at, ours = excluded.ours, stripes = excluded.stripes, cause = excluded.cause,
        last_seen = excluded.last_seen, last_run = excluded.last_run
  `.execute(db);
}

interface OpenFilter {
  /** Only those that were seen at this moment or later, or only those that were not. */
  readonly seen: "since" | "before";
  readonly at: string;
}

/** Open differences behind `after`, in the order of their ids. */
export async function openDifferences(
  db: Kysely<DB>,
  { seen, at }: OpenFilter,
  after: string | null,
  limit: number,
): Promise<readonly OpenDifference[]> {
  const { rows } = await sql<OpenDifference>`
    select id, kind, object_id, occurred_at, ours, stripes, cause, first_seen, last_seen from reconciliation_differences
    where resolved_at is null and (${after}::uuid is null or id > ${after}::uuid)
      and ${seen === "since" ? sql`last_seen >= ${at}::timestamptz` : sql`last_seen < ${at}::timestamptz`}
    order by id limit ${limit}
  `.execute(db);
  return rows;
}

/** First seen by this look: they may be of the very moment. */
export async function freshDifferences(db: Kysely<DB>, at: string, limit: number): Promise<readonly OpenDifference[]> {
  const { rows } = await sql<OpenDifference>`
    select id, kind, object_id, occurred_at, ours, stripes, cause, first_seen, last_seen from reconciliation_differences
    where resolved_at is null and first_seen >= ${at}::timestamptz order by id limit ${limit}
  `.execute(db);
  return rows;
}

/** Was none: the event of the very moment had not been applied yet. */
export async function dropDifferences(db: Kysely<DB>, ids: readonly string[]): Promise<void> {
  await sql`delete from reconciliation_differences where id = any(${ids}::uuid[])`.execute(db);
}

/** @returns how many were open and are no longer */
export async function resolveUnseen(db: Kysely<DB>, at: string): Promise<number> {
  const { numAffectedRows } = await sql`
    update reconciliation_differences set resolved_at = clock_timestamp() where resolved_at is null and last_seen < ${at}::timestamptz
  `.execute(db);
  return Number(numAffectedRows ?? 0);
}

export async function countOpen(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open from reconciliation_differences where resolved_at is null
  `.execute(db);
  return rows[0]?.open ?? 0;
}

/** Whether rows of the append-only ledger are others than Stripe's: nothing here can put them right. */
export async function isLedgerAltered(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql`
    select from reconciliation_differences
    where resolved_at is null and kind in ('balance_transaction_differs', 'balance_transaction_unknown') limit 1
  `.execute(db);
  return rows.length > 0;
}

/** How far back what is still open lies. */
export async function oldestOpen(db: Kysely<DB>): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`
    select min(occurred_at) as at from reconciliation_differences where resolved_at is null
  `.execute(db);
  return rows[0]?.at ?? null;
}

export type InboxState = "none" | "received" | "waiting" | "applied" | "ignored" | "dead";

/** What became of each object's events, those that were not applied first: the likely cause of a difference. */
export async function eventsOf(db: Kysely<DB>, ids: readonly string[]): Promise<ReadonlyMap<string, InboxState>> {
  const { rows } = await sql<{ object_id: string; state: InboxState }>`
    select distinct on (object_id) object_id, state from stripe_events where object_id = any(${ids}::text[])
    order by object_id, array_position(array['dead', 'received', 'waiting'], state), created desc
  `.execute(db);
  return new Map(rows.map((row) => [row.object_id, row.state]));
}

/** Everything that is open, the oldest first, a page at a time. */
export async function* allOpen(db: Kysely<DB>): AsyncIterable<OpenDifference> {
  let after: string | null = null;
  for (;;) {
    const page: readonly OpenDifference[] = await openDifferences(db, { seen: "since", at: "-infinity" }, after, 500);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
