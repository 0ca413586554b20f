import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

export async function netByCurrency(db: Kysely<DB>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ currency: string; net: number }>`
    select currency, sum(net)::bigint as net from balance_transactions group by currency
  `.execute(db);
  return new Map(rows.map((row) => [row.currency, row.net]));
}
