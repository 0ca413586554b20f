import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

export interface RefundTotals {
  readonly charge_id: string;
  /** Σ of the mirror's refunds that have not failed or been cancelled. */
  readonly mirrored: number;
  /** What the payment says was given back; null where the charge is no gift. */
  readonly booked: number | null;
  /** What the whole payment is, where the ledger says that the charge itself came back; else null. */
  readonly returned: number | null;
}

/** Of those of the charges that the mirror knows, in the donor's currency. */
export async function refundTotals(db: Kysely<DB>, charges: readonly string[]): Promise<readonly RefundTotals[]> {
  const { rows } = await sql<RefundTotals>`
    select c.id as charge_id,
      coalesce((
        select sum(r.amount) from stripe_refunds r where r.charge_id = c.id and r.status is distinct from 'failed' and r.status is distinct from 'canceled'
      ), 0)::bigint as mirrored,
      p.refunded as booked,
      case when exists (
        select from balance_transactions b where b.source_id = c.id and b.type not in ('charge', 'payment') and b.amount < 0
      ) then p.amount end as returned
    from stripe_charges c left join payments p on p.stripe_charge = c.id where c.id = any(${charges}::text[])
  `.execute(db);
  return rows;
}

/** Σ of the ledger's rows of each dispute, in the settlement currency. */
export async function disputeTotals(
  db: Kysely<DB>,
  disputes: readonly string[],
): Promise<ReadonlyMap<string, { readonly amount: number; readonly fee: number }>> {
  const { rows } = await sql<{ source_id: string; amount: number; fee: number }>`
    select source_id, sum(amount)::bigint as amount, sum(fee)::bigint as fee from balance_transactions
    where source_id = any(${disputes}::text[]) group by source_id
  `.execute(db);
  return new Map(rows.map((row) => [row.source_id, row]));
}
