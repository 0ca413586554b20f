import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { BalanceTransactionRow } from "./balance-transaction.ts";

/** @returns those that were not there before; Stripe never changes one, so the others are as they were */
export async function insertBalanceTransactions(
  trx: Transaction<DB>,
  rows: readonly BalanceTransactionRow[],
): Promise<readonly Pick<BalanceTransactionRow, "source_id">[]> {
  if (rows.length === 0) return [];
  return await trx
    .insertInto("balance_transactions")
    .values(rows)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("source_id")
    .execute();
}

export async function knownTransactions(db: Kysely<DB>, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from balance_transactions where id = any(${ids}::text[])
  `.execute(db);
  return new Set(rows.map((row) => row.id));
}

export async function readTransactions(
  db: Kysely<DB>,
  ids: readonly string[],
): Promise<readonly Selectable<DB["balance_transactions"]>[]> {
  if (ids.length === 0) return [];
  return await db.selectFrom("balance_transactions").selectAll().where("id", "in", ids).execute();
}

export interface LedgerDue {
  /** No process has finished a pull within the last five minutes. */
  readonly overdue: boolean;
  /** Changes when other money waits for its balance transaction than did before; null when none waits. */
  readonly waiting: string | null;
}

/**
 * Reads the partial index of unsettled payments, what the mirror's refunds, disputes and payouts speak of, and one row. A payment without a charge (marked as paid by hand) never settles
 * and doesn't wait. From a thousand on it isn't looked at closely which ones wait.
 */
export async function ledgerDue(db: Kysely<DB>, name: string): Promise<LedgerDue> {
  const { rows } = await sql<LedgerDue>`
    select
      not exists (select from cursors where name = ${name} and moved_at > clock_timestamp() - interval '5 minutes') as overdue,
      (
        select concat_ws(' ', count(*), max(paid_at), max(id))
        from (
          (
            select id::text, paid_at from payments
            where status = 'paid' and settled_gross is null and stripe_charge is not null
            limit 1000
          )
          union all (select id, null from missing_balance_transactions limit 1000)
          union all (
            select id, null from stripe_payouts p where automatic and reconciliation_status = 'completed'
              and not exists (select from payouts_pulled d where d.payout_id = p.id) limit 1000
          )
        ) as unsettled
        having count(*) > 0
      ) as waiting
  `.execute(db);
  return rows[0] as LedgerDue;
}
