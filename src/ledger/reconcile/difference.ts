import type { MirrorKindName } from "../../mirror/kind.ts";

/** The kinds of objects whose lists at Stripe are compared with the mirror. */
export const COMPARED = [
  "charge",
  "refund",
  "dispute",
  "invoice",
  "subscription",
  "payout",
] as const satisfies readonly MirrorKindName[];
export type Compared = (typeof COMPARED)[number];

/** Objects that are compared one by one, whether or not they come by a list. */
export type AnyObject = Compared | "payment_intent" | "balance_transaction";

export type DifferenceKind =
  /** Stripe has it, the books don't; they say something else of it; the books have it, Stripe doesn't. */
  | `${AnyObject}_${"missing" | "differs" | "unknown"}`
  /** Σ net of the ledger is not Stripe's balance; the object is the currency. */
  | "balance"
  /** Σ net of a payout's lines is not its amount. */
  | "payout_total"
  | "refund_total"
  | "dispute_total"
  | "charge_without_payment"
  | "payment_without_balance_transaction"
  | "invoice_payment_missing"
  /** Rows of a donation are not what mirror and ledger give; the object is the donation. */
  | "derived_row"
  | "donation_stuck"
  | "event_dead"
  | "event_waiting"
  | "derivation_overdue";

type Facts = Readonly<Record<string, unknown>>;

/** What the books and Stripe disagree on: ids, amounts and states, nothing personal. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly object_id: string;
  /** When the object was made, by Stripe's clock; null for what has no moment. */
  readonly occurred_at: Date | null;
  readonly ours: Facts | null;
  readonly stripes: Facts | null;
  readonly cause: string;
}

const SHOWN =
  /^(?:status|payment_status|currency|paid|captured|refunded|disputed|reason|failure_reason|failure_code|type|reporting_category|billing_reason|interval|automatic|attempt_count|net|fee|count)$|^amount|_at$|_ids?$|^cancel|_date$|_end$|_by$|_status$|^pause_|^has_|_count$/;

/** Of some columns of a row, those that may stand in a report; of another one only that it differs. */
export function facts(row: Facts, columns: readonly string[]): Facts {
  return Object.fromEntries(columns.map((column) => [column, SHOWN.test(column) ? row[column] : "not shown"]));
}
