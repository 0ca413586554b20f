import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import type { SummaryLine } from "./close/lines.ts";
import { summaryReport } from "./close/summary-report.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Interval } from "./query-schema.ts";
import { reading } from "./reading.queries.ts";

export const summaryColumns = columnsOf<SummaryLine>(
  [
    "period",
    "frequency",
    "currency",
    "donations",
    "payments",
    "gross",
    "refunded",
    "disputed",
    "fees",
    "net",
    "closed",
    "correction_of",
  ],
  { gross: "currency", refunded: "currency", disputed: "currency", fees: "currency", net: "currency" },
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
  const rows = await reading(db, (trx) => summaryReport(trx, period, interval, timeZone));
  await sink(csvHeader(summaryColumns) + csvRows(summaryColumns, rows));
}
