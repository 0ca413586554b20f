import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Position } from "./cursor.ts";
import type { PaymentReportRow, PaymentsFilter } from "./payments.queries.ts";
import { readPaymentLines } from "./payments-csv.queries.ts";
import type { Interval } from "./query-schema.ts";
import { reading, readingOnce } from "./reading.queries.ts";
import { readSummary, type SummaryRow } from "./summary.queries.ts";

/** Rows in memory at once, about two megabytes of text. */
const PAGE = 4_000;

const summaryColumns = columnsOf<SummaryRow>(
  ["period", "frequency", "currency", "donations", "payments", "gross", "refunded", "disputed", "fees", "net"],
  { gross: "currency", refunded: "currency", disputed: "currency", fees: "currency", net: "currency" },
);

const PAYMENT_FIELDS = [
  "payment_id",
  "donation_id",
  "donor_id",
  "booked_at",
  "paid_at",
  "status",
  "frequency",
  "installment",
  "currency",
  "amount",
  "chosen_amount",
  "fees_covered",
  "refunded",
  "disputed",
  "settlement_currency",
  "settled_gross",
  "fee",
  "net",
  "exchange_rate",
  "payout_id",
  "payout_arrival",
  "payment_method",
  "card_country",
  "article_id",
  "article_url",
  "campaign",
  "placement",
  "variant",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_content",
  "utm_term",
  "stripe_payment_intent",
  "stripe_charge",
  "stripe_invoice",
  "stripe_subscription",
  "stripe_balance_transaction",
] as const satisfies readonly (keyof PaymentReportRow)[];

/** Each amount, and the field that holds its currency. */
const PAYMENT_AMOUNTS: { readonly [Field in keyof PaymentReportRow]?: keyof PaymentReportRow } = {
  amount: "currency",
  chosen_amount: "currency",
  refunded: "currency",
  disputed: "currency",
  settled_gross: "settlement_currency",
  fee: "settlement_currency",
  net: "settlement_currency",
};

/** For its header and the order of its cells; Postgres writes the cells. */
export const paymentColumns = columnsOf<PaymentReportRow>(PAYMENT_FIELDS, PAYMENT_AMOUNTS);

const PAYMENT_CELLS = PAYMENT_FIELDS.map((field) => [field, PAYMENT_AMOUNTS[field]] as const);

/** Takes a piece of a file; resolves once there is room for more, rejects when nobody wants it any longer. */
export type Sink = (text: string | Uint8Array) => Promise<void>;

export async function summaryCsv(
  db: Kysely<DB>,
  sink: Sink,
  period: Period,
  interval: Interval,
  timeZone: string,
): Promise<void> {
  const rows = await reading(db, (trx) => readSummary(trx, period, interval, timeZone));
  await sink(csvHeader(summaryColumns) + csvRows(summaryColumns, rows));
}

/**
 * All payments that pass the filter, or `most` of them, as CSV. They are read a page at a time in one read-only REPEATABLE READ transaction,
 * so the file is the state of one moment: a payment that settles meanwhile changes its date and would else be missing or there
 * twice. The transaction holds a connection until the file is through; it locks nothing. Postgres makes the next page while this one is sent.
 */
export async function paymentsCsv(
  db: Kysely<DB>,
  sink: Sink,
  filter: PaymentsFilter,
  part: { readonly after: Position | null; readonly most: number },
): Promise<void> {
  await readingOnce(db, async (trx) => {
    let { after, most } = part;
    const next = () => readPaymentLines(trx, PAYMENT_CELLS, { filter, after, limit: Math.min(PAGE, most) });
    let coming = next();
    let text = csvHeader(paymentColumns);
    for (;;) {
      const piece = await coming;
      most -= piece.count;
      const isLast = piece.count < PAGE || most === 0;
      if (!isLast) {
        after = { booked_at: piece.booked_at, id: piece.id };
        coming = next();
        // If the reader goes away meanwhile, nobody waits for it.
        coming.catch(() => {});
      }
      await sink(text + (piece.text ?? ""));
      if (isLast) return;
      text = "";
    }
  });
}
