import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Position } from "./cursor.ts";
import { type PaymentReportRow, type PaymentsFilter, readPayments } from "./payments.queries.ts";
import { positionOf } from "./payments.ts";
import type { Interval } from "./query-schema.ts";
import { readSummary, type SummaryRow } from "./summary.queries.ts";

/** Rows in memory at once; writing them takes a hundredth of a second, in which this process does nothing else. */
const PAGE = 250;

const summaryColumns = columnsOf<SummaryRow>(
  ["period", "frequency", "currency", "donations", "payments", "gross", "refunded", "disputed", "fees", "net"],
  { gross: "currency", refunded: "currency", disputed: "currency", fees: "currency", net: "currency" },
);

const paymentColumns = columnsOf<PaymentReportRow>(
  [
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
  ],
  {
    amount: "currency",
    chosen_amount: "currency",
    refunded: "currency",
    disputed: "currency",
    settled_gross: "settlement_currency",
    fee: "settlement_currency",
    net: "settlement_currency",
  },
);

/** Takes a piece of a file; resolves once there is room for more, rejects when nobody wants it any longer. */
export type Sink = (text: string | Uint8Array) => Promise<void>;

export async function summaryCsv(
  db: Kysely<DB>,
  sink: Sink,
  period: Period,
  interval: Interval,
  timeZone: string,
): Promise<void> {
  await sink(csvHeader(summaryColumns) + csvRows(summaryColumns, await readSummary(db, period, interval, timeZone)));
}

/**
 * All payments that pass the filter, or `most` of them, as CSV. They are read a page at a time in one read-only REPEATABLE READ transaction,
 * so the file is the state of one moment: a payment that settles meanwhile changes its date and would else be missing or there
 * twice. The transaction holds a connection until the file is through; it locks nothing.
 */
export async function paymentsCsv(
  db: Kysely<DB>,
  sink: Sink,
  filter: PaymentsFilter,
  part: { readonly after: Position | null; readonly most: number },
): Promise<void> {
  const moment = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  await moment.execute(async (trx) => {
    let { after, most } = part;
    let text = csvHeader(paymentColumns);
    for (;;) {
      const size = Math.min(PAGE, most);
      const rows = await readPayments(trx, filter, after, size);
      await sink(text + csvRows(paymentColumns, rows));
      const last = rows.at(-1);
      most -= rows.length;
      if (last === undefined || rows.length < size || most === 0) return;
      after = positionOf(last);
      text = "";
    }
  });
}
