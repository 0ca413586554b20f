import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { SealedColumn } from "./sealed-columns.ts";

const BATCH = 500;

export interface SealedRow {
  readonly id: string;
  readonly sealed: Buffer;
}

export async function sealedBatch(
  db: Kysely<DB>,
  column: SealedColumn,
  after: string | null,
): Promise<readonly SealedRow[]> {
  const id = sql`${sql.ref(column.id)}::text`;
  const { rows } = await sql<SealedRow>`
    select ${id} as id, ${sql.ref(column.column)} as sealed
    from ${sql.table(column.table)}
    where ${sql.ref(column.column)} is not null and (${after}::text is null or ${id} > ${after}::text)
    order by ${id}
    limit ${BATCH}
  `.execute(db);
  return rows;
}

/** Only if the row still holds what was read. @returns 1 or 0 */
export async function replaceSealed(
  db: Kysely<DB>,
  column: SealedColumn,
  row: SealedRow,
  again: Buffer,
): Promise<number> {
  const result = await sql`
    update ${sql.table(column.table)} set ${sql.ref(column.column)} = ${again}
    where ${sql.ref(column.id)}::text = ${row.id} and ${sql.ref(column.column)} = ${row.sealed}
  `.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
