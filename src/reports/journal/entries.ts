import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Account, NewsroomConfig } from "../../newsroom.ts";
import { addDays, localDate, type Period, periodStart } from "../../shared/period.ts";
import { type JournalSum, journalExtent, readJournalSums } from "./lines.queries.ts";

/** Days that are read at once: a few hundred lines. */
const DAYS_AT_ONCE = 31;

/** In minor units of the entry's currency: a debit above zero, a credit below. */
export interface EntryLine {
  readonly account: Account;
  readonly cost_centre: string | null;
  readonly amount: number;
}

/** Its lines sum to zero. */
export interface JournalEntry {
  /** The same whenever the period is asked for; 21 characters at most, as QuickBooks has it. */
  readonly entry: string;
  /** In the reporting time zone. */
  readonly date: string;
  /** Settlement currency. */
  readonly currency: string;
  readonly description: string;
  readonly payout_id: string | null;
  readonly lines: readonly EntryLine[];
}

export interface JournalScope {
  readonly period: Period;
  readonly timeZone: string;
  readonly currency?: string | undefined;
  readonly accounting: NewsroomConfig["accounting"];
}

/**
 * The journal in the order of its days: for each day and settlement currency one entry of all that gifts, refunds, disputes and fees
 * moved, and one for each payout that left for the bank or came back from it. Per day and not per balance transaction, because a package takes
 * a thousand lines at once, and an accountant reads a month; what an entry is made of is in the view `reporting.journal` and in the
 * payout's lines. Accounts that come to zero on a day are left out.
 */
export async function* journalEntries(db: Kysely<DB>, scope: JournalScope): AsyncGenerator<JournalEntry> {
  const { period, timeZone, currency, accounting } = scope;
  const extent = await journalExtent(db, period);
  if (extent === null) return;
  const behind = addDays(localDate(extent.last, timeZone), 1);
  for (let from = localDate(extent.first, timeZone); from < behind; from = addDays(from, DAYS_AT_ONCE)) {
    const to = addDays(from, DAYS_AT_ONCE);
    const sums = await readJournalSums(db, {
      start: later(periodStart(from, timeZone), period.start),
      end: earlier(periodStart(to, timeZone), period.end),
      timeZone,
      currency,
      costCentres: accounting.cost_centres,
      defaultCostCentre: accounting.default_cost_centre ?? null,
    });
    yield* entriesOf(sums);
  }
}

function* entriesOf(sums: readonly JournalSum[]): Generator<JournalEntry> {
  let lines: JournalSum[] = [];
  for (const sum of sums) {
    const [first] = lines;
    if (first !== undefined && keyOf(first) !== keyOf(sum)) {
      yield entryOf(first, lines);
      lines = [];
    }
    lines.push(sum);
  }
  const [first] = lines;
  if (first !== undefined) yield entryOf(first, lines);
}

function keyOf({ date, currency, balance_transaction_id }: JournalSum): string {
  return `${date} ${currency} ${balance_transaction_id ?? ""}`;
}

function entryOf({ date, currency, payout_id }: JournalSum, sums: readonly JournalSum[]): JournalEntry {
  const lines = sums.map(({ account, cost_centre, amount }) => ({ account, cost_centre, amount }));
  if (payout_id === null) {
    const entry = `${date.replaceAll("-", "")}${currency}`;
    return { entry, date, currency, description: `Stripe, ${currency}, ${date}`, payout_id, lines };
  }
  const isOut = lines.some((line) => line.account === "stripe_balance" && line.amount < 0);
  return {
    entry: `${isOut ? "PO" : "PR"}-${payout_id.slice(-16)}`,
    date,
    currency,
    description: `${isOut ? "Payout" : "Payout came back"} ${payout_id}`,
    payout_id,
    lines,
  };
}

export function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
