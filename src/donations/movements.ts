import type { BalanceTransaction, DonationGraph, MovementRow, PaymentRow } from "./types.ts";

/** The balance transaction of the charge itself; `payment` is a charge by bank debit and the like. */
export function isSettlement(row: BalanceTransaction): boolean {
  return row.type === "charge" || row.type === "payment";
}

/** Each balance transaction of a donation, tied to its payment. Everything is in the settlement currency, dated by Stripe's `created`. */
export function deriveMovements(graph: DonationGraph, payments: readonly PaymentRow[]): readonly MovementRow[] {
  const byCharge = new Map(
    payments.flatMap((row) => (row.stripe_charge === null ? [] : [[row.stripe_charge, row] as const])),
  );
  const chargeOf = new Map<string, string | null>([
    ...graph.charges.map((row) => [row.id, row.id] as const),
    ...graph.refunds.map((row) => [row.id, row.charge_id] as const),
    ...graph.disputes.map((row) => [row.id, row.charge_id] as const),
  ]);
  const disputes = new Set(graph.disputes.map((row) => row.id));
  const movements = graph.balanceTransactions.flatMap((row) => {
    const payment = byCharge.get(chargeOf.get(row.source_id ?? "") ?? "");
    if (payment === undefined) return [];
    return {
      balance_transaction_id: row.id,
      payment_id: payment.id,
      donation_id: graph.id,
      frequency: payment.frequency,
      booked_at: row.created,
      currency: row.currency,
      ...columnsOf(row, disputes),
      fee: row.fee,
      net: row.net,
    };
  });
  const before = previousCharges(movements);
  return movements.map((row) => ({ ...row, previous_at: before.get(row.balance_transaction_id) ?? null }));
}

/** When the same gift was charged before, in the same currency: whoever knows that can count gifts once in any period. */
function previousCharges(movements: readonly Omit<MovementRow, "previous_at">[]): ReadonlyMap<string, Date> {
  const before = new Map<string, Date>();
  const charges = movements.filter((row) => row.gross !== 0);
  for (const ofCurrency of Map.groupBy(charges, (row) => row.currency).values()) {
    const inOrder = ofCurrency.toSorted(
      (a, b) => +a.booked_at - +b.booked_at || (a.balance_transaction_id < b.balance_transaction_id ? -1 : 1),
    );
    for (const [index, row] of inOrder.entries()) {
      const previous = inOrder[index - 1];
      if (previous !== undefined) before.set(row.balance_transaction_id, previous.booked_at);
    }
  }
  return before;
}

/** Stripe's amounts are signed as the account sees them; a refund or dispute that comes back is a negative one. */
function columnsOf(
  row: BalanceTransaction,
  disputes: ReadonlySet<string>,
): Pick<MovementRow, "gross" | "refunded" | "disputed"> {
  if (isSettlement(row)) return { gross: row.amount, refunded: 0, disputed: 0 };
  if (disputes.has(row.source_id ?? "")) return { gross: 0, refunded: 0, disputed: 0 - row.amount };
  return { gross: 0, refunded: 0 - row.amount, disputed: 0 };
}
