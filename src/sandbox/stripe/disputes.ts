import type { Stripe } from "../../stripe/types.ts";
import { availableWith, bookMovement } from "./balance-transactions.ts";
import { disputeFee } from "./currencies.ts";
import { buildDispute, dueBy, type NewDispute } from "./dispute-build.ts";
import { warningsHandled } from "./early-fraud-warnings.ts";
import { change, idOf, previously, type World } from "./world.ts";

/** Where a dispute can go from where it is. A lost one can be appealed, or won all the same. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  warning_needs_response: ["warning_under_review", "warning_closed", "needs_response", "prevented"],
  warning_under_review: ["warning_needs_response", "warning_closed", "needs_response", "prevented"],
  warning_closed: ["needs_response"],
  needs_response: ["under_review", "won", "lost", "prevented"],
  under_review: ["needs_response", "won", "lost"],
  lost: ["needs_response", "under_review", "won", "appeal_needs_response", "appeal_under_review"],
  appeal_needs_response: ["appeal_under_review", "won", "lost"],
  appeal_under_review: ["appeal_needs_response", "won", "lost"],
  won: [],
  prevented: [],
};

export const DISPUTE_STATUSES = [
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

const CLOSED: readonly string[] = ["won", "lost", "warning_closed", "prevented"];
const WAITS_FOR_US: readonly string[] = ["needs_response", "warning_needs_response", "appeal_needs_response"];

/** A donor's bank asks about a charge, or takes it back. */
export function createDispute(world: World, charge: Stripe.Charge, input: NewDispute): Stripe.Dispute {
  const dispute = world.store.put("dispute", buildDispute(world, charge, input));
  change(world, "charge", charge, { disputed: true });
  world.emit("charge.dispute.created", dispute);
  scheduleDue(world, dispute);
  warningsHandled(world, charge.id);
  return input.kind === "inquiry" ? dispute : withdraw(world, dispute);
}

/** Whether `to` can follow what the dispute is in now. */
export function canMove(dispute: Stripe.Dispute, to: string): boolean {
  return NEXT[dispute.status]?.includes(to) === true;
}

/** Goes on to another state, with the money that moves with it. `changes` are told in the same event. */
export function moveDispute(
  world: World,
  before: Stripe.Dispute,
  to: (typeof DISPUTE_STATUSES)[number],
  changes: Partial<Stripe.Dispute> = {},
): Stripe.Dispute {
  const asksAgain = WAITS_FOR_US.includes(to) && !WAITS_FOR_US.includes(before.status);
  const isOver = CLOSED.includes(to);
  let dispute = change(world, "dispute", before, {
    ...changes,
    ...(asksAgain
      ? {
          evidence_details: {
            ...(changes.evidence_details ?? before.evidence_details),
            due_by: dueBy(world),
            past_due: false,
          },
        }
      : {}),
    is_charge_refundable: to.startsWith("warning_") && to !== "warning_closed",
    ...(before.status.startsWith("warning_") && to === "needs_response" ? { ...asChargeback(before) } : {}),
    status: to,
  });
  if (asksAgain) scheduleDue(world, dispute);
  const previous = previously(before, dispute, "evidence", "evidence_details", "is_charge_refundable", "status");
  world.emit(isOver ? "charge.dispute.closed" : "charge.dispute.updated", dispute, previous);
  const isOut = balanceOf(dispute) < 0;
  const givesBack = to === "won" || to === "prevented";
  if (givesBack && isOut) dispute = reinstate(world, dispute);
  if (!givesBack && !to.startsWith("warning_") && !isOut) dispute = withdraw(world, dispute);
  return dispute;
}

/** What the clock brings: the day for an answer is over. */
export function evidenceDue(world: World, id: string): void {
  const before = world.store.get("dispute", id);
  if (before === undefined || !WAITS_FOR_US.includes(before.status)) return;
  const details = before.evidence_details;
  if (details.past_due || details.due_by === null || details.due_by > world.now()) return;
  const after = change(world, "dispute", before, { evidence_details: { ...details, past_due: true } });
  world.emit("charge.dispute.updated", after, { evidence_details: details });
}

/** What the dispute has moved so far, without fees: negative while the money is with the bank. */
function balanceOf(dispute: Stripe.Dispute): number {
  return dispute.balance_transactions.reduce((sum, it) => sum + it.amount, 0);
}

function withdraw(world: World, before: Stripe.Dispute): Stripe.Dispute {
  return moveMoney(world, before, -1, "dispute", "Chargeback withdrawal", "charge.dispute.funds_withdrawn");
}

/** The money comes back, and the fee with it. */
function reinstate(world: World, before: Stripe.Dispute): Stripe.Dispute {
  return moveMoney(world, before, 1, "dispute_reversal", "Chargeback reversal", "charge.dispute.funds_reinstated");
}

function moveMoney(
  world: World,
  before: Stripe.Dispute,
  sign: 1 | -1,
  category: "dispute" | "dispute_reversal",
  text: string,
  event: "charge.dispute.funds_withdrawn" | "charge.dispute.funds_reinstated",
): Stripe.Dispute {
  const charge = world.store.mustGet("charge", idOf(before.charge));
  const booked = bookMovement(world, {
    amount: sign * before.amount,
    currency: before.currency,
    type: "adjustment",
    category,
    source: before.id,
    description: `${text} for ${charge.id}`,
    fee: (_, settlement) => {
      const { amount, description } = disputeFee(settlement);
      return sign === -1 ? { amount, description } : { amount: -amount, description: `${description} refund` };
    },
    availableOn: availableWith(world, charge),
  });
  const after = change(world, "dispute", before, { balance_transactions: [...before.balance_transactions, booked] });
  world.emit(event, after, { balance_transactions: before.balance_transactions });
  return after;
}

function scheduleDue(world: World, dispute: Stripe.Dispute): void {
  world.schedule(dispute.evidence_details.due_by ?? world.now(), "evidence_due", dispute.id);
}

function asChargeback(dispute: Stripe.Dispute): Partial<Stripe.Dispute> {
  const card = dispute.payment_method_details?.card;
  if (card === undefined) return {};
  return { payment_method_details: { card: { ...card, case_type: "chargeback" }, type: "card" } };
}
