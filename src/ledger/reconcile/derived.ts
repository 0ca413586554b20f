import type { BookDifference } from "../../donations/compare.ts";
import { compareSettled } from "../../donations/rebuild.ts";
import { describeError } from "../../shared/describe-error.ts";
import type { Difference } from "./difference.ts";
import type { Look } from "./look.ts";

const LOOKED_AT = "donations";
/** Rows of one donation that a report names. */
const NAMED = 20;

/**
 * Whether donations, payments and movements are what mirror and ledger say: of all donations, since a row that was altered or removed here may
 * be of any age. Costs no call to Stripe.
 */
export async function checkDerived(look: Look): Promise<void> {
  for await (const { donations, differences, failed } of compareSettled(look.deps)) {
    look.caller.goOn();
    const byDonation = Map.groupBy(differences, (one) => one.donation_id);
    await look.note([
      ...[...byDonation].map(([id, rows]) => derivedDifference(id, rows)),
      ...failed.map(({ donation_id, error }) => underivable(donation_id, error)),
    ]);
    look.lookedAt.set(LOOKED_AT, (look.lookedAt.get(LOOKED_AT) ?? 0) + donations);
  }
}

/** Says which columns differ; what they hold may be a reading history. */
function derivedDifference(donation: string, rows: readonly BookDifference[]): Difference {
  const named = rows.slice(0, NAMED).map(({ table, id, change, columns }) => ({ table, id, change, columns }));
  return {
    kind: "derived_row",
    object_id: donation,
    occurred_at: null,
    ours: { count: rows.length, rows: named },
    stripes: null,
    cause: "What Stripe said gives other rows than those that are kept: they were altered or removed here.",
  };
}

function underivable(donation: string, error: unknown): Difference {
  const { type, code, message } = describeError(error);
  const reason = [type, code, message].filter(Boolean).join(": ").slice(0, 200);
  return {
    kind: "derived_row",
    object_id: donation,
    occurred_at: null,
    ours: { count: 0, rows: [] },
    stripes: null,
    cause: `It can't be derived from what Stripe said (${reason}).`,
  };
}
