import type { MirrorKindName } from "./kind.ts";
import type { AnyRow } from "./kinds.ts";

export const DISPUTE_STATES = [
  "warning_needs_response",
  "warning_under_review",
  "warning_closed",
  "needs_response",
  "under_review",
  "won",
  "lost",
  "prevented",
  "appeal_needs_response",
  "appeal_under_review",
] as const;

/** The values that the code was written for. Stripe's enums grow: another one is kept as it is, and raises an alert. */
const KNOWN: Readonly<Partial<Record<MirrorKindName, Readonly<Record<string, readonly string[]>>>>> = {
  "checkout.session": {
    mode: ["payment", "subscription", "setup"],
    status: ["open", "complete", "expired"],
    payment_status: ["paid", "unpaid", "no_payment_required"],
  },
  subscription: {
    status: ["incomplete", "incomplete_expired", "trialing", "active", "past_due", "canceled", "unpaid", "paused"],
    interval: ["day", "week", "month", "year"],
    pause_behavior: ["keep_as_draft", "mark_uncollectible", "void"],
    cancellation_reason: [
      "canceled_by_retention_policy",
      "cancellation_requested",
      "payment_disputed",
      "payment_failed",
    ],
  },
  invoice: { status: ["draft", "open", "paid", "uncollectible", "void"] },
  payment_intent: {
    status: [
      "requires_payment_method",
      "requires_confirmation",
      "requires_action",
      "processing",
      "requires_capture",
      "canceled",
      "succeeded",
    ],
  },
  charge: { status: ["succeeded", "pending", "failed"] },
  invoice_payment: { status: ["open", "paid", "canceled"] },
  refund: { status: ["pending", "requires_action", "succeeded", "failed", "canceled"] },
  dispute: { status: DISPUTE_STATES },
  payout: {
    status: ["pending", "in_transit", "paid", "failed", "canceled"],
    reconciliation_status: ["not_applicable", "in_progress", "completed"],
  },
};

export interface UnknownState {
  readonly object_id: string;
  readonly detail: string;
}

/** Values of enumerations that the code doesn't know, in words for whoever keeps it. */
export function unknownStates(kind: MirrorKindName, rows: readonly AnyRow[]): readonly UnknownState[] {
  const columns = Object.entries(KNOWN[kind] ?? {});
  return rows.flatMap((row) =>
    columns.flatMap(([column, known]) => {
      const value = row[column];
      if (value === null || value === undefined || known.includes(String(value))) return [];
      return [{ object_id: row.id, detail: `${kind}.${column} is ${String(value).slice(0, 100)}, which is not known` }];
    }),
  );
}
