import type { Donation, DonationGraph } from "./types.ts";

/** Rows of many donations at once, as they were read. */
export type GraphRows = Omit<DonationGraph, "id" | "donation">;

interface Linked {
  readonly id: string;
}

/** Gives each donation its own rows. An absent link matches nothing: a null must never join rows that have nothing to do with each other. */
export function assembleGraphs(
  ids: readonly string[],
  donations: readonly Donation[],
  rows: GraphRows,
): readonly DonationGraph[] {
  const find = indexesOf(donations, rows);
  return ids.map((id) => {
    const sessions = find.sessionsOf(id);
    const subscriptions = distinct([
      ...find.subscriptionsOf(id),
      ...sessions.flatMap((row) => find.subscription(row.subscription_id)),
    ]);
    const invoices = distinct([...find.invoicesOf(id), ...subscriptions.flatMap((row) => find.invoicesOn(row.id))]);
    const invoicePayments = invoices.flatMap((row) => find.invoicePaymentsOf(row.id));
    const paymentIntents = distinct([
      ...find.intentsOf(id),
      ...[...sessions, ...invoicePayments].flatMap((row) => find.intent(row.payment_intent_id)),
    ]);
    const charges = distinct([
      ...find.soleChargesOf(id),
      ...paymentIntents.flatMap((row) => find.chargesOf(row.id)),
      ...invoicePayments.flatMap((row) => find.charge(row.charge_id)),
    ]);
    const refunds = charges.flatMap((row) => find.refundsOf(row.id));
    const disputes = charges.flatMap((row) => find.disputesOf(row.id));
    const customers = [...sessions, ...subscriptions, ...paymentIntents, ...charges].flatMap((row) =>
      find.customer(row.customer_id),
    );
    return {
      id,
      donation: find.donation(id)[0] ?? null,
      sessions,
      subscriptions,
      invoices,
      invoicePayments,
      paymentIntents,
      charges,
      refunds,
      disputes,
      balanceTransactions: [...charges, ...refunds, ...disputes].flatMap((row) => find.balanceTransactionsOf(row.id)),
      customers: distinct(customers),
    };
  });
}

function indexesOf(donations: readonly Donation[], rows: GraphRows) {
  return {
    donation: index(donations, (row) => row.id),
    sessionsOf: index(rows.sessions, (row) => row.donation_id),
    subscriptionsOf: index(rows.subscriptions, (row) => row.donation_id),
    subscription: index(rows.subscriptions, (row) => row.id),
    invoicesOf: index(rows.invoices, (row) => row.donation_id),
    invoicesOn: index(rows.invoices, (row) => row.subscription_id),
    invoicePaymentsOf: index(rows.invoicePayments, (row) => row.invoice_id),
    intentsOf: index(rows.paymentIntents, (row) => row.donation_id),
    intent: index(rows.paymentIntents, (row) => row.id),
    chargesOf: index(rows.charges, (row) => row.payment_intent_id),
    soleChargesOf: index(rows.charges, (row) => row.donation_id),
    charge: index(rows.charges, (row) => row.id),
    refundsOf: index(rows.refunds, (row) => row.charge_id),
    disputesOf: index(rows.disputes, (row) => row.charge_id),
    balanceTransactionsOf: index(rows.balanceTransactions, (row) => row.source_id),
    customer: index(rows.customers, (row) => row.id),
  };
}

function index<Row>(rows: readonly Row[], keyOf: (row: Row) => string | null): (key: string | null) => readonly Row[] {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key === null) continue;
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [row]);
    else same.push(row);
  }
  return (key) => (key === null ? [] : (byKey.get(key) ?? []));
}

function distinct<Row extends Linked>(rows: readonly Row[]): readonly Row[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

export function present(values: readonly (string | null)[]): ReadonlySet<string> {
  return new Set(values.filter((value) => value !== null));
}
