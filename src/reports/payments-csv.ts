import type { Kysely } from "kysely";
import { copyingOut } from "../db/copy-out.ts";
import type { DB } from "../db/schema.ts";
import { EXPORT_STATEMENT_TIMEOUT_MS } from "../shared/limits.ts";
import { type CopiedField, csvOfCopied } from "./copied-lines.ts";
import { columnsOf, csvHeader } from "./csv.ts";
import type { Position } from "./cursor.ts";
import type { Sink } from "./exports.ts";
import { type PaymentReportRow, type PaymentsFilter, paymentRows } from "./payments.queries.ts";

/** Rows of one statement. They are never in memory at once: a piece of them is taken when the one before is sent. */
const ROWS_AT_ONCE = 25_000;

type Field = keyof PaymentReportRow;

const FIELDS = [
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
] as const satisfies readonly Field[];

/** Each amount, and the field that holds its currency. */
const AMOUNTS: { readonly [Name in Field]?: Field } = {
  amount: "currency",
  chosen_amount: "currency",
  refunded: "currency",
  disputed: "currency",
  settled_gross: "settlement_currency",
  fee: "settlement_currency",
  net: "settlement_currency",
};

/** All else is text, which may hold anything. */
const KINDS: { readonly [Name in Field]?: CopiedField["kind"] } = {
  payment_id: "plain",
  donation_id: "plain",
  donor_id: "plain",
  booked_at: "time",
  paid_at: "time",
  status: "plain",
  frequency: "plain",
  installment: "plain",
  currency: "plain",
  amount: "plain",
  chosen_amount: "plain",
  fees_covered: "boolean",
  refunded: "plain",
  disputed: "plain",
  settled_gross: "plain",
  fee: "plain",
  net: "plain",
  exchange_rate: "plain",
  payout_arrival: "time",
};

const copied: readonly CopiedField[] = FIELDS.map((name) => {
  const currency = AMOUNTS[name];
  const kind = KINDS[name] ?? "text";
  return currency === undefined ? { kind } : { kind, currencyAt: FIELDS.indexOf(currency) };
});

/** What each cell of a line is, also for who makes the same lines of rows. */
export const paymentColumns = columnsOf<PaymentReportRow>(FIELDS, AMOUNTS);

/**
 * All payments that pass the filter, or `most` of them, as CSV. They are copied out some thousand at a time in one read-only REPEATABLE READ
 * transaction, so the file is the state of one moment: a payment that settles meanwhile changes its date and would else be missing
 * or there twice. The transaction holds a connection until the file is through; it locks nothing. Postgres goes on reading while
 * the lines are made and sent, and waits when nobody takes them.
 */
export async function paymentsCsv(
  db: Kysely<DB>,
  sink: Sink,
  filter: PaymentsFilter,
  part: { readonly after: Position | null; readonly most: number },
): Promise<void> {
  await copyingOut(db, EXPORT_STATEMENT_TIMEOUT_MS, async (copy) => {
    let { after, most } = part;
    let head = csvHeader(paymentColumns);
    for (;;) {
      const limit = Math.min(ROWS_AT_ONCE, most);
      let count = 0;
      for await (const lines of wholeLines(copy(paymentRows(db, filter, after, limit).compile()))) {
        const csv = csvOfCopied(copied, lines, (last) => {
          after = { booked_at: new Date(last[BOOKED_AT] ?? ""), id: last[ID] ?? "" };
        });
        count += countOf(lines);
        await sink(head + csv);
        head = "";
      }
      most -= count;
      if (count < limit || most === 0) break;
    }
    if (head !== "") await sink(head);
  });
}

const BOOKED_AT = FIELDS.indexOf("booked_at");
const ID = FIELDS.indexOf("payment_id");
const LINE_END = 10;

/** A line end within text is written as `\n` by COPY, so each LF ends a line. */
async function* wholeLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(LINE_END) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, piece]);
      continue;
    }
    yield Buffer.concat([rest, piece.subarray(0, end)]).toString("utf8");
    rest = piece.subarray(end);
  }
}

function countOf(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf("\n"); at !== -1; at = lines.indexOf("\n", at + 1)) count++;
  return count;
}
