import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import { SAMPLE_ID } from "../../shared/sample-id.ts";

/** Without sample data, of which Stripe knows nothing. */
export async function netByCurrency(db: Kysely<DB>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ currency: string; net: number }>`
    select currency, sum(net)::bigint as net from balance_transactions where id !~ ${SAMPLE_ID} group by currency
  `.execute(db);
  return new Map(rows.map((row) => [row.currency, row.net]));
}
