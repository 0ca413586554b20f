import { z } from "zod";
import { isCurrency } from "./currencies.ts";
import { DISPUTE_REASONS } from "./dispute-build.ts";
import { DISPUTE_STATUSES } from "./disputes.ts";
import { FRAUD_TYPES } from "./early-fraud-warnings.ts";
import { PAYOUT_FAILURES, type PayoutFailure } from "./payouts.ts";
import { REFUND_FAILURES } from "./refunds.ts";

export const disputeBody = z.strictObject({
  charge: z.string(),
  kind: z.enum(["dispute", "inquiry"]).default("dispute"),
  reason: z.enum(DISPUTE_REASONS).default("fraudulent"),
  amount: z.int().min(1).optional(),
});
export const disputeMove = z.strictObject({ to: z.enum(DISPUTE_STATUSES) });
export const refundMove = z.strictObject({
  to: z.enum(["succeeded", "failed", "canceled"]),
  failure_reason: z.enum(REFUND_FAILURES).optional(),
});
export const payoutsBody = z.strictObject({
  schedule: z.enum(["manual", "daily"]).optional(),
  /** How many of the next automatic payouts come back instead of arriving. */
  failing: z.int().min(0).max(1000).optional(),
});
export const payoutMove = z.strictObject({
  to: z.enum(["in_transit", "paid", "failed", "reconciled"]),
  failure_code: z.enum(Object.keys(PAYOUT_FAILURES) as [PayoutFailure, ...PayoutFailure[]]).default("account_closed"),
});
export const bankBody = z.strictObject({ renewals: z.enum(["ok", "fail", "authenticate"]) });
const last4 = z.string().regex(/^\d{4}$/);
export const newCardBody = z.strictObject({
  last4: last4.default("4242"),
  brand: z.enum(["visa", "mastercard", "amex"]).default("visa"),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .default("US"),
  detach_old: z.boolean().default(false),
});
export const cardBody = z.strictObject({
  exp_month: z.int().min(1).max(12).optional(),
  exp_year: z.int().min(2000).max(2200).optional(),
  last4: last4.optional(),
});
export const mandateBody = z.strictObject({ status: z.enum(["active", "inactive", "pending"]) });
export const warningBody = z.strictObject({
  charge: z.string(),
  fraud_type: z.enum(FRAUD_TYPES).default("unauthorized_use_of_card"),
});
export const movementBody = z.strictObject({
  type: z.enum(["stripe_fee", "adjustment", "topup", "contribution", "reserve_hold", "reserve_release"]),
  amount: z.int(),
  currency: z.string().refine(isCurrency),
  description: z.string().optional(),
});
export const bulkBody = z
  .strictObject({
    count: z.int().min(1).max(1_000_000),
    seed: z.int().default(1),
    currency: z.string().refine(isCurrency).default("usd"),
    min: z.int().min(1).default(100),
    max: z.int().max(99_999_999).default(20_000),
    metadata: z.record(z.string(), z.string()).default({}),
    donation_ids: z.boolean().default(false),
    customers: z.boolean().default(false),
    events: z.boolean().default(false),
  })
  .refine((it) => it.min <= it.max, "min is at most max.");
export const chargeBody = z.strictObject({ to: z.literal("failed") });
export const intentBody = z.strictObject({ outcome: z.enum(["authenticate", "decline"]) });
export const subscriptionBody = z.strictObject({ status: z.literal("paused") });
export const dunningBody = z.strictObject({
  retries: z.array(z.number().positive()).max(8).optional(),
  subscription: z.enum(["cancel", "unpaid", "past_due"]).optional(),
  invoice: z.enum(["open", "uncollectible"]).optional(),
});
export const versionBody = z.strictObject({
  version: z
    .string()
    .regex(/^20\d\d-\d\d-\d\d(\.[a-z]+)?$/)
    .nullable(),
});
