import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import { ACCOUNTS, type Account } from "../../newsroom.ts";

/** A line of an entry, in minor units of the settlement currency: a debit above zero, a credit below. */
export interface JournalSum {
  /** In the reporting time zone, as YYYY-MM-DD. */
  readonly date: string;
  readonly currency: string;
  /** Of an entry between the Stripe balance and the bank. */
  readonly payout_id: string | null;
  readonly balance_transaction_id: string | null;
  readonly account: Account;
  readonly cost_centre: string | null;
  readonly amount: number;
}

/** Of a whole period. */
export type AccountSum = Pick<JournalSum, "currency" | "account" | "cost_centre" | "amount">;

export interface JournalScope {
  readonly start: Date;
  readonly end: Date;
  readonly timeZone: string;
  readonly currency: string | undefined;
  readonly costCentres: Readonly<Record<string, string>>;
  readonly defaultCostCentre: string | null;
}

/** Sums of the journal's view by day, currency, account and cost centre; each movement to or from the bank apart. */
export async function readJournalSums(db: Kysely<DB>, scope: JournalScope): Promise<readonly JournalSum[]> {
  const { rows } = await sql<JournalSum>`
    with line as (${linesOf(scope)})
    select to_char(day, 'YYYY-MM-DD') as date, currency, payout_id, balance_transaction_id, account, cost_centre, sum(amount)::bigint as amount
    from line
    group by day, currency, payout_id, balance_transaction_id, account, cost_centre
    having sum(amount) <> 0
    order by day, currency, payout_id nulls first, balance_transaction_id,
      array_position(${[...ACCOUNTS]}::text[], account), cost_centre nulls first
  `.execute(db);
  return rows;
}

/** The same without days: what a period moved on each account and cost centre. */
export async function readAccountSums(db: Kysely<DB>, scope: JournalScope): Promise<readonly AccountSum[]> {
  const { rows } = await sql<AccountSum>`
    with line as (${linesOf(scope)})
    select currency, account, cost_centre, sum(amount)::bigint as amount
    from line group by currency, account, cost_centre having sum(amount) <> 0
  `.execute(db);
  return rows;
}

function linesOf(scope: JournalScope): RawBuilder<unknown> {
  const { start, end, timeZone, currency, costCentres, defaultCostCentre } = scope;
  return sql`
    select (j.booked_at at time zone ${timeZone})::date as day, j.currency, j.payout_id,
      case when j.payout_id is not null then j.balance_transaction_id end as balance_transaction_id, j.account,
      case when j.account not in ('stripe_balance', 'bank') then coalesce(c.cost_centre, ${defaultCostCentre}) end as cost_centre, j.amount
    from reporting.journal j
    left join unnest(${Object.keys(costCentres)}::text[], ${Object.values(costCentres)}::text[]) as c (campaign, cost_centre)
      on c.campaign = j.campaign
    where j.booked_at >= ${start} and j.booked_at < ${end} and (${currency ?? null}::text is null or j.currency = ${currency ?? null})
  `;
}

/** The first and the last movement of a period, and in which currencies; null when there is none. */
export async function journalExtent(
  db: Kysely<DB>,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<{ readonly first: Date; readonly last: Date } | null> {
  const { rows } = await sql<{ first: Date | null; last: Date }>`
    select min(created) as first, max(created) as last from balance_transactions where created >= ${start} and created < ${end}
  `.execute(db);
  const [found] = rows;
  return found === undefined || found.first === null ? null : { first: found.first, last: found.last };
}

/** Settlement currencies in which a period has movements. */
export async function bookedCurrencies(
  db: Kysely<DB>,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<readonly string[]> {
  const { rows } = await sql<{ currency: string }>`
    select distinct currency from balance_transactions where created >= ${start} and created < ${end} order by currency
  `.execute(db);
  return rows.map((row) => row.currency);
}
