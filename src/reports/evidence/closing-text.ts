import { formatMonth } from "../../shared/calendar-text.ts";
import { formatDecimal } from "../../shared/money.ts";
import type { SummaryLine } from "../close/lines.ts";
import type { EvidenceScope } from "./evidence.ts";

/** The closing statement, for people: who closed which figures, when and on what grounds. */
export async function* closingText(scope: EvidenceScope): AsyncGenerator<string> {
  const { month, period, timeZone, entity, summary } = scope;
  yield paragraph([
    `Closing of ${formatMonth(month, "en")}`,
    "",
    entity.name,
    ...entity.postal_address,
    `Tax number ${entity.tax_number}`,
  ]);
  yield paragraph(
    aligned([
      ["Month", month],
      ["Time zone", timeZone],
      ["Begins", `${period.start.toISOString()} (included)`],
      ["Ends", `${period.end.toISOString()} (not included)`],
      ["Closed at", scope.closedAt.toISOString()],
      ["Closed by", scope.closedBy],
      ["Reason", scope.reason ?? "none was needed"],
      ["Compared with Stripe", scope.reconciliationRun ?? "no comparison covers the month"],
    ]),
  );
  yield paragraph([
    "Stood against closing, and was signed for:",
    ...(scope.signedFor.length === 0 ? ["  nothing"] : scope.signedFor.map((sentence) => `  ${sentence}`)),
  ]);
  yield paragraph(["Figures of the month, by Stripe's ledger:", ...figures(summary.filter(isOwn))]);
  yield paragraph(["Corrections of months that were closed before:", ...figures(summary.filter((row) => !isOwn(row)))]);
  yield paragraph([
    "journal_entries.csv is the journal as accounting packages import it: by day and payout, and what corrects earlier months.",
    "journal.csv is what it is made of: debits and credits of each balance transaction in the month, by the ledger's own accounts.",
    "corrections.csv has the rows of summary.csv that correct earlier months.",
  ]);
  yield "The hash of every file is in SHA256SUMS; the hash of that file is kept with the closed month.\n";
}

function isOwn(row: SummaryLine): boolean {
  return row.correction_of === null;
}

const HEAD = ["of", "frequency", "currency", "donations", "payments", "gross", "refunded", "disputed", "fees", "net"];

function figures(lines: readonly SummaryLine[]): readonly string[] {
  if (lines.length === 0) return ["  none"];
  const rows = lines.map((row) => [
    row.correction_of ?? row.period.slice(0, 7),
    row.frequency,
    row.currency,
    String(row.donations),
    String(row.payments),
    ...[row.gross, row.refunded, row.disputed, row.fees, row.net].map((amount) => formatDecimal(amount, row.currency)),
  ]);
  const table = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column < 3 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return table.map((row) => `  ${row.map(cell).join("  ").trimEnd()}`);
}

function aligned(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 2;
  return pairs.map(([name, value]) => name.padEnd(width) + value);
}

function paragraph(lines: readonly string[]): string {
  return `${lines.join("\n")}\n\n`;
}
