import { balanceText } from "../balance.ts";
import { type Column, columnsOf, csvHeader, csvRows } from "../csv.ts";
import type { Position } from "../cursor.ts";
import { summaryColumns } from "../exports.ts";
import { frozenEntries } from "../journal/frozen.queries.ts";
import { journalColumns, rowsOf } from "../journal/rows.ts";
import { readPayments } from "../payments.queries.ts";
import { positionOf } from "../payments.ts";
import { paymentColumns } from "../payments-csv.ts";
import { differenceColumns } from "../reconciliation.ts";
import type { EvidenceScope } from "./evidence.ts";
import {
  type ComparisonRow,
  comparison,
  differencesOf,
  disputes,
  type JournalLine,
  journalLines,
  type MoneyBack,
  type Payout,
  type PayoutLine,
  payoutLines,
  payouts,
  refunds,
} from "./files.queries.ts";
import { pagesOf } from "./pages.queries.ts";
import { type ReceiptRow, receiptsOf } from "./receipts.queries.ts";

const PAYMENTS_AT_ONCE = 250;

/** What a reader read belongs to no auditor, and these files are kept for ten years: of where a gift came from the campaign alone. */
const ATTRIBUTION = /^(?:article_|placement$|variant$|utm_)/;

export async function* summaryFile({ summary }: EvidenceScope): AsyncGenerator<string> {
  yield csvHeader(summaryColumns) + csvRows(summaryColumns, summary);
}

/** What the month's own figures leave out: what became known of earlier months by the time it was closed. */
export async function* correctionsFile({ summary }: EvidenceScope): AsyncGenerator<string> {
  const rows = summary.filter((row) => row.correction_of !== null);
  yield csvHeader(summaryColumns) + csvRows(summaryColumns, rows);
}

export async function* paymentsFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  const columns = paymentColumns.filter((column) => !ATTRIBUTION.test(column.name));
  yield csvHeader(columns);
  let after: Position | null = null;
  for (;;) {
    const rows: Awaited<ReturnType<typeof readPayments>> = await readPayments(
      trx,
      filterOf(period),
      after,
      PAYMENTS_AT_ONCE,
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield csvRows(columns, rows);
    after = positionOf(last);
  }
}

function filterOf(period: EvidenceScope["period"]): Parameters<typeof readPayments>[1] {
  return {
    period,
    status: undefined,
    frequency: undefined,
    currency: undefined,
    campaign: undefined,
    article_id: undefined,
    placement: undefined,
    country: undefined,
  };
}

const ledgerColumns = columnsOf<JournalLine>(
  ["balance_transaction_id", "booked_at", "currency", "account", "amount", "payment_id"],
  { amount: "currency" },
);

/** By balance transaction: debits positive, credits negative; the lines of one sum to zero. */
export async function* journalFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(ledgerColumns, pagesOf(trx, journalLines(period)));
}

/** By day and payout, as it was frozen and as accounting packages import it: the same as the journal's generic format. */
export async function* journalEntriesFile({ trx, month, period, accounts }: EvidenceScope): AsyncGenerator<string> {
  const entries = await frozenEntries(trx, month, accounts, period);
  yield csvHeader(journalColumns) + csvRows(journalColumns, entries.flatMap(rowsOf));
}

const payoutColumns = columnsOf<Payout>(
  [
    "payout_id",
    "created",
    "arrival_date",
    "currency",
    "amount",
    "status",
    "automatic",
    "reconciliation_status",
    "failure_code",
    "lines",
    "lines_net",
  ],
  { amount: "currency", lines_net: "currency" },
);

export async function* payoutsFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(payoutColumns, pagesOf(trx, payouts(period)));
}

const payoutLineColumns = columnsOf<PayoutLine>(
  [
    "payout_id",
    "balance_transaction_id",
    "booked_at",
    "type",
    "reporting_category",
    "currency",
    "amount",
    "fee",
    "net",
    "payment_id",
  ],
  { amount: "currency", fee: "currency", net: "currency" },
);

export async function* payoutLinesFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(payoutLineColumns, pagesOf(trx, payoutLines(period)));
}

const moneyBackColumns = columnsOf<MoneyBack>(
  [
    "balance_transaction_id",
    "booked_at",
    "stripe_object",
    "payment_id",
    "frequency",
    "currency",
    "amount",
    "fee",
    "net",
    "status",
    "reason",
  ],
  { amount: "currency", fee: "currency", net: "currency" },
);

export async function* refundsFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(moneyBackColumns, pagesOf(trx, refunds(period)));
}

export async function* disputesFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(moneyBackColumns, pagesOf(trx, disputes(period)));
}

const comparisonColumns = columnsOf<ComparisonRow>(
  [
    "run_id",
    "since",
    "started_at",
    "finished_at",
    "stripe_at",
    "looked_at",
    "balances",
    "found",
    "healed",
    "remaining",
  ],
  {},
);

export async function* reconciliationFile({ trx, reconciliationRun }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(comparisonColumns, pagesOf(trx, comparison(reconciliationRun)));
}

export async function* differencesFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(differenceColumns, pagesOf(trx, differencesOf(period)));
}

export async function* balanceFile({ trx, period }: EvidenceScope): AsyncGenerator<string> {
  yield await balanceText(trx, period);
}

const receiptColumns = columnsOf<ReceiptRow>(
  ["number", "payment_id", "received_on", "issued_at", "frequency", "currency", "amount", "reference"],
  { amount: "currency" },
);

export async function* receiptsFile({ trx, period, ...closing }: EvidenceScope): AsyncGenerator<string> {
  yield* csvOf(receiptColumns, pagesOf(trx, receiptsOf(period, closing)));
}

async function* csvOf<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield csvHeader(columns);
  for await (const page of pages) yield csvRows(columns, page);
}
