import { columnsOf } from "../csv.ts";
import type { JournalEntry } from "./entries.ts";

/** A debit or a credit; minor units of `currency`. */
export interface JournalRow {
  readonly entry: string;
  readonly date: string;
  readonly currency: string;
  readonly account: string;
  readonly account_number: string;
  readonly account_name: string;
  readonly debit: number;
  readonly credit: number;
  readonly cost_centre: string | null;
  readonly description: string;
  readonly payout_id: string | null;
  /** The closed month that the entry corrects. */
  readonly correction_of: string | null;
}

export const journalColumns = columnsOf<JournalRow>(
  [
    "entry",
    "date",
    "currency",
    "account",
    "account_number",
    "account_name",
    "debit",
    "credit",
    "cost_centre",
    "description",
    "payout_id",
    "correction_of",
  ],
  { debit: "currency", credit: "currency" },
);

export function rowsOf(entry: JournalEntry): readonly JournalRow[] {
  return entry.lines.map(({ account, cost_centre, amount }) => ({
    entry: entry.entry,
    date: entry.date,
    currency: entry.currency,
    account,
    account_number: entry.accounts[account].number,
    account_name: entry.accounts[account].name,
    debit: Math.max(0, amount),
    credit: Math.max(0, 0 - amount),
    cost_centre,
    description: entry.description,
    payout_id: entry.payout_id,
    correction_of: entry.correction_of,
  }));
}
