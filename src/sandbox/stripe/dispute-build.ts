import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { DAY } from "./periods.ts";
import type { World } from "./world.ts";

/** https://docs.stripe.com/disputes/categories */
export const DISPUTE_REASONS = [
  "bank_cannot_process",
  "check_returned",
  "credit_not_processed",
  "customer_initiated",
  "debit_not_authorized",
  "duplicate",
  "fraudulent",
  "general",
  "incorrect_account_details",
  "insufficient_funds",
  "noncompliant",
  "product_not_received",
  "product_unacceptable",
  "subscription_canceled",
  "unrecognized",
] as const;

const NETWORK_CODES: Record<string, string> = {
  duplicate: "12.6.1",
  fraudulent: "10.4",
  product_not_received: "13.1",
  product_unacceptable: "13.3",
  subscription_canceled: "13.2",
};

/** How long the account has to answer; the day ends at 23:59:59. */
const ANSWER_WITHIN = 9 * DAY;

export interface NewDispute {
  /** An inquiry moves no money yet. */
  readonly kind: "dispute" | "inquiry";
  readonly reason: string;
  readonly amount: number;
}

/** A new dispute, for which no money has moved yet. */
export function buildDispute(world: World, charge: Stripe.Charge, input: NewDispute): Stripe.Dispute {
  return {
    id: newId.dispute(),
    object: "dispute",
    amount: input.amount,
    balance_transactions: [],
    charge: charge.id,
    created: world.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(charge),
    evidence_details: {
      due_by: dueBy(world),
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: "not_submitted",
    },
    intended_submission_method: null,
    is_charge_refundable: input.kind === "inquiry",
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    ...methodDetails(charge, input),
    reason: input.reason,
    status: input.kind === "inquiry" ? "warning_needs_response" : "needs_response",
  };
}

/** The end of the day by which an answer is due. */
export function dueBy(world: World): number {
  return Math.floor((world.now() + ANSWER_WITHIN) / DAY) * DAY + DAY - 1;
}

function methodDetails(charge: Stripe.Charge, input: NewDispute): Partial<Stripe.Dispute> {
  const card = charge.payment_method_details?.card;
  if (card === undefined) return {};
  const brand = card.brand ?? "visa";
  return {
    payment_method_details: {
      card: {
        brand,
        case_type: input.kind === "inquiry" ? "inquiry" : "chargeback",
        network: card.network ?? brand,
        network_reason_code: NETWORK_CODES[input.reason] ?? "10.4",
      },
      type: "card",
    },
  };
}

function noEvidence(charge: Stripe.Charge): Stripe.Dispute.Evidence {
  return {
    access_activity_log: null,
    billing_address: null,
    cancellation_policy: null,
    cancellation_policy_disclosure: null,
    cancellation_rebuttal: null,
    customer_communication: null,
    customer_email_address: charge.billing_details.email,
    customer_name: charge.billing_details.name,
    customer_purchase_ip: null,
    customer_signature: null,
    duplicate_charge_documentation: null,
    duplicate_charge_explanation: null,
    duplicate_charge_id: null,
    enhanced_evidence: {},
    product_description: null,
    receipt: null,
    refund_policy: null,
    refund_policy_disclosure: null,
    refund_refusal_explanation: null,
    service_date: null,
    service_documentation: null,
    shipping_address: null,
    shipping_carrier: null,
    shipping_date: null,
    shipping_documentation: null,
    shipping_tracking_number: null,
    uncategorized_file: null,
    uncategorized_text: null,
  };
}
