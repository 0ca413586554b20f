import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { ReconciliationQuery } from "./query-schema.ts";

export interface ReconciliationRow {
  readonly difference_id: string;
  readonly kind: string;
  readonly object_id: string;
  /** When the object was made at Stripe. */
  readonly occurred_at: Date | null;
  readonly since: Date;
  readonly last_seen: Date;
  readonly resolved_at: Date | null;
  /** Ids, amounts in minor units and states; nothing personal. */
  readonly ours: Readonly<Record<string, unknown>> | null;
  readonly stripes: Readonly<Record<string, unknown>> | null;
  readonly cause: string;
}

export interface ReconciliationRun {
  readonly run_id: string;
  readonly since: Date;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly fix: boolean;
  readonly looked_at: Readonly<Record<string, number>>;
  readonly balances: readonly { readonly currency: string; readonly ours: number; readonly stripes: number }[];
  readonly found: number;
  readonly healed: number;
  readonly remaining: number | null;
  readonly failure: string | null;
}

/** What differs from Stripe, those found last first, beginning behind `after`. Ids grow with time. */
export async function readDifferences(
  db: Kysely<DB>,
  { state }: Pick<ReconciliationQuery, "state">,
  after: string | null,
  limit: number,
): Promise<readonly ReconciliationRow[]> {
  const { rows } = await sql<ReconciliationRow>`
    select id as difference_id, kind, object_id, occurred_at, first_seen as since, last_seen, resolved_at, ours, stripes, cause
    from reconciliation_differences
    where (${after}::uuid is null or id < ${after}::uuid)
      and (${state}::text = 'all' or (resolved_at is null) = (${state}::text = 'open'))
    order by id desc limit ${limit}
  `.execute(db);
  return rows;
}

/** The latest comparison that ended, whichever way; null before the first one. */
export async function newestRun(db: Kysely<DB>): Promise<ReconciliationRun | null> {
  const { rows } = await sql<ReconciliationRun>`
    select id as run_id, since, started_at, finished_at, fix, looked_at, balances, found, healed, remaining, failure
    from reconciliation_runs where finished_at is not null order by started_at desc limit 1
  `.execute(db);
  return rows[0] ?? null;
}
