import type { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { bookMovement } from "./balance-transactions.ts";
import { createPayments } from "./bulk.ts";
import { failLate } from "./charge-failure.ts";
import { answerBank } from "./collection.ts";
import {
  bankBody,
  bulkBody,
  cardBody,
  chargeBody,
  disputeBody,
  disputeMove,
  dunningBody,
  intentBody,
  mandateBody,
  movementBody,
  newCardBody,
  payoutMove,
  payoutsBody,
  refundMove,
  subscriptionBody,
  versionBody,
  warningBody,
} from "./control-bodies.ts";
import { replaceCard, updateCard } from "./customer-cards.ts";
import { canMove, createDispute, moveDispute } from "./disputes.ts";
import { warnOfFraud } from "./early-fraud-warnings.ts";
import { missing, refusal } from "./errors.ts";
import { setMandate } from "./mandates.ts";
import { failPayout, payoutArrives, payoutOnItsWay, payoutReconciled, setPayouts } from "./payouts.ts";
import { cancelRefund, failRefund, settleRefund } from "./refunds.ts";
import { found } from "./routing.ts";
import { changeSettings, settingsOf } from "./settings.ts";
import { pauseSubscription } from "./subscription-pause.ts";
import type { World } from "./world.ts";

/** What banks, networks, donors and Stripe's settings page do, on request: bodies are JSON. */
type Controls = Readonly<Record<string, (world: World, sent: unknown, id: string) => object>>;

const CATEGORIES: Readonly<Record<z.output<typeof movementBody>["type"], string>> = {
  stripe_fee: "fee",
  adjustment: "other_adjustment",
  topup: "topup",
  contribution: "contribution",
  reserve_hold: "risk_reserved_funds",
  reserve_release: "risk_reserved_funds",
};

const controls: Controls = {
  "POST /disputes": (world, sent) => {
    const { charge: id, ...input } = disputeBody.parse(sent);
    const charge = paidCharge(world, id);
    const left = charge.amount_captured - charge.amount_refunded;
    return createDispute(world, charge, { ...input, amount: input.amount ?? (left > 0 ? left : charge.amount) });
  },
  "POST /disputes/:id": (world, sent, id) => {
    const { to } = disputeMove.parse(sent);
    const before = found(world, "dispute", id);
    if (!canMove(before, to)) throw refusal(null, `A dispute can't go from ${before.status} to ${to}.`, "to");
    return moveDispute(world, before, to);
  },
  "POST /refunds/:id": (world, sent, id) => {
    const { to, failure_reason: reason } = refundMove.parse(sent);
    const before = found(world, "refund", id, "refund");
    const waits = before.status === "pending" || before.status === "requires_action";
    if (!waits && !(to === "failed" && before.status === "succeeded")) {
      throw refusal(null, `A refund can't go from ${before.status} to ${to}.`, "to");
    }
    if (to === "failed") failRefund(world, id, reason);
    else if (to === "canceled") cancelRefund(world, before);
    else settleRefund(world, id);
    return found(world, "refund", id);
  },
  "POST /payouts": (world, sent) => {
    const { schedule, failing } = payoutsBody.parse(sent);
    if (schedule !== undefined) setPayouts(world, schedule);
    if (failing !== undefined) changeSettings(world, { failing_payouts: failing });
    const { payouts, failing_payouts } = settingsOf(world);
    return { schedule: payouts, failing: failing_payouts };
  },
  "POST /payouts/:id": (world, sent, id) => {
    const { to, failure_code: code } = payoutMove.parse(sent);
    const before = found(world, "payout", id, "payout");
    if (before.status === "failed" || before.status === "canceled") {
      throw refusal(null, `A payout can't go from ${before.status} to ${to}.`, "to");
    }
    if (to === "failed") failPayout(world, before, code);
    else if (to === "reconciled") payoutReconciled(world, id);
    else if (to === "in_transit") payoutOnItsWay(world, id);
    else payoutArrives(world, id);
    return found(world, "payout", id);
  },
  "POST /customers/:id": (world, sent, id) => {
    const { renewals } = bankBody.parse(sent);
    found(world, "customer", id);
    return world.store.put("customer_note", { id, renewals });
  },
  "POST /customers/:id/card": (world, sent, id) => replaceCard(world, id, newCardBody.parse(sent)),
  "POST /payment_methods/:id": (world, sent, id) =>
    updateCard(world, found(world, "payment_method", id, "payment_method"), cardBody.parse(sent)),
  "POST /mandates/:id": (world, sent, id) =>
    setMandate(world, found(world, "mandate", id, "mandate"), mandateBody.parse(sent).status),
  "POST /early_fraud_warnings": (world, sent) => {
    const { charge, fraud_type: type } = warningBody.parse(sent);
    return warnOfFraud(world, paidCharge(world, charge), type);
  },
  "POST /balance_transactions": (world, sent) => {
    const { type, amount, currency, description } = movementBody.parse(sent);
    const category = CATEGORIES[type];
    const text = description ?? type.replace("_", " ");
    const at = world.now();
    return bookMovement(world, { amount, currency, type, category, source: null, description: text, availableOn: at });
  },
  "POST /payments": (world, sent) => createPayments(world, bulkBody.parse(sent)),
  "POST /charges/:id": (world, sent, id) => {
    chargeBody.parse(sent);
    return failLate(world, paidCharge(world, id));
  },
  "POST /payment_intents/:id": (world, sent, id) => {
    const { outcome } = intentBody.parse(sent);
    const intent = found(world, "payment_intent", id, "intent");
    if (intent.status !== "requires_action") throw refusal(null, `This payment waits for nothing: ${intent.status}.`);
    answerBank(world, intent, outcome === "authenticate");
    return found(world, "payment_intent", id);
  },
  "POST /subscriptions/:id": (world, sent, id) => {
    subscriptionBody.parse(sent);
    const before = found(world, "subscription", id);
    if (before.status !== "active") throw refusal(null, `A subscription can't go from ${before.status} to paused.`);
    return pauseSubscription(world, before);
  },
  "POST /dunning": (world, sent) => {
    const { dunning } = settingsOf(world);
    const {
      retries = dunning.retries,
      subscription = dunning.subscription,
      invoice = dunning.invoice,
    } = dunningBody.parse(sent);
    return changeSettings(world, { dunning: { retries, subscription, invoice } }).dunning;
  },
  "POST /api_version": (world, sent) => {
    const { version } = versionBody.parse(sent);
    return { version: changeSettings(world, { events_version: version }).events_version };
  },
};

/** Finds a control and the id in its path. */
export function findControl(method: string, path: string) {
  const [area = "", id = "", ...rest] = path.split("/").slice(1);
  const pattern = [`${method} /${area}`, ...(id === "" ? [] : [":id"]), ...rest].join("/");
  const run = Object.hasOwn(controls, pattern) ? controls[pattern] : undefined;
  return run === undefined ? undefined : { run, id: decodeURIComponent(id) };
}

function paidCharge(world: World, id: string): Stripe.Charge {
  const charge = world.store.get("charge", id);
  if (charge === undefined) throw missing("charge", id, "charge");
  if (charge.status !== "succeeded") throw refusal(null, `Charge ${id} isn't paid: its status is ${charge.status}.`);
  return charge;
}
