import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import { type AudiencePosition, type AudienceSums, readAudience } from "./audience.queries.ts";
import { columnsOf, csvHeader, csvRows } from "./csv.ts";
import type { Sink } from "./exports.ts";
import type { Page } from "./keyset.ts";
import { share } from "./recurring.ts";
import type { Dimension } from "./rollups/fold.queries.ts";

/**
 * What came of the form by article, campaign, … Counts are of the period's sessions: `completed` are those of them that were paid,
 * whenever that was. `gross` and `net` are the money that Stripe booked in the period, also of gifts that began before it, so that
 * all rows together are the summary. `value_12_months` is what the gifts that began in the period brought, net, in their first twelve
 * months (so far, while these aren't over).
 */
export interface AudienceRow extends AudienceSums {
  /** completed ÷ sessions, to four decimals; null without sessions. */
  readonly conversion: number | null;
}

interface AudienceQuestion {
  readonly by: Dimension;
  readonly period: Pick<Period, "from" | "to">;
  readonly timeZone: string;
}

export async function audiencePage(
  db: Kysely<DB>,
  question: AudienceQuestion,
  after: AudiencePosition | null,
  limit: number,
): Promise<Page<AudienceRow>> {
  const sums = await readAudience(db, { ...question, after, limit: limit + 1 });
  const firsts = sums.flatMap((row, index) => (row.sessions === null ? [] : [index]));
  const isLast = firsts.length <= limit;
  const lastFirst = firsts[limit - 1];
  const last = isLast || lastFirst === undefined ? undefined : sums[lastFirst];
  return {
    rows: sums.slice(0, isLast ? undefined : firsts[limit]).map((row) => rowOf(question.by, row)),
    next_cursor:
      last === undefined ? null : encodeAudienceCursor({ sessions: last.sessions ?? 0, source: last.source ?? "" }),
  };
}

/** The sum of a column of counts or of one currency's money is right: a count stands once, however many currencies a source has. */
export async function audienceCsv(db: Kysely<DB>, sink: Sink, question: AudienceQuestion): Promise<void> {
  const sums = await readAudience(db, { ...question, after: null, limit: CSV_SOURCES });
  await sink(csvHeader(columns));
  for (let at = 0; at < sums.length; at += CSV_PAGE) {
    await sink(
      csvRows(
        columns,
        sums.slice(at, at + CSV_PAGE).map((row) => rowOf(question.by, row)),
      ),
    );
  }
}

/** More than there are articles; what reaches this was made up by a script. */
const CSV_SOURCES = 200_000;
const CSV_PAGE = 250;

/** Of a view no country and no link is known: nothing is noted of a reader. */
function rowOf(by: Dimension, sums: AudienceSums): AudienceRow {
  const { sessions, completed } = sums;
  const isViewed = by !== "country" && by !== "utm_source";
  return {
    source: sums.source,
    shown: isViewed ? sums.shown : null,
    opened: isViewed ? sums.opened : null,
    continued: isViewed ? sums.continued : null,
    sessions,
    completed,
    conversion: sessions === null || completed === null || sessions === 0 ? null : share(completed, sessions),
    currency: sums.currency,
    gross: sums.gross,
    net: sums.net,
    value_12_months: sums.value_12_months,
  };
}

const columns = columnsOf<AudienceRow>(
  [
    "source",
    "shown",
    "opened",
    "continued",
    "sessions",
    "completed",
    "conversion",
    "currency",
    "gross",
    "net",
    "value_12_months",
  ],
  { gross: "currency", net: "currency", value_12_months: "currency" },
);

function encodeAudienceCursor({ sessions, source }: AudiencePosition): string {
  return Buffer.from(`${sessions} ${source}`).toString("base64url");
}

/** @returns null unless `encodeAudienceCursor` made it */
export function decodeAudienceCursor(cursor: string): AudiencePosition | null {
  const [, sessions, source] =
    /^(-?\d{1,15}) ([^\0]{0,200})$/su.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (sessions === undefined || source === undefined) return null;
  const position = { sessions: Number(sessions), source };
  return encodeAudienceCursor(position) === cursor ? position : null;
}
