/** The event types that the books read, with the object that each carries. All others are kept and marked ignored. */
export const EVENT_TYPES: ReadonlyMap<string, string> = new Map([
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

function of(prefix: string, names: string, object: string): [string, string][] {
  return names.split(" ").map((name) => [`${prefix}.${name}`, object]);
}
