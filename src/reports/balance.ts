import type { Kysely, Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import {
  type Activity,
  type BalanceSums,
  balanceActivity,
  balanceSums,
  type Compared,
  latestComparison,
} from "./balance.queries.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Sink } from "./exports.ts";
import { reading } from "./reading.queries.ts";

/** Of one currency, in its minor units: opening + Σ net of the activity − payouts = closing. */
export interface BalanceRow {
  readonly currency: string;
  readonly opening: number;
  readonly activity: readonly Omit<Activity, "currency">[];
  /** To the bank, less what came back from it. */
  readonly payouts: number;
  readonly closing: number;
  /** What Stripe said at the latest comparison, and what the books said then; null when this currency wasn't among what was compared. */
  readonly stripe: { readonly amount: number; readonly ours: number; readonly compared_at: Date } | null;
}

export async function balanceReport(db: Kysely<DB>, period: Period): Promise<readonly BalanceRow[]> {
  return await reading(db, (trx) => rowsOf(trx, period));
}

async function rowsOf(trx: Transaction<DB>, period: Period): Promise<readonly BalanceRow[]> {
  const sums = await balanceSums(trx, period);
  const activity = await balanceActivity(trx, period);
  const compared = await latestComparison(trx);
  return sums.map((sum) => rowOf(sum, activity, compared));
}

function rowOf(
  { currency, opening, closing }: BalanceSums,
  all: readonly Activity[],
  compared: Compared | null,
): BalanceRow {
  const own = all.filter((line) => line.currency === currency);
  const found = compared?.balances.find((line) => line.currency === currency);
  return {
    currency,
    opening,
    activity: own.filter((line) => line.kind !== "payouts").map(({ currency: _, ...line }) => line),
    payouts: own.filter((line) => line.kind === "payouts").reduce((sum, line) => sum - line.net, 0),
    closing,
    stripe:
      compared === null || found === undefined
        ? null
        : { amount: found.stripes, ours: found.ours, compared_at: compared.compared_at },
  };
}

interface Line {
  readonly currency: string;
  readonly line: "opening" | Activity["kind"] | "closing" | "stripe";
  readonly reporting_category: string | null;
  readonly count: number | null;
  readonly amount: number | null;
  readonly fee: number | null;
  /** What the line adds to the balance; of opening, closing and stripe the balance itself. */
  readonly net: number;
  /** Of Stripe's own balance. */
  readonly compared_at: Date | null;
}

const columns = columnsOf<Line>(
  ["currency", "line", "reporting_category", "count", "amount", "fee", "net", "compared_at"],
  { amount: "currency", fee: "currency", net: "currency" },
);

/** A line each for what the report says of a currency, from its opening down to its closing balance. */
export async function balanceCsv(db: Kysely<DB>, sink: Sink, period: Period): Promise<void> {
  await sink(await reading(db, (trx) => balanceText(trx, period)));
}

/** The same file as of the moment that a transaction sees. */
export async function balanceText(trx: Transaction<DB>, period: Period): Promise<string> {
  return csvHeader(columns) + csvRows(columns, (await rowsOf(trx, period)).flatMap(linesOf));
}

function linesOf({ currency, opening, activity, payouts, closing, stripe }: BalanceRow): readonly Line[] {
  const bare = { currency, reporting_category: null, count: null, amount: null, fee: null, compared_at: null };
  return [
    { ...bare, line: "opening", net: opening },
    ...activity.map(({ kind, ...line }): Line => ({ ...bare, line: kind, ...line })),
    { ...bare, line: "payouts", net: 0 - payouts },
    { ...bare, line: "closing", net: closing },
    ...(stripe === null
      ? []
      : [{ ...bare, line: "stripe", net: stripe.amount, compared_at: stripe.compared_at } satisfies Line]),
  ];
}
