import type { NewsroomConfig } from "../../newsroom.ts";
import { formatDecimal } from "../../shared/money.ts";
import { type Column, csvHeader, csvRows } from "../csv.ts";
import type { EntryLine, JournalEntry } from "./entries.ts";

/** QuickBooks Online imports a thousand rows at once, the header among them. */
export const QUICKBOOKS_ROWS = 999;

interface Line {
  readonly entry: JournalEntry;
  readonly line: EntryLine;
}

/**
 * QuickBooks Online, Settings → Import data → Journal entries: lines of one JournalNo are one entry, an account is known by its name, and of
 * Debits and Credits one is blank. Dates as the company has them (MM/DD/YYYY in the US).
 * https://quickbooks.intuit.com/learn-support/en-us/help-article/import-export-files/import-journal-entries-quickbooks-online/L4tQBwbs7_US_en_US
 */
export function quickbooksCsv(entries: readonly JournalEntry[], { quickbooks }: NewsroomConfig["accounting"]): string {
  const columns: readonly Column<Line>[] = [
    { name: "JournalNo", cell: ({ entry }) => entry.entry },
    { name: "JournalDate", cell: ({ entry }) => dateOf(entry.date, quickbooks.date_format) },
    { name: "AccountName", cell: ({ entry, line }) => entry.accounts[line.account].name },
    {
      name: "Debits",
      cell: ({ entry, line }) => (line.amount > 0 ? formatDecimal(line.amount, entry.currency) : null),
    },
    {
      name: "Credits",
      cell: ({ entry, line }) => (line.amount < 0 ? formatDecimal(0 - line.amount, entry.currency) : null),
    },
    { name: "Description", cell: ({ entry }) => entry.description },
    { name: "Class", cell: ({ line }) => line.cost_centre },
  ];
  const lines = entries.flatMap((entry) => entry.lines.map((line) => ({ entry, line })));
  return csvHeader(columns) + csvRows(columns, lines);
}

function dateOf(date: string, format: "MM/DD/YYYY" | "DD/MM/YYYY"): string {
  const [year, month, day] = date.split("-");
  return format === "MM/DD/YYYY" ? `${month}/${day}/${year}` : `${day}/${month}/${year}`;
}
