import { toStripeCurrency } from "../../shared/money.ts";
import type { Intent } from "./payment.ts";
import { tell } from "./sink.ts";
import type { Running } from "./subscription.ts";
import type { World } from "./world.ts";

export interface Invoice {
  readonly id: string;
  readonly payment: string;
  readonly created: number;
  readonly amount: number;
  readonly reason: "subscription_create" | "subscription_cycle";
}

interface InvoiceState {
  readonly status: "paid" | "open" | "uncollectible";
  readonly attempts: number;
  readonly nextAttempt: number | null;
}

/** Each invoice is one payment, whatever becomes of it. */
export function openInvoice(world: World, plan: Running, reason: Invoice["reason"], created: number): Invoice {
  world.counts.payments += 1;
  return { id: world.id("in"), payment: world.id("inpay"), created, amount: plan.amount, reason };
}

/** The invoice, and what ties it to the PaymentIntent that pays it. */
export function tellInvoice(
  world: World,
  plan: Running,
  invoice: Invoice,
  intent: Intent,
  { status, attempts, nextAttempt }: InvoiceState,
  at: number,
): void {
  const isPaid = status === "paid";
  const currency = toStripeCurrency(plan.currency);
  tell(world, "invoice", at, () => ({
    id: invoice.id,
    created: invoice.created,
    status,
    status_transitions: { paid_at: isPaid ? at : null },
    billing_reason: invoice.reason,
    currency,
    amount_due: invoice.amount,
    amount_paid: isPaid ? invoice.amount : 0,
    attempt_count: attempts,
    next_payment_attempt: nextAttempt,
    last_finalization_error: null,
    parent: { subscription_details: { subscription: plan.id, metadata: plan.gift.metadata } },
    customer: plan.customer,
  }));
  tell(world, "invoice_payment", at, () => ({
    id: invoice.payment,
    created: invoice.created,
    status: isPaid ? "paid" : "open",
    status_transitions: { paid_at: isPaid ? at : null },
    amount_paid: isPaid ? invoice.amount : null,
    currency,
    invoice: invoice.id,
    payment: { type: "payment_intent", payment_intent: intent.id, charge: null },
  }));
}
