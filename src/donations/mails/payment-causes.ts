import { isSettlement } from "../movements.ts";
import type { Charge, Invoice, PaymentRow, Refund } from "../types.ts";
import { type Cause, type Gift, nextOn, toldAt } from "./gift.ts";

/** Money that arrived, and money that goes back. */
export function paymentCauses(gift: Gift): readonly Cause[] {
  const paid = gift.derived.payments.filter((payment) => payment.status === "paid");
  return [
    ...paid.flatMap((payment) => (gift.frequency === "once" ? arrived(gift, payment) : collected(gift, payment)) ?? []),
    ...gift.graph.refunds.flatMap((refund) => givenBack(gift, paid, refund) ?? []),
  ];
}

function arrived({ graph, day }: Gift, payment: PaymentRow): Cause | null {
  const charge = graph.charges.find((row) => row.id === payment.stripe_charge);
  const at = charge === undefined ? null : arrivedAt(graph.balanceTransactions, charge);
  if (at === null) return null;
  const { amount, currency } = payment;
  return {
    kind: "thank_you",
    cause: graph.id,
    at,
    data: () => ({ frequency: "once", amount, currency, paid_on: day(at) }),
  };
}

/** A card's money comes at once. Of a debit, which was begun days before, only the ledger says when: null until it does. */
function arrivedAt(ledger: Gift["graph"]["balanceTransactions"], charge: Charge): Date | null {
  if (charge.method_type === "card") return charge.created;
  return ledger.find((row) => row.source_id === charge.id && isSettlement(row))?.created ?? null;
}

function collected(gift: Gift, payment: PaymentRow): Cause | null {
  const { graph, subscription, day, frequency } = gift;
  const invoice = graph.invoices.find((row) => row.id === payment.stripe_invoice);
  const at = invoice?.paid_at ?? null;
  if (invoice === undefined || at === null || subscription === undefined || isBehind(gift, invoice)) return null;
  const { amount, currency, installment } = payment;
  const data = () => ({ frequency, amount, currency, paid_on: day(at), next_on: nextOn(gift) });
  if (invoice.billing_reason === "subscription_create") {
    return { kind: "recurring_started", cause: graph.id, at, data };
  }
  // Numbered 1 for as long as the first one isn't known.
  if (installment === 1) return null;
  return { kind: "renewal_receipt", cause: payment.id, at, data: () => ({ ...data(), installment }) };
}

/** Whether the subscription hasn't said yet when the period ends that this invoice is for. */
function isBehind(gift: Gift, invoice: Invoice): boolean {
  const end = gift.subscription?.current_period_end ?? null;
  return nextOn(gift) !== null && end !== null && end <= invoice.created;
}

function givenBack({ frequency }: Gift, paid: readonly PaymentRow[], refund: Refund): Cause | null {
  const payment = paid.find((row) => row.stripe_charge === refund.charge_id);
  if (refund.status !== "succeeded" || payment === undefined) return null;
  const { amount, currency } = refund;
  return {
    kind: "refunded",
    cause: refund.id,
    // To a bank account it takes days.
    at: payment.payment_method === "card" ? refund.created : (toldAt(refund) ?? refund.created),
    data: () => ({ frequency, amount, currency, of: payment.amount }),
  };
}
