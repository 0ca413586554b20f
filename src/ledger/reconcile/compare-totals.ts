import type { Stripe } from "../../stripe/types.ts";
import type { Difference } from "./difference.ts";
import type { Look } from "./look.ts";
import { disputeTotals, refundTotals } from "./totals.queries.ts";

/**
 * What was given back of each charge: Stripe's own sum, the refunds that the mirror knows, and what the payment says. A bank debit that was
 * returned after it had settled is given back whole and has no refund: Stripe's sum stays at zero, the ledger alone says it.
 */
export async function compareRefundTotals(
  look: Pick<Look, "deps">,
  charges: readonly Stripe.Charge[],
): Promise<readonly Difference[]> {
  const stripes = new Map(charges.map((charge) => [charge.id, charge]));
  const ours = await refundTotals(look.deps.db, [...stripes.keys()]);
  return ours.flatMap(({ charge_id, mirrored, booked, returned }): Difference[] => {
    const charge = stripes.get(charge_id);
    if (charge === undefined) return [];
    const wanted = charge.amount_refunded;
    if (mirrored === wanted && (booked === null || booked === (returned ?? wanted))) return [];
    return [
      {
        kind: "refund_total",
        object_id: charge_id,
        occurred_at: new Date(charge.created * 1000),
        ours: { amount_of_refunds: mirrored, amount_in_payment: booked },
        stripes: { amount_refunded: wanted, ...(returned === null ? {} : { amount_returned: returned }) },
        cause:
          mirrored === wanted
            ? "The refunds are known and the payment was not derived since, or was altered here."
            : "A refund is missing or in another state: see the differences of refunds.",
      },
    ];
  });
}

/** What a dispute has moved: Stripe's list of its balance transactions, and the ledger's. */
export async function compareDisputeTotals(
  look: Pick<Look, "deps">,
  disputes: readonly Stripe.Dispute[],
): Promise<readonly Difference[]> {
  const ours = await disputeTotals(
    look.deps.db,
    disputes.map((dispute) => dispute.id),
  );
  return disputes.flatMap((dispute): Difference[] => {
    const { amount, fee } = ours.get(dispute.id) ?? { amount: 0, fee: 0 };
    const stripes = { amount: sum(dispute, "amount"), fee: sum(dispute, "fee") };
    if (stripes.amount === amount && stripes.fee === fee) return [];
    return [
      {
        kind: "dispute_total",
        object_id: dispute.id,
        occurred_at: new Date(dispute.created * 1000),
        ours: { amount, fee },
        stripes,
        cause: "The ledger lacks a movement of this dispute: see the differences of balance transactions.",
      },
    ];
  });
}

function sum(dispute: Stripe.Dispute, column: "amount" | "fee"): number {
  return dispute.balance_transactions.reduce((total, row) => total + row[column], 0);
}
