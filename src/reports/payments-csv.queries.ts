import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import { THREE_DECIMAL, ZERO_DECIMAL } from "../shared/money.ts";
import type { Position } from "./cursor.ts";
import { FORMULA_IN_POSTGRES, HARMLESS_IN_POSTGRES } from "./formula-cells.ts";
import { type PaymentReportRow, type PaymentsFilter, paymentRows } from "./payments.queries.ts";

type Field = keyof PaymentReportRow & string;
type Expression = RawBuilder<unknown>;

/** Written by readers, sites and Stripe's enums: may hold anything. All other text is ids, codes and numbers, which need no quotes. */
const FREE_TEXT = new Set<Field>([
  "payment_method",
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
]);
const TIMES = new Set<Field>(["booked_at", "paid_at", "payout_arrival"]);

export interface CsvPiece {
  /** Lines of CSV, each with its line end; null when there were no rows. */
  readonly text: string | null;
  readonly count: number;
  /** Of the last row. */
  readonly booked_at: Date;
  readonly id: string;
}

/**
 * A page of payments as lines of CSV, put together by Postgres: several times as fast as reading rows into objects here, and this process
 * only hands the text on. Cells are those of csv.ts; quotes may stand where they aren't needed.
 * @param columns the fields in their order, each with the one that holds its currency if it is an amount
 */
export async function readPaymentLines(
  db: Kysely<DB>,
  columns: readonly (readonly [Field, Field | undefined])[],
  {
    filter,
    after,
    limit,
  }: { readonly filter: PaymentsFilter; readonly after: Position | null; readonly limit: number },
): Promise<CsvPiece> {
  const cells = columns.flatMap(([field, currency]) => [
    cell(field),
    ...(currency === undefined ? [] : [decimal(field, currency)]),
  ]);
  const { rows } = await sql<CsvPiece>`
    select string_agg(line, '') as text, count(*) as count, (array_agg(booked_at))[count(*)] as booked_at, (array_agg(payment_id))[count(*)] as id
    from (
      select concat_ws(',', ${sql.join(cells)}) || e'\r\n' as line, booked_at, payment_id
      from (${paymentRows(db, filter, after, limit)}) as row
    ) as lines
  `.execute(db);
  return rows[0] as CsvPiece;
}

/** Never null: `concat_ws` would leave the cell out. */
function cell(field: Field): Expression {
  const column = sql.ref(`row.${field}`);
  if (TIMES.has(field)) return sql`coalesce(${time(column)}, '')`;
  if (field === "fees_covered") return sql`case when ${column} then 'true' else 'false' end`;
  if (!FREE_TEXT.has(field)) return sql`coalesce(${column}::text, '')`;
  return sql`case when ${column} ~ ${sql.lit(HARMLESS_IN_POSTGRES)} then ${column} when ${column} is null then ''
    else '"' || replace(${harmlessInPostgres(column)}, '"', '""') || '"' end`;
}

/** As `harmless`. */
export function harmlessInPostgres(text: Expression): Expression {
  const { inside, atStart } = FORMULA_IN_POSTGRES;
  return sql`regexp_replace(regexp_replace(${text}, ${sql.lit(inside)}, '\\1''', 'g'), ${sql.lit(atStart)}, '''')`;
}

/** As `Date.toISOString`. */
function time(column: Expression): Expression {
  return sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** As `formatDecimal`: exact, by the currency's own minor unit. */
function decimal(field: Field, currency: Field): Expression {
  const code = sql.ref(`row.${currency}`);
  return sql`coalesce((${sql.ref(`row.${field}`)} * case when ${code} = any(${sql.lit(WHOLE)}::text[]) then 1
    when ${code} = any(${sql.lit(THOUSANDTHS)}::text[]) then 0.001 else 0.01 end)::text, '')`;
}

const WHOLE = `{${[...ZERO_DECIMAL].join(",")}}`;
const THOUSANDTHS = `{${[...THREE_DECIMAL].join(",")}}`;
