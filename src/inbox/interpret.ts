import { type AnyKind, mirrorKind } from "../mirror/kinds.ts";
import type { Snapshot } from "../mirror/store.ts";
import { STRIPE_API_VERSION } from "../stripe/types.ts";
import type { Vault } from "../vault/vault.ts";
import type { ClaimedEvent } from "./store.queries.ts";

/** The event types that the books read, with the object that each carries. All others are kept and marked ignored. */
const USED: Readonly<Record<string, string>> = {
  "checkout.session.completed": "checkout.session",
  "checkout.session.async_payment_succeeded": "checkout.session",
  "checkout.session.async_payment_failed": "checkout.session",
  "checkout.session.expired": "checkout.session",
  "payment_intent.succeeded": "payment_intent",
  "payment_intent.processing": "payment_intent",
  "payment_intent.payment_failed": "payment_intent",
  "payment_intent.canceled": "payment_intent",
  "charge.succeeded": "charge",
  "charge.updated": "charge",
  "charge.failed": "charge",
  "charge.pending": "charge",
  "invoice.paid": "invoice",
  "invoice.payment_failed": "invoice",
  "invoice.marked_uncollectible": "invoice",
  "invoice.voided": "invoice",
  "invoice_payment.paid": "invoice_payment",
  "customer.subscription.created": "subscription",
  "customer.subscription.updated": "subscription",
  "customer.subscription.deleted": "subscription",
  "customer.subscription.paused": "subscription",
  "customer.subscription.resumed": "subscription",
  "customer.created": "customer",
  "customer.updated": "customer",
  "customer.deleted": "customer",
};

/** What is to be done about an event. */
export type Interpretation =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "hint"; readonly mirror: AnyKind; readonly id: string; readonly reason: string }
  | { readonly kind: "ignored"; readonly reason: string };

/** @throws when the payload hasn't the shape that its version promises: the event is retried, then dead with that reason */
export function interpret(event: ClaimedEvent, vault: Vault): Interpretation {
  const expected = USED[event.type];
  if (expected === undefined) return { kind: "ignored", reason: "the books use no events of this type" };
  const kind = mirrorKind(expected);
  if (kind === null || event.object_id === null) return { kind: "ignored", reason: "it carries no object of ours" };
  if (event.api_version !== STRIPE_API_VERSION) {
    return {
      kind: "hint",
      mirror: kind,
      id: event.object_id,
      reason: `in API version ${event.api_version ?? "unknown"}`,
    };
  }
  const payload = JSON.parse(vault.open(event.payload_sealed, `stripe_events.payload_sealed:${event.id}`));
  const object: { readonly object?: unknown } = payload.data.object;
  if (object.object !== expected) throw new TypeError("The event's object is of another type than the event promises.");
  const whole = event.type === "customer.deleted" ? { id: event.object_id, object: "customer", deleted: true } : object;
  return { kind: "snapshot", snapshot: { kind, row: kind.toRow(whole, event.created, vault) } };
}
