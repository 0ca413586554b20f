import { type RawBuilder, sql } from "kysely";
import type { Period } from "../../shared/period.ts";

/** Rows of the evidence's files. Money is dated by its balance transaction, in the settlement currency unless a column says otherwise. */

type Within = Pick<Period, "start" | "end">;

export interface JournalLine {
  readonly balance_transaction_id: string;
  readonly booked_at: Date;
  readonly currency: string;
  readonly account: string;
  readonly amount: number;
  readonly payment_id: string | null;
}

export function journalLines({ start, end }: Within): RawBuilder<JournalLine> {
  return sql<JournalLine>`
    select balance_transaction_id, booked_at, currency, account, amount, payment_id from journal_lines
    where booked_at >= ${start} and booked_at < ${end} order by booked_at, balance_transaction_id, account, amount
  `;
}

export interface Payout {
  readonly payout_id: string;
  readonly created: Date;
  readonly arrival_date: Date;
  readonly currency: string;
  readonly amount: number;
  readonly status: string;
  readonly automatic: boolean;
  readonly reconciliation_status: string;
  readonly failure_code: string | null;
  readonly lines: number;
  readonly lines_net: number;
}

export function payouts({ start, end }: Within): RawBuilder<Payout> {
  return sql<Payout>`
    select o.id as payout_id, o.created, o.arrival_date, o.currency, o.amount, o.status, o.automatic, o.reconciliation_status,
      o.failure_code, count(b.id) as lines, coalesce(sum(b.net), 0)::bigint as lines_net
    from stripe_payouts o
    left join payout_lines l on l.payout_id = o.id left join balance_transactions b on b.id = l.balance_transaction_id
    where o.created >= ${start} and o.created < ${end}
    group by o.id order by o.created, o.id
  `;
}

export interface PayoutLine {
  readonly payout_id: string;
  readonly balance_transaction_id: string;
  readonly booked_at: Date;
  readonly type: string;
  readonly reporting_category: string;
  readonly currency: string;
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  readonly payment_id: string | null;
}

export function payoutLines({ start, end }: Within): RawBuilder<PayoutLine> {
  return sql<PayoutLine>`
    select o.id as payout_id, b.id as balance_transaction_id, b.created as booked_at, b.type, b.reporting_category, b.currency,
      b.amount, b.fee, b.net, m.payment_id
    from stripe_payouts o
    join payout_lines l on l.payout_id = o.id join balance_transactions b on b.id = l.balance_transaction_id
    left join payment_movements m on m.balance_transaction_id = b.id
    where o.created >= ${start} and o.created < ${end}
    order by o.created, o.id, b.created, b.id
  `;
}

export interface MoneyBack {
  readonly balance_transaction_id: string;
  readonly booked_at: Date;
  readonly stripe_object: string | null;
  readonly payment_id: string;
  readonly frequency: string;
  readonly currency: string;
  /** Minus where it came back to the newsroom. */
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  readonly status: string | null;
  readonly reason: string | null;
}

/** What was given back in the period, and what of that failed. */
export function refunds({ start, end }: Within): RawBuilder<MoneyBack> {
  return sql<MoneyBack>`
    select m.balance_transaction_id, m.booked_at, b.source_id as stripe_object, m.payment_id, m.frequency, m.currency,
      m.refunded as amount, m.fee, m.net, r.status, coalesce(r.failure_reason, r.reason) as reason
    from payment_movements m join balance_transactions b on b.id = m.balance_transaction_id
    left join stripe_refunds r on r.id = b.source_id
    where m.booked_at >= ${start} and m.booked_at < ${end} and m.gross = 0 and m.disputed = 0
    order by m.booked_at, m.balance_transaction_id
  `;
}

/** What disputes took in the period, and what was won back. */
export function disputes({ start, end }: Within): RawBuilder<MoneyBack> {
  return sql<MoneyBack>`
    select m.balance_transaction_id, m.booked_at, b.source_id as stripe_object, m.payment_id, m.frequency, m.currency,
      m.disputed as amount, m.fee, m.net, d.status, d.reason
    from payment_movements m join balance_transactions b on b.id = m.balance_transaction_id
    left join stripe_disputes d on d.id = b.source_id
    where m.booked_at >= ${start} and m.booked_at < ${end} and m.disputed <> 0
    order by m.booked_at, m.balance_transaction_id
  `;
}

export interface ComparisonRow {
  readonly run_id: string;
  readonly since: Date;
  readonly started_at: Date;
  readonly finished_at: Date;
  readonly stripe_at: Date;
  readonly looked_at: string;
  readonly balances: string;
  readonly found: number;
  readonly healed: number;
  readonly remaining: number | null;
}

export function comparison(run: string | null): RawBuilder<ComparisonRow> {
  return sql<ComparisonRow>`
    select id as run_id, since, started_at, finished_at, stripe_at, looked_at::text, balances::text, found, healed, remaining
    from reconciliation_runs where id = ${run}::uuid
  `;
}

export interface DifferenceRow {
  readonly difference_id: string;
  readonly kind: string;
  readonly object_id: string;
  readonly occurred_at: Date | null;
  readonly since: Date;
  readonly last_seen: Date;
  readonly resolved_at: Date | null;
  readonly ours: string | null;
  readonly stripes: string | null;
  readonly cause: string;
}

/** What was open when the month was closed, and what of the month had been open before. */
export function differencesOf({ start, end }: Within): RawBuilder<DifferenceRow> {
  return sql<DifferenceRow>`
    select id as difference_id, kind, object_id, occurred_at, first_seen as since, last_seen, resolved_at, ours::text, stripes::text, cause
    from reconciliation_differences
    where (resolved_at is null and (occurred_at is null or occurred_at < ${end}))
      or (occurred_at >= ${start} and occurred_at < ${end})
    order by id
  `;
}
