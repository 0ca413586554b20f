import { stringify } from "csv-stringify/sync";
import { formatDecimal } from "../shared/money.ts";

export type Cell = string | number | boolean | Date | null;

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => Cell;
}

/**
 * One column for each field, in that order, and behind each amount a second one that ends in `_decimal`: in major units, for people.
 * `amounts` names, for each amount, the field that holds its currency.
 */
export function columnsOf<Row extends { readonly [Field in keyof Row]: Cell }>(
  fields: readonly (keyof Row & string)[],
  amounts: { readonly [Field in keyof Row]?: keyof Row & string },
): readonly Column<Row>[] {
  return fields.flatMap((field) => {
    const plain = { name: field, cell: (row: Row) => row[field] };
    const currencyField = amounts[field];
    if (currencyField === undefined) return [plain];
    return [plain, { name: `${field}_decimal`, cell: (row: Row) => decimal(row[field], row[currencyField]) }];
  });
}

export function csvHeader<Row>(columns: readonly Column<Row>[]): string {
  return lines([columns.map((column) => column.name)]);
}

/** RFC 4180: commas, CRLF, quotes where they are needed. Nothing for no rows. */
export function csvRows<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return lines(rows.map((row) => columns.map((column) => textOf(column.cell(row)))));
}

function lines(records: readonly (readonly string[])[]): string {
  // With a delimiter of our own the library no longer quotes a lone CR or LF by itself.
  return stringify([...records], { record_delimiter: "windows", quote_record_delimiter: true });
}

function decimal(amount: Cell, currency: Cell): Cell {
  return typeof amount === "number" && typeof currency === "string" ? formatDecimal(amount, currency) : null;
}

function textOf(cell: Cell): string {
  if (cell === null) return "";
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === "string" ? harmless(cell) : String(cell);
}

const PLAIN_NUMBER = /^-?\d+(?:\.\d+)?$/;
/** The signs that begin a formula, wide ones included, behind anything invisible: at a cell's start, and where some spreadsheets begin a new one. */
const AT_START = /^(?=[\t\r]|[\s\p{C}]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20])/u;
const INSIDE = /([;\t\r\n])(?=[\s\p{C}]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20])/gu;

/**
 * A spreadsheet runs a cell that begins like a formula, and article names come from readers: an apostrophe makes it text. So does it for a cell
 * that begins with a tab or a carriage return. https://owasp.org/www-community/attacks/CSV_Injection
 */
export function harmless(text: string): string {
  return PLAIN_NUMBER.test(text) ? text : text.replace(INSIDE, "$1'").replace(AT_START, "'");
}
