import type { MirrorContext } from "../mirror/kind.ts";
import { type AnyKind, mirrorKind } from "../mirror/kinds.ts";
import type { Snapshot } from "../mirror/store.ts";
import { STRIPE_API_VERSION } from "../stripe/types.ts";
import type { ClaimedEvent } from "./store.queries.ts";

/** The event types that the books read, with the object that each carries. All others are kept and marked ignored. */
const USED: ReadonlyMap<string, string> = new Map([
  ...of("checkout.session", "completed async_payment_succeeded async_payment_failed expired", "checkout.session"),
  ...of("payment_intent", "succeeded processing payment_failed canceled requires_action", "payment_intent"),
  ...of("charge", "succeeded updated failed pending", "charge"),
  ...of("invoice", "paid payment_failed payment_action_required finalization_failed", "invoice"),
  ...of("invoice", "marked_uncollectible voided finalized", "invoice"),
  ...of("invoice_payment", "paid", "invoice_payment"),
  ...of("customer.subscription", "created updated deleted paused resumed", "subscription"),
  ...of("customer", "created updated deleted", "customer"),
  ...of("refund", "created updated failed", "refund"),
  ...of("charge.dispute", "created updated funds_withdrawn funds_reinstated closed", "dispute"),
  ...of("payout", "created updated paid failed canceled reconciliation_completed", "payout"),
  ...of("payment_method", "attached updated automatically_updated detached", "payment_method"),
  ...of("radar.early_fraud_warning", "created updated", "radar.early_fraud_warning"),
]);

/** After these nothing but a list at Stripe says which PaymentIntent the invoice is tried with. */
const NEEDS_PAYMENTS = new Set(["invoice.payment_failed", "invoice.payment_action_required"]);

function of(prefix: string, names: string, object: string): [string, string][] {
  return names.split(" ").map((name) => [`${prefix}.${name}`, object]);
}

/** What is to be done about an event. */
export type Interpretation =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly paymentsOf: string | null }
  | { readonly kind: "hint"; readonly mirror: AnyKind; readonly id: string; readonly reason: string }
  | { readonly kind: "ignored"; readonly reason: string };

/** @throws when the payload hasn't the shape that its version promises: the event is retried, then dead with that reason */
export function interpret(event: ClaimedEvent, context: MirrorContext): Interpretation {
  const expected = USED.get(event.type);
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
  const payload = JSON.parse(context.vault.open(event.payload_sealed, `stripe_events.payload_sealed:${event.id}`));
  const object: { readonly object?: unknown } = payload.data.object;
  if (object.object !== expected) throw new TypeError("The event's object is of another type than the event promises.");
  const whole = event.type === "customer.deleted" ? { id: event.object_id, object: "customer", deleted: true } : object;
  return {
    kind: "snapshot",
    snapshot: { kind, row: kind.toRow(whole, event.created, context) },
    paymentsOf: NEEDS_PAYMENTS.has(event.type) ? event.object_id : null,
  };
}
