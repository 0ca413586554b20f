import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

/** Lost can reopen and won can be appealed, so no state is further along than another. Its money is in the ledger. */
export const dispute: MirrorKind<"stripe_disputes", Stripe.Dispute> = {
  name: "dispute",
  table: "stripe_disputes",
  links: ["charge_id", "payment_intent_id"],
  sealed: [],
  toRow: (object, asOf) => ({
    id: object.id,
    as_of: asOf,
    rank: 0,
    deleted: false,
    created: instant(object.created),
    status: object.status,
    amount: object.amount,
    currency: fromStripeCurrency(object.currency),
    reason: object.reason,
    due_by: instant(object.evidence_details.due_by),
    has_evidence: object.evidence_details.has_evidence,
    submission_count: object.evidence_details.submission_count,
    balance_transaction_ids: object.balance_transactions.map((row) => row.id).sort(),
    charge_id: idOf(object.charge),
    payment_intent_id: idOf(object.payment_intent),
  }),
  retrieve: (api, id) => api.disputes.retrieve(id),
};
