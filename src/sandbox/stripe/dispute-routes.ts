import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { asOfNow } from "./balance-transactions.ts";
import { canMove, moveDispute } from "./disputes.ts";
import { refusal } from "./errors.ts";
import { list, pageParams } from "./list.ts";
import {
  boolean,
  clearable,
  mergeMetadata,
  metadata,
  parseParams,
  text,
  timeRange,
  withoutUndefined,
} from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, previously, type World } from "./world.ts";

const EVIDENCE = [
  "access_activity_log",
  "billing_address",
  "cancellation_policy",
  "cancellation_policy_disclosure",
  "cancellation_rebuttal",
  "customer_communication",
  "customer_email_address",
  "customer_name",
  "customer_purchase_ip",
  "customer_signature",
  "duplicate_charge_documentation",
  "duplicate_charge_explanation",
  "duplicate_charge_id",
  "product_description",
  "receipt",
  "refund_policy",
  "refund_policy_disclosure",
  "refund_refusal_explanation",
  "service_date",
  "service_documentation",
  "shipping_address",
  "shipping_carrier",
  "shipping_date",
  "shipping_documentation",
  "shipping_tracking_number",
  "uncategorized_file",
  "uncategorized_text",
] as const;

const piece = clearable(20_000).optional();
const evidence = z.strictObject(
  Object.fromEntries(EVIDENCE.map((name) => [name, piece])) as Record<(typeof EVIDENCE)[number], typeof piece>,
);
const updateParams = z.strictObject({
  evidence: evidence.optional(),
  metadata: metadata().optional(),
  submit: boolean().optional(),
});
const UNSIMULATED = ["intended_submission_method", "evidence[appeal]", "evidence[enhanced_evidence]"];
const listParams = z.strictObject({
  ...pageParams,
  charge: text().optional(),
  created: timeRange().optional(),
  payment_intent: text().optional(),
});
const nothing = z.strictObject({});

export const disputeRoutes: Routes = {
  "GET /v1/disputes": (world, { form }) => {
    const { charge, created, payment_intent: intent, ...page } = parseParams(listParams, form);
    const found = list(world, "dispute", "/v1/disputes", page, {
      link: charge ?? intent,
      created,
      where: (it) =>
        (charge === undefined || it.charge === charge) && (intent === undefined || it.payment_intent === intent),
    });
    return { ...found, data: found.data.map((it) => withMoneyOfNow(world, it)) };
  },
  "GET /v1/disputes/:id": (world, { id }) => withMoneyOfNow(world, found(world, "dispute", id)),
  "POST /v1/disputes/:id": (world, { id, form }) => {
    const params = parseParams(updateParams, form, UNSIMULATED);
    return withMoneyOfNow(world, update(world, found(world, "dispute", id), params));
  },
  "POST /v1/disputes/:id/close": (world, { id, form }) => {
    const before = found(world, "dispute", id);
    parseParams(nothing, form);
    if (before.status !== "needs_response") {
      throw refusal(null, `This dispute cannot be closed: its status is ${before.status}.`);
    }
    return withMoneyOfNow(world, moveDispute(world, before, "lost"));
  },
};

/** Keeps evidence, or sends it to the bank (`submit`, the default). Stripe's test evidence decides the case at once. */
function update(world: World, before: Stripe.Dispute, params: z.output<typeof updateParams>): Stripe.Dispute {
  const sent = withoutUndefined(params.evidence ?? {});
  const isAnswer = params.evidence !== undefined && params.submit !== false;
  const reviewed = REVIEW_AFTER[before.status];
  if (params.evidence !== undefined && reviewed === undefined) {
    throw refusal(null, `Evidence cannot be given for this dispute: its status is ${before.status}.`, "evidence");
  }
  const details = before.evidence_details;
  const changes: Partial<Stripe.Dispute> = {
    evidence: params.evidence === undefined ? before.evidence : { ...before.evidence, ...sent },
    evidence_details:
      params.evidence === undefined
        ? details
        : {
            ...details,
            has_evidence: true,
            submission_count: details.submission_count + (isAnswer ? 1 : 0),
            submission_method: isAnswer ? "manual" : details.submission_method,
          },
    metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata, params.metadata),
  };
  if (!isAnswer || reviewed === undefined) {
    const after = change(world, "dispute", before, changes);
    world.emit("charge.dispute.updated", after, previously(before, after, "evidence", "evidence_details", "metadata"));
    return after;
  }
  const submitted = moveDispute(world, before, reviewed, changes);
  return decideByTestEvidence(world, submitted, sent.uncategorized_text);
}

const REVIEW_AFTER: Readonly<
  Record<string, "under_review" | "warning_under_review" | "appeal_under_review" | undefined>
> = {
  needs_response: "under_review",
  under_review: "under_review",
  warning_needs_response: "warning_under_review",
  warning_under_review: "warning_under_review",
  appeal_needs_response: "appeal_under_review",
};

/** https://docs.stripe.com/testing#evidence */
function decideByTestEvidence(world: World, dispute: Stripe.Dispute, given: unknown): Stripe.Dispute {
  const isInquiry = dispute.status.startsWith("warning_");
  const to =
    given === "winning_evidence"
      ? isInquiry
        ? "warning_closed"
        : "won"
      : given === "losing_evidence" && !isInquiry
        ? "lost"
        : given === "escalate_inquiry_evidence" && isInquiry
          ? "needs_response"
          : undefined;
  return to === undefined || !canMove(dispute, to) ? dispute : moveDispute(world, dispute, to);
}

function withMoneyOfNow(world: World, dispute: Stripe.Dispute): Stripe.Dispute {
  return { ...dispute, balance_transactions: dispute.balance_transactions.map((it) => asOfNow(world, it)) };
}
