import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { availableWith, bookMovement } from "./balance-transactions.ts";
import { warningsHandled } from "./early-fraud-warnings.ts";
import { newId } from "./ids.ts";
import { DAY, HOUR } from "./periods.ts";
import { change, idOf, previously, type World } from "./world.ts";

/** How a refund goes on. */
const PLANS = ["ok", "fail", "pending", "pending_fail", "requires_action"] as const;
type Plan = (typeof PLANS)[number];

const plan = z.enum(PLANS);

/** Ways in which a refund fails at the customer's bank. https://docs.stripe.com/refunds#failed-refunds */
export const REFUND_FAILURES = [
  "lost_or_stolen_card",
  "expired_or_canceled_card",
  "charge_for_pending_refund_disputed",
  "insufficient_funds",
  "declined",
  "merchant_request",
  "unknown",
] as const;

const FAILS_AFTER = 5 * DAY;
const SETTLES_AFTER = 4 * DAY;
const TRACED_AFTER = 2 * HOUR;

interface NewRefund {
  readonly amount: number;
  readonly reason: string | null;
  readonly metadata: Record<string, string>;
}

/**
 * Gives back a part of a charge, or all that is left of it. Cards: succeeds at once. Others: pending for some days.
 * `metadata.sandbox`, or one of Stripe's test cards for it, asks for another course: see PLANS.
 */
export function createRefund(world: World, charge: Stripe.Charge, input: NewRefund): Stripe.Refund {
  const isCard = charge.payment_method_details?.type === "card";
  const course = planOf(charge, input.metadata, isCard);
  const id = isCard ? newId.refund() : newId.paymentRefund();
  const booked = bookMovement(world, {
    amount: -input.amount,
    currency: charge.currency,
    type: isCard ? "refund" : "payment_refund",
    category: "refund",
    source: id,
    description: `REFUND FOR ${isCard ? "CHARGE" : "PAYMENT"}${charge.description === null ? "" : ` (${charge.description})`}`,
    availableOn: availableWith(world, charge),
  });
  const isPending = course === "pending" || course === "pending_fail";
  const refund = world.store.put("refund", {
    id,
    object: "refund",
    amount: input.amount,
    balance_transaction: booked.id,
    charge: charge.id,
    created: world.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: isCard
      ? {
          card: { reference_status: "pending", reference_type: "acquirer_reference_number", type: "refund" },
          type: "card",
        }
      : { type: charge.payment_method_details?.type ?? "unknown" },
    metadata: input.metadata,
    ...(course === "requires_action" ? { next_action: { type: "display_details" } } : {}),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    ...(isPending ? { pending_reason: "processing" as const } : {}),
    reason: input.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: course === "requires_action" ? "requires_action" : isPending ? "pending" : "succeeded",
    transfer_reversal: null,
  });
  world.emit("refund.created", refund);
  countRefund(world, charge, input.amount);
  const now = world.now();
  if (course === "fail" || course === "pending_fail") world.schedule(now + FAILS_AFTER, "fail_refund", id);
  if (course === "pending") world.schedule(now + SETTLES_AFTER, "settle_refund", id);
  if (isCard && course === "ok") world.schedule(now + TRACED_AFTER, "trace_refund", id);
  return refund;
}

function planOf(charge: Stripe.Charge, metadata: Record<string, string>, isCard: boolean): Plan {
  const asked = plan.safeParse(metadata.sandbox).data ?? testCardPlan(charge.payment_method_details?.card?.last4);
  if (isCard) return asked;
  if (asked === "ok") return "pending";
  return asked === "fail" ? "pending_fail" : asked;
}

/** https://docs.stripe.com/testing#refunds */
function testCardPlan(last4: string | null | undefined): Plan {
  if (last4 === "5126") return "fail";
  return last4 === "7726" ? "pending" : "ok";
}

function countRefund(world: World, before: Stripe.Charge, amount: number): void {
  const refunded = before.amount_refunded + amount;
  const after = change(world, "charge", before, {
    amount_refunded: refunded,
    refunded: refunded >= before.amount_captured,
  });
  world.emit("charge.refunded", after, previously(before, after, "amount_refunded", "refunded"));
  if (after.refunded) warningsHandled(world, after.id);
}

/** pending | requires_action → succeeded. */
export function settleRefund(world: World, id: string): void {
  const before = world.store.get("refund", id);
  if (before === undefined || (before.status !== "pending" && before.status !== "requires_action")) return;
  updated(world, before, { status: "succeeded" });
}

/** A card's refund can be traced by a number that its bank knows. */
export function traceRefund(world: World, id: string): void {
  const before = world.store.get("refund", id);
  const card = before?.destination_details?.card;
  if (before?.status !== "succeeded" || card === undefined) return;
  const reference = { ...card, reference: `7${id.replace(/\D/g, "").padEnd(22, "0").slice(0, 22)}` };
  updated(world, before, {
    destination_details: { card: { ...reference, reference_status: "available" }, type: "card" },
  });
}

/** succeeded | pending → failed: the money comes back into the balance. */
export function failRefund(world: World, id: string, reason: (typeof REFUND_FAILURES)[number] = "unknown"): void {
  const before = world.store.get("refund", id);
  if (before === undefined || before.status === "failed" || before.status === "canceled") return;
  const after = updated(world, before, { ...takenBack(world, before), failure_reason: reason, status: "failed" });
  world.emit("refund.failed", after);
}

/** requires_action | pending → canceled: the money comes back into the balance. */
export function cancelRefund(world: World, before: Stripe.Refund): Stripe.Refund {
  return updated(world, before, {
    ...takenBack(world, before),
    failure_reason: "merchant_request",
    status: "canceled",
  });
}

function takenBack(world: World, refund: Stripe.Refund): Partial<Stripe.Refund> {
  const charge = world.store.mustGet("charge", idOf(refund.charge ?? ""));
  const given = world.store.mustGet("balance_transaction", idOf(refund.balance_transaction ?? ""));
  const booked = bookMovement(world, {
    amount: refund.amount,
    currency: refund.currency,
    type: "refund_failure",
    category: "refund_failure",
    source: refund.id,
    description: `REFUND FAILURE${charge.description === null ? "" : ` (${charge.description})`}`,
    availableOn: Math.max(world.now(), given.available_on),
  });
  const left = charge.amount_refunded - refund.amount;
  change(world, "charge", charge, { amount_refunded: left, refunded: left >= charge.amount_captured });
  return { failure_balance_transaction: booked.id };
}

function updated(world: World, before: Stripe.Refund, changes: Partial<Stripe.Refund>): Stripe.Refund {
  const { next_action: _, pending_reason: __, ...kept } = before;
  const after = world.store.put("refund", { ...kept, ...changes });
  tellRefund(world, before, after);
  return after;
}

/** Stripe tells every change of a refund twice: by its newer name and by its older one. */
export function tellRefund(world: World, before: Stripe.Refund, after: Stripe.Refund): void {
  const previous = previously(before, after, "destination_details", "metadata", "status");
  world.emit("refund.updated", after, previous);
  world.emit("charge.refund.updated", after, previous);
}
