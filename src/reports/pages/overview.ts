import { AppError } from "../../shared/errors.ts";
import { assertSafe } from "../../shared/money.ts";
import { addDays, firstOfMonth, localDate } from "../../shared/period.ts";
import { periodOfDays } from "../close/months.ts";
import type { DisputeRow } from "../disputes.queries.ts";
import { disputesPage } from "../disputes.ts";
import { paymentsPage } from "../payments.ts";
import { payoutsPage } from "../payouts.ts";
import { reading } from "../reading.queries.ts";
import { type ReconciliationPage, reconciliationPage } from "../reconciliation.ts";
import { type RecurringRow, rowsOfMonths, wholeMonths } from "../recurring.ts";
import { readSummary, type SummaryRow } from "../summary.queries.ts";
import type { PageDeps } from "./report-page.ts";

/** A dispute whose answer is due within this is told of on the first page. */
export const DEADLINE_DAYS = 7;
/** Payouts made within this are looked through for one that doesn't add up. */
export const PAYOUT_DAYS = 31;
const DAY_MS = 86_400_000;
const LISTED = 100;
const MOST = 1000;

/** Whether Stripe waits for the newsroom's evidence; after that it waits for the bank. */
export function awaitsAnswer({ status }: Pick<DisputeRow, "status">): boolean {
  return status === "needs_response" || status === "warning_needs_response";
}

/** Counts, and amounts in minor units of one currency. */
export type Totals = Omit<SummaryRow, "period" | "frequency" | "currency">;

export const NOTHING: Totals = { donations: 0, payments: 0, gross: 0, refunded: 0, disputed: 0, fees: 0, net: 0 };

export interface CurrencyOverview {
  readonly currency: string;
  /** Of the thirteen months, in their order. */
  readonly months: readonly Totals[];
  /** Of the month before and of the same month last year, through the day of the month that it is now. */
  readonly beforeSoFar: Totals;
  readonly yearAgoSoFar: Totals;
}

export interface Overview {
  /** First days of thirteen months, the last of which is the present one. */
  readonly months: readonly string[];
  /** Days before which the figures so far end: of this month, of the month before, of the same month last year. */
  readonly soFar: readonly [string, string, string];
  readonly currencies: readonly CurrencyOverview[];
}

/**
 * Thirteen months by settlement currency, those with most payments first, and what may be compared with a month that isn't over. All as it is
 * counted now, closed or not: a part of a month can be held only against what was counted the same way.
 */
export async function readOverview({ db, now, newsroom }: PageDeps): Promise<Overview> {
  const timeZone = newsroom().time_zone;
  const today = localDate(now(), timeZone);
  const [year = 0, month = 0, day = 0] = today.split("-").map(Number);
  const months = Array.from({ length: 13 }, (_, index) => firstOfMonth(year, month - 12 + index));
  const end = firstOfMonth(year, month + 1);
  const [before, yearAgo] = [firstOfMonth(year, month - 1), firstOfMonth(year - 1, month)];
  const soFar = [
    addDays(today, 1),
    earlier(addDays(before, day), firstOfMonth(year, month)),
    earlier(addDays(yearAgo, day), firstOfMonth(year - 1, month + 1)),
  ] as const;
  const lines = await reading(db, async (trx) => {
    const of = (from: string, to: string) => readSummary(trx, periodOfDays(from, to, timeZone), "month", timeZone);
    return {
      all: await of(months[0] ?? yearAgo, end),
      before: await of(before, soFar[1]),
      yearAgo: await of(yearAgo, soFar[2]),
    };
  });
  const currencies = [...Map.groupBy(lines.all, (line) => line.currency)].map(([currency, own]) => ({
    currency,
    months: months.map((first) => sum(own.filter(({ period }) => period === first))),
    beforeSoFar: sum(lines.before.filter((line) => line.currency === currency)),
    yearAgoSoFar: sum(lines.yearAgo.filter((line) => line.currency === currency)),
  }));
  const payments = (each: CurrencyOverview) => each.months.reduce((all, totals) => all + totals.payments, 0);
  return {
    months,
    soFar,
    currencies: currencies.toSorted((a, b) => payments(b) - payments(a)),
  };
}

