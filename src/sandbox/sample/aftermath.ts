import { toStripeCurrency } from "../../shared/money.ts";
import { disputeFee } from "../stripe/currencies.ts";
import { DISPUTE_REASONS } from "./catalog.ts";
import { DAY } from "./plan.ts";
import type { Random } from "./random.ts";
import { tell } from "./sink.ts";
import { finish, type World } from "./world.ts";

/** A charge that went through. */
interface Paid {
  readonly charge: string;
  readonly intent: string;
  readonly isCard: boolean;
  /** Minor units of the donor's currency. */
  readonly amount: number;
  readonly currency: string;
}

/** What may become of a charge later: a refund or a dispute, never both, so no more is given back than was taken. */
export function aftermathOf(world: World, random: Random, paid: Paid, at: number): void {
  const fate = random.next();
  if (fate < 0.011) {
    const when = at + 3_600 + random.int(21 * DAY);
    world.queue.push(when, () => refund(world, random, paid, when));
  } else if (paid.isCard && fate < 0.011 + disputeShare(world)) {
    const when = at + 5 * DAY + random.int(50 * DAY);
    world.queue.push(when, () => dispute(world, random, paid, when));
  }
}

/** Of small sets more than is usual, so that a demonstration has some to show. */
function disputeShare({ plan }: World): number {
  return Math.min(0.006, Math.max(0.0017, 14 / plan.payments));
}

function refund(world: World, random: Random, paid: Paid, at: number): void {
  const id = world.id(paid.isCard ? "re" : "pyr");
  const amount = random.chance(0.72) ? paid.amount : partOf(paid, random);
  const money = { currency: paid.currency, source: id, category: "refund" };
  const booked = world.ledger.book({ ...money, amount: -amount, type: paid.isCard ? "refund" : "payment_refund", at });
  const tellRefund = (status: "succeeded" | "failed", when: number, failure: string | null) =>
    tell(world, "refund", when, () => ({
      id,
      created: at,
      status,
      amount,
      currency: toStripeCurrency(paid.currency),
      reason: "requested_by_customer",
      failure_reason: status === "failed" ? "expired_or_canceled_card" : null,
      charge: paid.charge,
      payment_intent: paid.intent,
      balance_transaction: booked.id,
      failure_balance_transaction: failure,
    }));
  if (!random.chance(0.02)) {
    tellRefund("succeeded", at, null);
    return;
  }
  const failsAt = at + 5 * DAY;
  finish(
    world,
    failsAt,
    () => {
      const back = { ...money, category: "refund_failure", type: "refund_failure", at: failsAt, availableOn: failsAt };
      // What comes back is what had gone: of the same size in the settlement currency too.
      const returned = world.ledger.returned(booked, back);
      tellRefund("failed", failsAt, returned.id);
    },
    () => tellRefund("succeeded", at, null),
  );
}

/** A half, or the amount by which a reader says to have mistyped: in units that Stripe takes of any currency. */
function partOf({ amount }: Paid, random: Random): number {
  return Math.min(amount, Math.max(1, Math.floor((amount * random.pick([25, 50, 90])) / 100 / 100) * 100 || amount));
}

function dispute(world: World, random: Random, paid: Paid, at: number): void {
  const id = world.id("dp");
  const reason = random.weighted(DISPUTE_REASONS);
  const dueBy = Math.floor((at + 9 * DAY) / DAY) * DAY + DAY - 1;
  const isInquiry = random.chance(0.08);
  const answers = random.chance(0.65);
  const answeredAt = at + DAY + random.int(7 * DAY);
  const endsAt = answers ? answeredAt + 25 * DAY + random.int(45 * DAY) : dueBy + DAY + random.int(3 * DAY);
  const isWon = answers && random.chance(0.55);
  const withdrawn = isInquiry ? null : withdraw(world, paid, id, at);
  const moved = withdrawn === null ? [] : [withdrawn.id];
  const tellDispute = (status: string, when: number, hasAnswered: boolean) =>
    tell(world, "dispute", when, () => ({
      id,
      created: at,
      status,
      amount: paid.amount,
      currency: toStripeCurrency(paid.currency),
      reason,
      evidence_details: { due_by: dueBy, has_evidence: hasAnswered, submission_count: hasAnswered ? 1 : 0 },
      balance_transactions: moved.map((transaction) => ({ id: transaction })),
      charge: paid.charge,
      payment_intent: paid.intent,
    }));
  const prefix = isInquiry ? "warning_" : "";
  finish(
    world,
    endsAt,
    () => {
      if (isWon && withdrawn !== null) {
        const back = { category: "dispute_reversal", type: "adjustment", at: endsAt, source: id, availableOn: endsAt };
        moved.push(world.ledger.returned(withdrawn, back).id);
      }
      tellDispute(isInquiry ? "warning_closed" : isWon ? "won" : "lost", endsAt, answers);
    },
    () => {
      const hasAnswered = answers && answeredAt <= world.plan.until;
      tellDispute(
        `${prefix}${hasAnswered ? "under_review" : "needs_response"}`,
        hasAnswered ? answeredAt : at,
        hasAnswered,
      );
    },
  );
}

function withdraw(world: World, { amount, currency }: Paid, source: string, at: number) {
  return world.ledger.book({
    amount: -amount,
    currency,
    type: "adjustment",
    category: "dispute",
    source,
    at,
    availableOn: at,
    fee: (_, settlement) => disputeFee(settlement.toLowerCase()).amount,
  });
}
