import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import { SAMPLE_CURSOR } from "../shared/sample-id.ts";

export interface BalanceSums {
  readonly currency: string;
  /** Σ net of the ledger before the period, and before its end. */
  readonly opening: number;
  readonly closing: number;
}

/** The whole ledger up to the end of the period, by currency: the opening balance is all that was ever booked before. */
export async function balanceSums(db: Kysely<DB>, { start, end }: Period): Promise<readonly BalanceSums[]> {
  const { rows } = await sql<BalanceSums>`
    select currency, coalesce(sum(net) filter (where created < ${start}), 0)::bigint as opening, sum(net)::bigint as closing
    from balance_transactions where created < ${end}
    group by currency order by currency
  `.execute(db);
  return rows;
}

/** Minor units of `currency`; signs as the balance sees them. */
export interface Activity {
  readonly currency: string;
  /** https://docs.stripe.com/reports/reporting-categories */
  readonly reporting_category: string;
  readonly kind: "gifts" | "not_gifts" | "stripe_fees" | "payouts";
  readonly count: number;
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
}

/** What the period moved, by reporting category; what isn't a gift stands in lines of its own. */
export async function balanceActivity(db: Kysely<DB>, { start, end }: Period): Promise<readonly Activity[]> {
  const { rows } = await sql<Activity>`
    select b.currency, b.reporting_category,
      case
        when m.payment_id is not null then 'gifts'
        when b.type in ('payout', 'payout_cancel', 'payout_failure') then 'payouts'
        when b.reporting_category = 'fee' then 'stripe_fees'
        else 'not_gifts'
      end as kind,
      count(*) as count, sum(b.amount)::bigint as amount, sum(b.fee)::bigint as fee, sum(b.net)::bigint as net
    from balance_transactions b
    left join payment_movements m on m.balance_transaction_id = b.id
    where b.created >= ${start} and b.created < ${end}
    group by 1, 2, 3
    order by 1, 3, 2
  `.execute(db);
  return rows;
}

/** Whether there are gifts in these books that Stripe has never seen; no comparison looks at them. */
export async function holdsSampleData(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql`select from cursors where name like ${`${SAMPLE_CURSOR}%`} limit 1`.execute(db);
  return rows.length > 0;
}

export interface Compared {
  /** By Stripe's clock. */
  readonly compared_at: Date;
  readonly balances: readonly { readonly currency: string; readonly ours: number; readonly stripes: number }[];
}

/** Stripe's own balance, as the latest comparison that got that far found it. */
export async function latestComparison(db: Kysely<DB>): Promise<Compared | null> {
  const { rows } = await sql<Compared>`
    select coalesce(stripe_at, started_at) as compared_at, balances from reconciliation_runs
    where finished_at is not null and balances <> '[]' order by started_at desc limit 1
  `.execute(db);
  return rows[0] ?? null;
}
