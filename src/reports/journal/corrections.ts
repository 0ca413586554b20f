import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { ACCOUNTS } from "../../newsroom.ts";
import { assertSafe } from "../../shared/money.ts";
import type { Accounts, EntryLine, JournalEntry } from "./entries.ts";
import { type FrozenMonth, type FrozenSum, frozenSums } from "./frozen.queries.ts";
import { readAccountSums } from "./lines.queries.ts";

interface Open {
  /** The first day of the open month. */
  readonly date: string;
  readonly currency?: string | undefined;
  readonly accounts: Accounts;
}

/**
 * What is counted now in months that are closed and was not frozen, neither with them nor later as a correction: for each of them and each
 * currency one entry of the open month. Cost centres are those with which the month was closed, so that another campaign's number changes nothing
 * in it; numbers and names of accounts are those of now. All closed months are counted, one after the other: some 8 µs for a payment.
 */
export async function journalCorrections(
  db: Kysely<DB>,
  months: readonly FrozenMonth[],
  open: Open,
): Promise<readonly JournalEntry[]> {
  if (months.length === 0) return [];
  const frozen = Map.groupBy(await frozenSums(db, open.currency), (sum) => sum.month);
  const entries: JournalEntry[] = [];
  for (const { month, time_zone, starts_at, ends_at, settings } of months) {
    const counted = await readAccountSums(db, {
      start: starts_at,
      end: ends_at,
      timeZone: time_zone,
      currency: open.currency,
      costCentres: settings.cost_centres,
      defaultCostCentre: settings.default_cost_centre ?? null,
    });
    const sums = [
      ...counted.map((sum) => ({ ...sum, month })),
      ...(frozen.get(month) ?? []).map((sum) => ({ ...sum, amount: 0 - sum.amount })),
    ];
    for (const [currency, own] of inOrder(Map.groupBy(sums, (sum) => sum.currency))) {
      const lines = linesOf(own);
      if (lines.length > 0) entries.push(entryOf(month, currency, lines, open));
    }
  }
  return entries;
}

function inOrder<Value>(byName: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function linesOf(sums: readonly FrozenSum[]): readonly EntryLine[] {
  const lines = new Map<string, EntryLine>();
  for (const { account, cost_centre, amount } of sums) {
    const key = `${String(ACCOUNTS.indexOf(account)).padStart(3, "0")} ${account} ${cost_centre ?? ""}`;
    const before = lines.get(key)?.amount ?? 0;
    lines.set(key, { account, cost_centre, amount: assertSafe(BigInt(before) + BigInt(amount)) });
  }
  return inOrder(lines)
    .map(([, line]) => line)
    .filter((line) => line.amount !== 0);
}

function entryOf(month: string, currency: string, lines: readonly EntryLine[], { date, accounts }: Open): JournalEntry {
  return {
    entry: `C${compact(month)}-${compact(date)}${currency}`,
    date,
    currency,
    description: `Correction of ${month}, ${currency}`,
    payout_id: null,
    correction_of: month,
    lines,
    accounts,
  };
}

function compact(date: string): string {
  return date.replaceAll("-", "");
}
