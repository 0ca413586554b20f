import type { MirrorKindName } from "../../mirror/kind.ts";

/** Which kind of object an event type carries; the longer prefixes first. */
const PREFIXES: readonly (readonly [string, MirrorKindName])[] = [
  ["checkout.session.", "checkout.session"],
  ["customer.subscription.", "subscription"],
  ["charge.dispute.", "dispute"],
  ["radar.early_fraud_warning.", "radar.early_fraud_warning"],
  ["invoice_payment.", "invoice_payment"],
  ["payment_intent.", "payment_intent"],
  ["payment_method.", "payment_method"],
  ["customer.created", "customer"],
  ["customer.updated", "customer"],
  ["customer.deleted", "customer"],
  ["charge.refund.", "refund"],
  ["charge.", "charge"],
  ["invoice.", "invoice"],
  ["refund.", "refund"],
  ["payout.", "payout"],
];

/** @returns null for events that carry nothing of the mirror's */
export function objectOfEvent(type: string): MirrorKindName | null {
  return PREFIXES.find(([prefix]) => type.startsWith(prefix))?.[1] ?? null;
}
