import type { Stripe } from "../../stripe/types.ts";
import { availableWith, bookMovement } from "./balance-transactions.ts";
import { refusal } from "./errors.ts";
import { change, previously, type World } from "./world.ts";

/** A bank debit that was settled comes back all the same: the charge failed, and its money leaves the balance. */
export function failLate(world: World, before: Stripe.Charge): Stripe.Charge {
  if (before.payment_method_details?.type === "card" || before.amount_refunded > 0 || before.disputed) {
    throw refusal(null, "Only a bank debit that is neither refunded nor disputed can come back after it was settled.");
  }
  const booked = bookMovement(world, {
    amount: -before.amount,
    currency: before.currency,
    type: "payment_failure_refund",
    category: "charge_failure",
    source: before.id,
    description: before.description,
    availableOn: availableWith(world, before),
  });
  const after = change(world, "charge", before, {
    failure_balance_transaction: booked.id,
    failure_code: "debit_not_authorized",
    failure_message: "The account owner did not authorize the debit.",
    paid: false,
    status: "failed",
  });
  const previous = previously(before, after, "failure_balance_transaction", "failure_code", "paid", "status");
  world.emit("charge.failed", after, previous);
  return after;
}
