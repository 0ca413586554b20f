import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Row } from "./sink.ts";

/** The types of all columns, as Postgres names them: `payments.amount` → `bigint`. */
export async function columnTypes(db: Kysely<DB>): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ name: string; type: string }>`
    select c.relname || '.' || a.attname as name, format_type(a.atttypid, null) as type
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
  `.execute(db);
  return new Map(rows.map((row) => [row.name, row.type]));
}

/** All rows in one statement, a parameter a column: as quick as COPY but for the last third, and within the transaction of everything else. */
export async function insertRows(
  trx: Transaction<DB>,
  types: ReadonlyMap<string, string>,
  table: keyof DB,
  rows: readonly Row[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const typed = columns.map((column) => {
    const type = types.get(`${table}.${column}`);
    if (type === undefined) throw new Error(`There is no column ${table}.${column}.`);
    const values = arrayOf(rows, column);
    // An array of arrays would be a matrix: such a column comes as text.
    const isList = type.endsWith("[]");
    return {
      values: sql`${values}::${sql.raw(isList ? "text[]" : `${type}[]`)}`,
      chosen: isList ? sql`r.${sql.ref(column)}::${sql.raw(type)}` : sql`r.${sql.ref(column)}`,
    };
  });
  const names = sql.join(columns.map((column) => sql.ref(column)));
  await sql`
    insert into ${sql.table(table)} (${names})
    select ${sql.join(typed.map((column) => column.chosen))}
    from unnest(${sql.join(typed.map((column) => column.values))}) as r (${names})
  `.execute(trx);
}

/** One column of all rows as Postgres writes an array. */
function arrayOf(rows: readonly Row[], column: string): string {
  return `{${rows.map((row) => elementOf(row[column])).join()}}`;
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Date) return `"${value.toISOString()}"`;
  if (Buffer.isBuffer(value)) return `"\\\\x${value.toString("hex")}"`;
  if (Array.isArray(value)) return quoted(`{${value.map((one) => quoted(String(one))).join()}}`);
  return quoted(String(value));
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}
