import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

/** A refund that has succeeded can still fail: the money then comes back. */
const LIFECYCLE: readonly (string | null)[] = ["pending", "requires_action", "succeeded", "canceled", "failed"];

export const refund: MirrorKind<"stripe_refunds", Stripe.Refund> = {
  name: "refund",
  table: "stripe_refunds",
  links: ["charge_id", "payment_intent_id", "balance_transaction_id", "failure_balance_transaction_id"],
  sealed: [],
  toRow: (object, asOf) => ({
    id: object.id,
    as_of: asOf,
    rank: Math.max(0, LIFECYCLE.indexOf(object.status)),
    deleted: false,
    created: instant(object.created),
    status: object.status,
    amount: object.amount,
    currency: fromStripeCurrency(object.currency),
    reason: object.reason,
    failure_reason: object.failure_reason ?? null,
    charge_id: idOf(object.charge),
    payment_intent_id: idOf(object.payment_intent),
    balance_transaction_id: idOf(object.balance_transaction),
    failure_balance_transaction_id: idOf(object.failure_balance_transaction),
  }),
  retrieve: (api, id) => api.refunds.retrieve(id),
};