/** Of one currency, over all frequencies; a gift has one. */
function sum(lines: readonly SummaryRow[]): Totals {
  return lines.reduce<Totals>(
    (all, line) => ({
      donations: all.donations + line.donations,
      payments: all.payments + line.payments,
      gross: assertSafe(all.gross + line.gross),
      refunded: assertSafe(all.refunded + line.refunded),
      disputed: assertSafe(all.disputed + line.disputed),
      fees: assertSafe(all.fees + line.fees),
      net: assertSafe(all.net + line.net),
    }),
    NOTHING,
  );
}

function earlier(one: string, other: string): string {
  return one < other ? one : other;
}

export interface RecurringNow {
  readonly at: Date;
  /** Of each donors' currency: this month, the month before and the same month last year. */
  readonly rows: readonly {
    readonly currency: string;
    readonly now: RecurringRow;
    readonly before: RecurringRow | null;
    readonly yearAgo: RecurringRow | null;
  }[];
}

/** Null while it is still being counted; `failed` when that took too long. */
export async function recurringOrNot(deps: PageDeps): Promise<RecurringNow | "failed" | null> {
  try {
    return await recurringNow(deps);
  } catch (error) {
    if (error instanceof AppError && error.kind === "unavailable") return "failed";
    throw error;
  }
}

async function recurringNow({ recurring, now, newsroom }: PageDeps): Promise<RecurringNow | null> {
  const timeZone = newsroom().time_zone;
  const today = localDate(now(), timeZone);
  const { last } = wholeMonths({ from: today, to: addDays(today, 1) }, now(), timeZone);
  const counted = await recurring(last, timeZone);
  if (counted === null) return null;
  const rows = rowsOfMonths(counted.counts, { first: last - 12, last });
  const [year = 0, month = 0] = today.split("-").map(Number);
  const of = (currency: string, first: string) =>
    rows.find((row) => row.currency === currency && row.month === first) ?? null;
  const currencies = [...new Set(rows.map((row) => row.currency))];
  return {
    at: counted.at,
    rows: currencies.flatMap((currency) => {
      const present = of(currency, firstOfMonth(year, month));
      const [before, yearAgo] = [
        of(currency, firstOfMonth(year, month - 1)),
        of(currency, firstOfMonth(year - 1, month)),
      ];
      return present === null ? [] : [{ currency, now: present, before, yearAgo }];
    }),
  };
}

export interface Attention {
  readonly differences: Pick<ReconciliationPage, "run"> & { readonly open: number; readonly more: boolean };
  /** Those whose answer is due within a week, or was. */
  readonly disputes: readonly DisputeRow[];
  /** Of the last month, those that don't add up or came back from the bank. */
  readonly payouts: { readonly wrong: number; readonly failed: number };
  /** By the donors' currency. */
  readonly processing: readonly { readonly currency: string; readonly payments: number; readonly amount: number }[];
  /** Whether more are processing than are counted here. */
  readonly moreProcessing: boolean;
}

/** What somebody should look at, and what is on its way. */
export async function readAttention({ db, now, newsroom }: PageDeps): Promise<Attention> {
  const timeZone = newsroom().time_zone;
  const today = localDate(now(), timeZone);
  const days = (back: number) => periodOfDays(addDays(today, -back), addDays(today, 1), timeZone);
  const soon = +now() + DEADLINE_DAYS * DAY_MS;
  const differences = await reconciliationPage(db, { state: "open" }, null, LISTED);
  const disputes = await disputesPage(db, { status: "open" }, null, LISTED);
  const payouts = await payoutsPage(db, { period: days(PAYOUT_DAYS) }, null, LISTED);
  const processing = await paymentsPage(db, { status: "processing", period: days(366) }, null, MOST);
  return {
    differences: {
      run: differences.run,
      open: differences.rows.length,
      more: differences.next_cursor !== null,
    },
    disputes: disputes.rows.filter((row) => awaitsAnswer(row) && row.due_by !== null && +row.due_by <= soon),
    payouts: {
      wrong: payouts.rows.filter(({ adds_up }) => adds_up === false).length,
      failed: payouts.rows.filter(({ status }) => status === "failed").length,
    },
    processing: [...Map.groupBy(processing.rows, (row) => row.currency)].map(([currency, rows]) => ({
      currency,
      payments: rows.length,
      amount: assertSafe(rows.reduce((all, row) => all + row.amount, 0)),
    })),
    moreProcessing: processing.next_cursor !== null,
  };
}
