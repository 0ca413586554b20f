import { type RawBuilder, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

const ROWS = 500;

/** The rows of a query, some hundred in memory at a time. One such query at a time in a transaction. */
export async function* pagesOf<Row>(trx: Transaction<DB>, query: RawBuilder<Row>): AsyncGenerator<readonly Row[]> {
  await sql`declare evidence no scroll cursor for ${query}`.execute(trx);
  try {
    for (;;) {
      const { rows } = await sql<Row>`fetch ${sql.lit(ROWS)} from evidence`.execute(trx);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    await sql`close evidence`.execute(trx);
  }
}
