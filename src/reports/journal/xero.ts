import type { NewsroomConfig } from "../../newsroom.ts";
import { formatDecimal } from "../../shared/money.ts";
import { type Column, csvHeader, csvRows } from "../csv.ts";
import type { EntryLine, JournalEntry } from "./entries.ts";

/** "You can import up to 300 lines in one template file." https://help.xero.com/nz/ManualJournalsImport */
export const XERO_ROWS = 300;

interface Line {
  readonly entry: JournalEntry;
  readonly line: EntryLine;
}

/**
 * Xero, Manual journals → Import: lines of the same narration and date are one journal, an account is known by its code, a debit is above
 * zero and a credit below, dates are dd/mm/yyyy, and the tax rate is spelt as in Xero's settings. https://help.xero.com/nz/ManualJournalsImport
 */
export function xeroCsv(entries: readonly JournalEntry[], { xero }: NewsroomConfig["accounting"]): string {
  const option = (line: EntryLine) => (xero.tracking_category === undefined ? null : line.cost_centre);
  const columns: readonly Column<Line>[] = [
    { name: "*Narration", cell: ({ entry }) => `${entry.description} (${entry.entry})` },
    { name: "*Date", cell: ({ entry }) => entry.date.split("-").reverse().join("/") },
    { name: "Description", cell: ({ entry, line }) => entry.accounts[line.account].name },
    { name: "*AccountCode", cell: ({ entry, line }) => entry.accounts[line.account].number },
    { name: "*TaxRate", cell: () => xero.tax_rate },
    { name: "*Amount", cell: ({ entry, line }) => formatDecimal(line.amount, entry.currency) },
    { name: "TrackingName1", cell: ({ line }) => (option(line) === null ? null : (xero.tracking_category ?? null)) },
    { name: "TrackingOption1", cell: ({ line }) => option(line) },
    { name: "TrackingName2", cell: () => null },
    { name: "TrackingOption2", cell: () => null },
  ];
  const lines = entries.flatMap((entry) => entry.lines.map((line) => ({ entry, line })));
  return csvHeader(columns) + csvRows(columns, lines);
}
