import { fromStripeCurrency } from "../../shared/money.ts";
import type { Stripe } from "../../stripe/types.ts";
import { syncLedger } from "../sync.ts";
import { netByCurrency } from "./balance.queries.ts";
import type { Difference } from "./difference.ts";
import type { Look } from "./look.ts";

export interface BalanceLine {
  readonly currency: string;
  /** Σ net of the ledger. */
  readonly ours: number;
  /** Available and pending. */
  readonly stripes: number;
}

const LOOKS = 3;

/** The ledger's sum against Stripe's balance, per currency. Money may move between the two questions: what differs is asked again. */
export async function compareBalance(look: Look): Promise<readonly BalanceLine[]> {
  let lines: readonly BalanceLine[] = [];
  for (let looks = 1; looks <= LOOKS; looks++) {
    const { object } = await look.caller.call((api) => api.balance.retrieve());
    lines = linesOf(await netByCurrency(look.deps.db), stripesBalance(object));
    if (lines.every((line) => line.ours === line.stripes)) return lines;
    if (looks < LOOKS) await syncLedger(look.deps, { caller: look.caller });
  }
  await look.note(lines.flatMap(differenceOf));
  return lines;
}

function linesOf(ours: ReadonlyMap<string, number>, stripes: ReadonlyMap<string, number>): readonly BalanceLine[] {
  const currencies = [...new Set([...ours.keys(), ...stripes.keys()])].sort();
  return currencies.map((currency) => ({
    currency,
    ours: ours.get(currency) ?? 0,
    stripes: stripes.get(currency) ?? 0,
  }));
}

function stripesBalance({ available, pending }: Stripe.Balance): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { currency, amount } of [...available, ...pending]) {
    const code = fromStripeCurrency(currency);
    sums.set(code, (sums.get(code) ?? 0) + amount);
  }
  return sums;
}

function differenceOf({ currency, ours, stripes }: BalanceLine): readonly Difference[] {
  if (ours === stripes) return [];
  return [
    {
      kind: "balance",
      object_id: currency,
      occurred_at: null,
      ours: { amount: ours },
      stripes: { amount: stripes },
      cause: "The ledger lacks balance transactions or has others: see those that differ, or look further back.",
    },
  ];
}
