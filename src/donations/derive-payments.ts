import { paymentId } from "./ids.ts";
import { isSettlement } from "./movements.ts";
import type {
  BalanceTransaction,
  Charge,
  Dispute,
  DonationGraph,
  Invoice,
  PaymentIntent,
  PaymentRow,
  PaymentStatus,
  Session,
} from "./types.ts";

type Attempt = Omit<PaymentRow, "installment">;

/**
 * One payment a PaymentIntent (once) or an invoice (recurring), and nothing else makes one: the completed session only links, or the
 * first month would count twice. Installments are numbered by Stripe's own dates.
 */
export function derivePayments(graph: DonationGraph, frequency: string): readonly PaymentRow[] {
  const ofInvoices = new Set(graph.invoicePayments.map((row) => row.payment_intent_id));
  const attempts = [
    ...graph.invoices.map((invoice) => ({
      created: invoice.created,
      key: invoice.id,
      row: ofInvoice(graph, invoice, frequency),
    })),
    ...graph.paymentIntents
      .filter((intent) => !ofInvoices.has(intent.id))
      .map((intent) => ({ created: intent.created, key: intent.id, row: ofIntent(graph, intent, frequency) })),
  ];
  const sole = graph.charges
    .filter((charge) => charge.donation_id === graph.id)
    .map((charge) => ({ created: charge.created, key: charge.id, row: ofCharge(graph, charge, frequency) }));
  return [...attempts, ...sole]
    .filter((attempt) => attempt.row !== null)
    .sort((a, b) => +a.created - +b.created || (a.key < b.key ? -1 : 1))
    .map((attempt, index) => ({ ...(attempt.row as Attempt), installment: index + 1 }));
}

function ofIntent(graph: DonationGraph, intent: PaymentIntent, frequency: string): Attempt | null {
  if (frequency !== "once") return null;
  const status = intentStatus(graph, intent);
  if (status === null) return null;
  const charge = chargeOf(graph, [intent.id], []);
  return {
    id: paymentId(intent.id),
    donation_id: graph.id,
    frequency,
    status,
    currency: intent.currency,
    amount: status === "paid" ? intent.amount_received : intent.amount,
    ...datesOf(status, intent.created, null, charge, settlementOf(graph, charge)),
    ...methodOf(charge),
    ...moneyOf(settlementOf(graph, charge)),
    ...takenBackOf(graph, charge, status === "paid" ? intent.amount_received : intent.amount),
    action_required: false,
    next_attempt_at: null,
    failure_code: status === "failed" ? failureOf(charge, intent) : null,
    stripe_payment_intent: intent.id,
    stripe_charge: charge?.id ?? null,
    stripe_invoice: null,
    stripe_subscription: null,
  };
}

/** A charge of an older system, from the days before PaymentIntents. */
function ofCharge(graph: DonationGraph, charge: Charge, frequency: string): Attempt | null {
  const status = charge.status === "succeeded" ? "paid" : charge.status === "pending" ? "processing" : "failed";
  const amount = status === "paid" ? charge.amount_captured : charge.amount;
  if (amount <= 0) return null;
  return {
    id: paymentId(charge.id),
    donation_id: graph.id,
    frequency,
    status,
    currency: charge.currency,
    amount,
    ...datesOf(status, charge.created, null, charge, settlementOf(graph, charge)),
    ...methodOf(charge),
    ...moneyOf(settlementOf(graph, charge)),
    ...takenBackOf(graph, charge, amount),
    action_required: false,
    next_attempt_at: null,
    failure_code: status === "failed" ? charge.failure_code : null,
    stripe_payment_intent: null,
    stripe_charge: charge.id,
    stripe_invoice: null,
    stripe_subscription: null,
  };
}

/** A status that Stripe may add one day doesn't undo what was received: the default keeps it, and the mirror has raised an alert. */
function intentStatus(graph: DonationGraph, intent: PaymentIntent): PaymentStatus | null {
  switch (intent.status) {
    case "succeeded":
      return "paid";
    case "processing":
      return "processing";
    case "requires_payment_method":
    case "canceled":
      return graph.sessions.some((row) => row.payment_intent_id === intent.id && isDelayed(row)) ? "failed" : null;
    default:
      return intent.amount_received > 0 ? "paid" : null;
  }
}

/** The reader is through and the money isn't there: a decline before that isn't final and makes no payment, one after it is. */
function isDelayed(session: Session): boolean {
  return session.status === "complete" && session.payment_status === "unpaid";
}

function isOver(intent: PaymentIntent): boolean {
  return intent.status === "requires_payment_method" || intent.status === "canceled";
}

function ofInvoice(graph: DonationGraph, invoice: Invoice, frequency: string): Attempt | null {
  const links = graph.invoicePayments.filter((row) => row.invoice_id === invoice.id);
  const intents = graph.paymentIntents.filter((intent) => links.some((link) => link.payment_intent_id === intent.id));
  const status = invoiceStatus(graph, invoice, intents);
  const amount = status === "paid" ? invoice.amount_paid : invoice.amount_due;
  if (status === null || amount <= 0) return null;
  const charge = chargeOf(
    graph,
    intents.map((intent) => intent.id),
    links.flatMap((link) => link.charge_id ?? []),
  );
  const intent = intents.find((row) => row.id === charge?.payment_intent_id) ?? intents[0];
  return {
    id: paymentId(invoice.id),
    donation_id: graph.id,
    frequency,
    status,
    currency: invoice.currency,
    amount,
    ...datesOf(status, invoice.created, invoice.paid_at, charge, settlementOf(graph, charge)),
    ...methodOf(charge),
    ...moneyOf(settlementOf(graph, charge)),
    ...takenBackOf(graph, charge, amount),
    action_required: status !== "paid" && intents.some((row) => row.status === "requires_action"),
    next_attempt_at: status === "failed" ? invoice.next_attempt_at : null,
    failure_code: status === "failed" ? failureOf(charge, intent) : null,
    stripe_payment_intent: intent?.id ?? null,
    stripe_charge: charge?.id ?? null,
    stripe_invoice: invoice.id,
    stripe_subscription: invoice.subscription_id,
  };
}

