import type { Deps } from "../deps.ts";
import { completePayout, insertPayoutLines, payoutsWithoutLines } from "./payout-lines.queries.ts";

const PAGE = 100;
const PAYOUTS_AT_ONCE = 10;

/**
 * Stores which balance transactions each reconciled payout carries, its own row left out. A pull that is cut off is made anew; repeating it
 * changes nothing. @returns how many payouts were completed
 */
export async function pullPayoutLines(deps: Pick<Deps, "db" | "stripe">): Promise<number> {
  const payouts = await payoutsWithoutLines(deps.db, PAYOUTS_AT_ONCE);
  for (const payout of payouts) await pullLinesOf(deps, payout);
  return payouts.length;
}

async function pullLinesOf(deps: Pick<Deps, "db" | "stripe">, payout: string): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = await deps.stripe.api.balanceTransactions.list({
      payout,
      limit: PAGE,
      ...(after === undefined ? {} : { starting_after: after }),
    });
    const lines = page.data.filter((row) => row.source !== payout).map((row) => row.id);
    await insertPayoutLines(deps.db, payout, lines);
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) break;
  }
  await completePayout(deps.db, payout);
}
