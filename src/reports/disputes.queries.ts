import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/** `amount` in minor units of the donor's currency; `held_back` and `fees` in those of the settlement currency. */
export interface DisputeRow {
  readonly dispute_id: string;
  readonly created_at: Date;
  readonly status: string;
  readonly is_open: boolean;
  readonly reason: string;
  readonly currency: string;
  readonly amount: number;
  readonly due_by: Date | null;
  readonly has_evidence: boolean;
  readonly submission_count: number;
  readonly settlement_currency: string | null;
  /** With the bank now: 0 after one was won, null for an inquiry that moved nothing. */
  readonly held_back: number | null;
  readonly fees: number | null;
  /** Null where the charge is no gift. */
  readonly payment_id: string | null;
  readonly donation_id: string | null;
  readonly donor_id: string | null;
  readonly payment_booked_at: Date | null;
  readonly stripe_charge: string | null;
  readonly stripe_payment_intent: string | null;
}

export interface DisputesFilter {
  /** Stripe's, or all those that are `open` or `closed`. */
  readonly status?: string | undefined;
  /** When it was made: from this instant on, and before that one. */
  readonly start?: Date | undefined;
  readonly end?: Date | undefined;
}

/** Of the last row that was shown: whether it was closed, what it is ordered by, and its id. */
export type DisputePosition = readonly [closed: 0 | 1, order: number, id: string];

/** Open ones first, the nearest deadline before all, then the closed ones, the newest first. */
export async function readDisputes(
  db: Kysely<DB>,
  { status, start, end }: DisputesFilter,
  after: DisputePosition | null,
  limit: number,
): Promise<readonly (DisputeRow & { readonly position: DisputePosition })[]> {
  const [closed, order, id] = after ?? [null, null, null];
  const state = status ?? null;
  const { rows } = await sql<DisputeRow & { readonly position: DisputePosition }>`
    select d.*, json_build_array(k.closed, k.place, d.dispute_id) as position
    from reporting.disputes d
    cross join lateral (
      select (not d.is_open)::int as closed,
        (case when d.is_open then coalesce(extract(epoch from d.due_by), 99999999999) else 0 - extract(epoch from d.created_at) end)::bigint as place
    ) k
    where (${start ?? null}::timestamptz is null or d.created_at >= ${start ?? null})
      and (${end ?? null}::timestamptz is null or d.created_at < ${end ?? null})
      and (${state}::text is null or d.status = ${state} or d.is_open = (${state} = 'open') and ${state} in ('open', 'closed'))
      and (${id}::text is null or (k.closed, k.place, d.dispute_id) > (${closed}::int, ${order}::bigint, ${id}))
    order by k.closed, k.place, d.dispute_id limit ${limit}
  `.execute(db);
  return rows;
}
