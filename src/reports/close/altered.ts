import type { Deps } from "../../deps.ts";
import { settledDifferences } from "../../donations/rebuild.ts";
import type { Period } from "../../shared/period.ts";
import { donationsOfPeriod } from "./obstacles.queries.ts";
import type { Obstacle } from "./obstacles.ts";

/** Donations that are derived again at once. */
const BATCH = 500;

/**
 * Whether what was booked in a period is what mirror and ledger say, by deriving every donation of it again: a comparison with Stripe may be
 * older than whatever has altered a row. Gifts that are being derived right now don't count.
 */
export async function alteredSince(
  deps: Pick<Deps, "db" | "vault">,
  month: string,
  period: Period,
): Promise<readonly Obstacle[]> {
  const altered = new Set<string>();
  let after: string | null = null;
  for (;;) {
    const ids: readonly string[] = await donationsOfPeriod(deps.db, period, after, BATCH);
    const last = ids.at(-1);
    if (last === undefined) break;
    for (const { donation_id } of await settledDifferences(deps, ids)) altered.add(donation_id);
    after = last;
  }
  if (altered.size === 0) return [];
  const what = altered.size === 1 ? "1 donation differs" : `${altered.size} donations differ`;
  const message = `Of what was booked in ${month}, ${what} from what Stripe's objects say: rows of the books were altered. \`npm run donations -- rebuild --check\` names them, \`rebuild\` mends them.`;
  return [{ code: "books_altered", message, signable: true }];
}
