import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import { SAMPLE_ID } from "../../shared/sample-id.ts";

/** `above < created ≤ upTo` */
export interface Window {
  readonly above: Date;
  readonly upTo: Date;
}

/** Rows of ours that were made within the window and are not among `ids`; sample data apart. */
export async function rowsBesides(
  db: Kysely<DB>,
  table: string,
  { above, upTo }: Window,
  ids: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { rows } = await sql<Record<string, unknown>>`
    select * from ${sql.table(table)} where created > ${above} and created <= ${upTo} and id <> all(${ids}::text[]) and id !~ ${SAMPLE_ID}
  `.execute(db);
  return rows;
}
