import type { Charge, Invoice, PaymentIntent, PaymentRow } from "../types.ts";
import { failureReason } from "./failure-reason.ts";
import { type Cause, type Gift, toldAt } from "./gift.ts";

/** News of one attempt comes within this time; the next attempt is further away. */
const ATTEMPT_MS = 3_600_000;

/**
 * Payments that failed, and those that the reader's bank wants confirmed; one mail for each attempt. A decline on Stripe's own page makes no
 * payment, so it isn't among them.
 */
export function failureCauses(gift: Gift): readonly Cause[] {
  // Once it is over, nothing is owed; that it ended for this reason has a mail of its own.
  if (gift.subscription?.status === "canceled") return [];
  return gift.derived.payments
    .filter((payment) => payment.status === "failed")
    .flatMap(
      (payment) => (payment.stripe_invoice === null ? lostForGood(gift, payment) : notCollected(gift, payment)) ?? [],
    );
}

/** A debit of a single gift that bounced. */
function lostForGood(gift: Gift, payment: PaymentRow): Cause | null {
  const intent = gift.graph.paymentIntents.find((row) => row.id === payment.stripe_payment_intent);
  if (intent === undefined) return null;
  const charge = gift.graph.charges.find((row) => row.id === payment.stripe_charge);
  return failed(gift, payment, 1, {
    at: toldAt(intent) ?? charge?.created ?? intent.created,
    reason: failureReason([intent.failure_code, charge?.failure_code], charge?.method_type),
  });
}

function notCollected(gift: Gift, payment: PaymentRow): Cause | null {
  const attempt = attemptOf(gift, payment);
  if (attempt === null) return null;
  const { invoice, intent, charge, isFresh } = attempt;
  const { amount, currency } = payment;
  const number = invoice.attempt_count;
  if (payment.action_required) {
    const at = number === 1 ? invoice.created : (toldAt(intent) ?? (charge ?? invoice).created);
    const data = () => ({ frequency: gift.frequency, amount, currency });
    return { kind: "action_required", cause: `${payment.id}:${number}`, at, data };
  }
  return failed(gift, payment, number, {
    at: isDebit(charge) ? (toldAt(intent) ?? charge.created) : (charge ?? intent).created,
    reason: failureReason([isFresh ? intent.failure_code : null, charge?.failure_code], charge?.method_type),
  });
}

function failed(
  gift: Gift,
  payment: PaymentRow,
  attempt: number,
  { at, reason }: { readonly at: Date; readonly reason: ReturnType<typeof failureReason> },
): Cause {
  const { amount, currency, next_attempt_at: next } = payment;
  const { frequency, day } = gift;
  return {
    kind: "payment_failed",
    cause: `${payment.id}:${attempt}`,
    at,
    data: () => ({ frequency, amount, currency, reason, next_try_on: next === null ? null : day(next) }),
  };
}

interface Attempt {
  readonly invoice: Invoice;
  readonly intent: PaymentIntent;
  /** The latest that was tried; none where the bank asks before anything is charged. */
  readonly charge: Charge | undefined;
  /** Whether the PaymentIntent speaks of this attempt, and not of one before. */
  readonly isFresh: boolean;
}

/**
 * The invoice's latest attempt; null until all of Stripe's objects have told of it. Each event tells one part, in any order: an invoice
 * alone knows neither why it failed nor whether the bank asks for something.
 */
function attemptOf({ graph }: Gift, payment: PaymentRow): Attempt | null {
  const invoice = graph.invoices.find((row) => row.id === payment.stripe_invoice);
  const links = graph.invoicePayments.filter((row) => row.invoice_id === payment.stripe_invoice);
  const intents = graph.paymentIntents.filter((row) => links.some((link) => link.payment_intent_id === row.id));
  const intent = latest(intents, (row) => row.as_of);
  if (invoice === undefined || intent === undefined || intents.length < links.length) return null;
  const charges = graph.charges.filter((row) => intents.some((each) => each.id === row.payment_intent_id));
  const charge = latest(charges, (row) => row.created);
  const isFresh = +intent.as_of >= +invoice.as_of - ATTEMPT_MS;
  const tried = charges.filter((row) => row.status === "failed").length + Number(intent.status === "requires_action");
  if (!isFresh && tried < invoice.attempt_count) return null;
  return isDebit(charge) && !knowsOfBounce(invoice, intent, charge) ? null : { invoice, intent, charge, isFresh };
}

/** A debit counts as an attempt when it begins: when it has bounced, the invoice has yet to say what comes next. */
function knowsOfBounce(invoice: Invoice, intent: PaymentIntent, debit: Charge): boolean {
  return +invoice.as_of >= Math.min(+intent.as_of - ATTEMPT_MS, +debit.created + ATTEMPT_MS);
}

function isDebit(charge: Charge | undefined): charge is Charge {
  return charge !== undefined && charge.method_type !== "card";
}

function latest<Row extends { readonly id: string }>(rows: readonly Row[], when: (row: Row) => Date): Row | undefined {
  return rows.toSorted((a, b) => +when(b) - +when(a) || (a.id < b.id ? 1 : -1))[0];
}