function invoiceStatus(
  graph: DonationGraph,
  invoice: Invoice,
  intents: readonly PaymentIntent[],
): PaymentStatus | null {
  const isKnown = ["open", "uncollectible", "void"].includes(invoice.status ?? "");
  if (invoice.status === "paid" || (!isKnown && invoice.amount_paid > 0)) return "paid";
  if (invoice.status === "draft") return null;
  if (intents.some((intent) => intent.status === "processing")) return "processing";
  if (invoice.billing_reason === "subscription_create") return firstStatus(graph, invoice, intents);
  // One that was never tried, as while a gift is paused, is no payment and no failure, also if it is written off.
  return invoice.attempt_count > 0 ? "failed" : null;
}

/**
 * Of an unpaid first invoice. No event ties it to its PaymentIntent before it is paid, so what became of a bank debit is seen from the
 * invoice and the subscription too.
 */
function firstStatus(graph: DonationGraph, invoice: Invoice, intents: readonly PaymentIntent[]): PaymentStatus | null {
  const isOurs = (row: Session) => row.subscription_id === invoice.subscription_id && isDelayed(row);
  if (!graph.sessions.some(isOurs)) return null;
  const subscription = graph.subscriptions.find((row) => row.id === invoice.subscription_id);
  const isLost = invoice.status !== "open" || subscription?.status === "incomplete_expired" || intents.some(isOver);
  return isLost ? "failed" : "processing";
}

/** The charge that went through, else the latest that was tried. */
function chargeOf(
  graph: DonationGraph,
  intentIds: readonly string[],
  chargeIds: readonly string[],
): Charge | undefined {
  return graph.charges
    .filter(
      (row) =>
        (row.payment_intent_id !== null && intentIds.includes(row.payment_intent_id)) || chargeIds.includes(row.id),
    )
    .toSorted(
      (a, b) =>
        Number(b.status === "succeeded") - Number(a.status === "succeeded") ||
        +b.created - +a.created ||
        (a.id < b.id ? 1 : -1),
    )[0];
}

function settlementOf(graph: DonationGraph, charge: Charge | undefined): BalanceTransaction | undefined {
  if (charge === undefined) return undefined;
  return graph.balanceTransactions.find((row) => row.source_id === charge.id && isSettlement(row));
}

/**
 * What the donor has got back so far, in the donor's currency: refunds that have not failed or been cancelled, and disputes whose money is
 * with the bank now. Never more than was paid, whatever order the news comes in.
 */
function takenBackOf(
  graph: DonationGraph,
  charge: Charge | undefined,
  amount: number,
): Pick<Attempt, "refunded" | "disputed"> {
  if (charge === undefined) return { refunded: 0, disputed: 0 };
  const refunds = graph.refunds.filter(
    (row) => row.charge_id === charge.id && row.status !== "failed" && row.status !== "canceled",
  );
  const disputes = graph.disputes.filter((row) => row.charge_id === charge.id && heldBack(graph, row) < 0);
  if (hasComeBack(graph, charge)) return { refunded: amount, disputed: 0 };
  return { refunded: Math.min(amount, sum(refunds)), disputed: Math.min(amount, sum(disputes)) };
}

/** A bank debit that had settled and was returned after all: the ledger books that on the charge itself. */
function hasComeBack(graph: DonationGraph, charge: Charge): boolean {
  return graph.balanceTransactions.some((row) => row.source_id === charge.id && !isSettlement(row) && row.amount < 0);
}

/** Only the ledger says whether a dispute holds money back: an inquiry moves none, and one that is won gives it back. */
function heldBack(graph: DonationGraph, dispute: Dispute): number {
  return sum(graph.balanceTransactions.filter((row) => row.source_id === dispute.id));
}

function sum(rows: readonly { readonly amount: number }[]): number {
  return rows.reduce((total, row) => total + row.amount, 0);
}

function failureOf(charge: Charge | undefined, intent: PaymentIntent | undefined): string | null {
  return charge?.failure_code ?? intent?.failure_code ?? null;
}

function datesOf(
  status: PaymentStatus,
  attemptedAt: Date,
  paidAt: Date | null,
  charge: Charge | undefined,
  settlement: BalanceTransaction | undefined,
): Pick<Attempt, "booked_at" | "paid_at"> {
  const bookedAt = settlement?.created ?? charge?.created ?? attemptedAt;
  return { booked_at: bookedAt, paid_at: status === "paid" ? (paidAt ?? charge?.created ?? attemptedAt) : null };
}

function methodOf(charge: Charge | undefined): Pick<Attempt, "payment_method" | "card_country"> {
  return { payment_method: charge?.wallet ?? charge?.method_type ?? null, card_country: charge?.card_country ?? null };
}

function moneyOf(
  settlement: BalanceTransaction | undefined,
): Pick<
  Attempt,
  "settlement_currency" | "settled_gross" | "fee" | "net" | "exchange_rate" | "stripe_balance_transaction"
> {
  return {
    settlement_currency: settlement?.currency ?? null,
    settled_gross: settlement?.amount ?? null,
    fee: settlement?.fee ?? null,
    net: settlement?.net ?? null,
    exchange_rate: settlement?.exchange_rate ?? null,
    stripe_balance_transaction: settlement?.id ?? null,
  };
}
