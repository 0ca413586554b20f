import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

/** `paid` means expected at the bank; it can still fail. */
const LIFECYCLE: readonly string[] = ["pending", "in_transit", "paid", "canceled", "failed"];
const RECONCILIATION: readonly string[] = ["not_applicable", "in_progress", "completed"];

export const payout: MirrorKind<"stripe_payouts", Stripe.Payout> = {
  name: "payout",
  table: "stripe_payouts",
  links: ["balance_transaction_id", "failure_balance_transaction_id", "original_payout_id", "reversed_by_id"],
  sealed: [],
  toRow: (object, asOf) => ({
    id: object.id,
    as_of: asOf,
    rank: rank(object),
    deleted: false,
    created: instant(object.created),
    arrival_date: instant(object.arrival_date),
    amount: object.amount,
    currency: fromStripeCurrency(object.currency),
    status: object.status,
    automatic: object.automatic,
    reconciliation_status: object.reconciliation_status,
    failure_code: object.failure_code,
    balance_transaction_id: idOf(object.balance_transaction),
    failure_balance_transaction_id: idOf(object.failure_balance_transaction),
    original_payout_id: idOf(object.original_payout),
    reversed_by_id: idOf(object.reversed_by),
  }),
  retrieve: (api, id) => api.payouts.retrieve(id),
};

/** Both of its states only go forward; of two versions of one second the later in either is the later one. */
function rank(object: Stripe.Payout): number {
  const status = Math.max(0, LIFECYCLE.indexOf(object.status));
  return status * RECONCILIATION.length + Math.max(0, RECONCILIATION.indexOf(object.reconciliation_status));
}
