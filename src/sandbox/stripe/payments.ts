import type { Stripe } from "../../stripe/types.ts";
import { bookCharge } from "./balance-transactions.ts";
import { type ChargeOutcome, createCharge } from "./charges.ts";
import { change, idOf, previously, type World } from "./world.ts";

/** What an attempt to pay leaves behind. */
export interface Paid {
  readonly intent: Stripe.PaymentIntent;
  readonly charge: Stripe.Charge;
}

/** A payment that goes through at once. With `automatic_async` capture the charge is booked later: see `book`. */
export function succeed(
  world: World,
  before: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  outcome: ChargeOutcome & `succeeded${string}` = "succeeded",
): Paid {
  const made = createCharge(world, before, method, outcome);
  const charge = before.capture_method === "automatic" ? booked(world, made) : made;
  world.emit("charge.succeeded", charge);
  return { charge, intent: succeeded(world, before, method, charge) };
}

/** The bank refuses: the intent can be tried again. https://docs.stripe.com/payments/paymentintents/lifecycle */
export function decline(world: World, before: Stripe.PaymentIntent, method: Stripe.PaymentMethod): Paid {
  const charge = createCharge(world, before, method, "declined");
  world.emit("charge.failed", charge);
  const intent = change(world, "payment_intent", before, {
    last_payment_error: {
      advice_code: "try_again_later",
      charge: charge.id,
      code: "card_declined",
      decline_code: "generic_decline",
      doc_url: "https://stripe.com/docs/error-codes/card-declined",
      message: "Your card was declined.",
      network_decline_code: "05",
      payment_method: method,
      type: "card_error",
    },
    latest_charge: charge.id,
    next_action: null,
    payment_method: null,
    status: "requires_payment_method",
  });
  world.emit("payment_intent.payment_failed", intent);
  return { intent, charge };
}

/** The bank wants its customer to confirm. */
export function requireAction(
  world: World,
  before: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.PaymentIntent {
  const intent = change(world, "payment_intent", before, {
    next_action: { type: "use_stripe_sdk", use_stripe_sdk: { type: "three_d_secure_redirect" } },
    payment_method: method.id,
    status: "requires_action",
  });
  world.emit("payment_intent.requires_action", intent);
  return intent;
}

/** A method that tells days later whether it went through. */
export function process(world: World, before: Stripe.PaymentIntent, method: Stripe.PaymentMethod): Paid {
  const charge = createCharge(world, before, method, "pending");
  world.emit("charge.pending", charge);
  const intent = change(world, "payment_intent", before, {
    latest_charge: charge.id,
    next_action: null,
    payment_method: method.id,
    status: "processing",
  });
  world.emit("payment_intent.processing", intent);
  return { intent, charge };
}

/** The end of `process`: the money came, or it didn't. */
export function settle(world: World, before: Stripe.PaymentIntent, wentThrough: boolean): Paid {
  const pending = world.store.mustGet("charge", idOf(before.latest_charge ?? ""));
  const method = world.store.mustGet("payment_method", idOf(before.payment_method ?? ""));
  if (wentThrough) {
    const changed = change(world, "charge", pending, { paid: true, status: "succeeded" });
    const charge = before.capture_method === "automatic" ? booked(world, changed) : changed;
    world.emit("charge.succeeded", charge);
    return { charge, intent: succeeded(world, before, method, charge) };
  }
  const charge = change(world, "charge", pending, {
    captured: false,
    amount_captured: 0,
    failure_code: "debit_not_authorized",
    failure_message: "The account owner did not authorize the debit.",
    paid: false,
    status: "failed",
  });
  world.emit("charge.failed", charge);
  const intent = change(world, "payment_intent", before, {
    last_payment_error: {
      charge: charge.id,
      code: "payment_intent_payment_attempt_failed",
      message: "The account owner did not authorize the debit.",
      payment_method: method,
      type: "invalid_request_error",
    },
    payment_method: null,
    status: "requires_payment_method",
  });
  world.emit("payment_intent.payment_failed", intent);
  return { intent, charge };
}

/** Nobody will pay it any more. */
export function cancelIntent(world: World, id: string, reason: "automatic" | "void_invoice"): void {
  const before = world.store.mustGet("payment_intent", id);
  if (before.status === "succeeded" || before.status === "canceled") return;
  const after = change(world, "payment_intent", before, {
    canceled_at: world.now(),
    cancellation_reason: reason,
    next_action: null,
    status: "canceled",
  });
  world.emit("payment_intent.canceled", after);
}

/** Books a charge that was captured behind the scenes and tells of it: its balance transaction arrives. */
export function book(world: World, before: Stripe.Charge): Stripe.BalanceTransaction {
  const transaction = bookCharge(world, before);
  const after = change(world, "charge", before, { balance_transaction: transaction.id });
  world.emit("charge.updated", after, previously(before, after, "balance_transaction"));
  return transaction;
}

function booked(world: World, charge: Stripe.Charge): Stripe.Charge {
  return change(world, "charge", charge, { balance_transaction: bookCharge(world, charge).id });
}

function succeeded(
  world: World,
  before: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  charge: Stripe.Charge,
): Stripe.PaymentIntent {
  const intent = change(world, "payment_intent", before, {
    amount_received: before.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    payment_method: method.id,
    status: "succeeded",
  });
  world.emit("payment_intent.succeeded", intent);
  return intent;
}
