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
  /** The closed month (YYYY-MM) that it corrects. */
  readonly correction_of: string | null;
  readonly lines: readonly EntryLine[];
  /** Number and name of each account: those of now, or those with which the entry's month was closed. */
  readonly accounts: Accounts;
}

export type Accounts = NewsroomConfig["accounting"]["accounts"];

/** What of the settings an entry says, and what is kept with a month when it is closed. */
export type Bookkeeping = Pick<NewsroomConfig["accounting"], "accounts" | "cost_centres" | "default_cost_centre">;

export interface JournalScope {
  readonly period: Period;
  readonly timeZone: string;
  readonly currency?: string | undefined;
  readonly accounting: NewsroomConfig["accounting"];
}

/** Some of the journal as it is counted now. */
export interface CountedScope {
  readonly start: Date;
  readonly end: Date;
  readonly timeZone: string;
  readonly currency?: string | undefined;
  readonly accounting: Bookkeeping;
}

/**
 * Entries as they are counted now, in the order of their days: for each day and settlement currency one entry of all that gifts, refunds, disputes and fees
 * moved, and one for each payout that left for the bank or came back from it. Per day and not per balance transaction, because a package takes
 * a thousand lines at once, and an accountant reads a month; what an entry is made of is in the view `reporting.journal` and in the
 * payout's lines. Accounts that come to zero on a day are left out.
 */
export async function* countedEntries(db: Kysely<DB>, scope: CountedScope): AsyncGenerator<JournalEntry> {
  const { start, end, timeZone, currency, accounting } = scope;
  if (start >= end) return;
  const extent = await journalExtent(db, { start, end });
  if (extent === null) return;
  const behind = addDays(localDate(extent.last, timeZone), 1);
  for (let from = localDate(extent.first, timeZone); from < behind; from = addDays(from, DAYS_AT_ONCE)) {
    const to = addDays(from, DAYS_AT_ONCE);
    const sums = await readJournalSums(db, {
      start: later(periodStart(from, timeZone), start),
      end: earlier(periodStart(to, timeZone), end),
      timeZone,
      currency,
      costCentres: accounting.cost_centres,
      defaultCostCentre: accounting.default_cost_centre ?? null,
    });
    yield* entriesOf(sums, accounting.accounts);
  }
}

function* entriesOf(sums: readonly JournalSum[], accounts: Accounts): Generator<JournalEntry> {
  let lines: JournalSum[] = [];
  for (const sum of sums) {
    const [first] = lines;
    if (first !== undefined && keyOf(first) !== keyOf(sum)) {
      yield entryOf(first, lines, accounts);
      lines = [];
    }
    lines.push(sum);
  }
  const [first] = lines;
  if (first !== undefined) yield entryOf(first, lines, accounts);
}

function keyOf({ date, currency, balance_transaction_id }: JournalSum): string {
  return `${date} ${currency} ${balance_transaction_id ?? ""}`;
}

function entryOf(
  { date, currency, payout_id }: JournalSum,
  sums: readonly JournalSum[],
  accounts: Accounts,
): JournalEntry {
  const lines = sums.map(({ account, cost_centre, amount }) => ({ account, cost_centre, amount }));
  const same = { date, currency, payout_id, correction_of: null, lines, accounts };
  if (payout_id === null) {
    return { ...same, entry: `${date.replaceAll("-", "")}${currency}`, description: `Stripe, ${currency}, ${date}` };
  }
  const isOut = lines.some((line) => line.account === "stripe_balance" && line.amount < 0);
  return {
    ...same,
    entry: `${isOut ? "PO" : "PR"}-${payout_id.slice(-16)}`,
    description: `${isOut ? "Payout" : "Payout came back"} ${payout_id}`,
  };
}

export function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
