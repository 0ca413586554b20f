import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Accounts, Bookkeeping, JournalEntry } from "./entries.ts";
import type { AccountSum } from "./lines.queries.ts";

/** A month whose journal was frozen when it was closed, and the settings it was booked with. */
export interface FrozenMonth {
  readonly month: string;
  readonly time_zone: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly settings: Bookkeeping;
}

/** The first one first. A month that was closed by a version that didn't freeze journals is left out. */
export async function frozenMonths(db: Kysely<DB>): Promise<readonly FrozenMonth[]> {
  const { rows } = await sql<FrozenMonth>`
    select m.month, m.time_zone, m.starts_at, m.ends_at, r.row as settings
    from closed_months m join closed_rows r on r.month = m.month and r.report = 'journal_settings'
    order by m.month
  `.execute(db);
  return rows;
}

interface Days {
  readonly from: string;
  readonly to: string;
  readonly currency?: string | undefined;
}

/** The entries that were frozen with a month, in their order: a few for each day. */
export async function frozenEntries(
  db: Kysely<DB>,
  month: string,
  accounts: Accounts,
  { from, to, currency }: Days,
): Promise<readonly JournalEntry[]> {
  const { rows } = await sql<{ entry: Omit<JournalEntry, "accounts"> }>`
    select row as entry from closed_rows
    where month = ${month} and report = 'journal' and row->>'date' >= ${from} and row->>'date' < ${to}
      and (${currency ?? null}::text is null or row->>'currency' = ${currency ?? null})
    order by position
  `.execute(db);
  return rows.map(({ entry }) => ({ ...entry, accounts }));
}

export interface FrozenSum extends AccountSum {
  /** Which month it is about: the one it was frozen with, or the one that it corrects. */
  readonly month: string;
}

/** What was frozen about each month, with it and later as corrections. */
export async function frozenSums(db: Kysely<DB>, currency: string | undefined): Promise<readonly FrozenSum[]> {
  const { rows } = await sql<FrozenSum>`
    select coalesce(r.correction_of, r.month) as month, r.row->>'currency' as currency, l.account, l.cost_centre, sum(l.amount)::bigint as amount
    from closed_rows r, json_to_recordset(r.row->'lines') as l (account text, cost_centre text, amount bigint)
    where r.report = 'journal' and (${currency ?? null}::text is null or r.row->>'currency' = ${currency ?? null})
    group by 1, 2, 3, 4
  `.execute(db);
  return rows;
}
