import type { Stripe } from "../../stripe/types.ts";
import { mandateOf } from "./mandates.ts";
import type { World } from "./world.ts";

/** What a bank does with a payment that its customer isn't there for. */
export type BankAnswer = "ok" | "fail" | "authenticate";

export interface CustomerNote {
  /** The customer's id. */
  readonly id: string;
  readonly renewals: BankAnswer;
}

/** Endings of Stripe's test cards; any other card is good. https://docs.stripe.com/testing */
const DECLINING = new Set(["0002", "0341", "9995"]);
const AUTHENTICATING = new Set(["3184", "3178"]);

/** What the bank of this customer, or of this card, will say. */
export function bankAnswer(world: World, customer: string, method: Stripe.PaymentMethod): BankAnswer {
  // One that was taken away from its customer can't be charged any more.
  if (method.customer === null) return "fail";
  const noted = world.store.get("customer_note", customer)?.renewals ?? "ok";
  return noted === "ok" ? cardAnswer(world, method) : noted;
}

/** The same for a card that the customer has just chosen for this payment. */
export function cardAnswer(world: World, method: Stripe.PaymentMethod): BankAnswer {
  const last4 = method.card?.last4 ?? "";
  if (DECLINING.has(last4)) return "fail";
  if (AUTHENTICATING.has(last4)) return "authenticate";
  // A debit whose mandate was revoked comes back.
  return mandateOf(world, method.id)?.status === "inactive" ? "fail" : "ok";
}
