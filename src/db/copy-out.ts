import type { CompiledQuery, Kysely } from "kysely";
import { escapeLiteral, type PoolClient } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { poolOf } from "./client.ts";
import type { DB } from "./schema.ts";

/** The rows of a query in COPY's text format, in pieces that don't keep to lines. The next piece is read when it is asked for. */
export type CopyOut = (query: CompiledQuery) => AsyncIterable<Buffer>;

/**
 * Reads large results as Postgres' COPY sends them, several times as fast as rows: in one read-only REPEATABLE READ transaction, so all of it
 * is the state of one moment, and it locks nothing. Times are in UTC and ISO form. `timeoutMs` limits each statement, the time in which nobody takes
 * its rows counted. When `work` fails, for instance because the reader has gone, the connection is closed: that ends the statement too.
 */
export async function copyingOut<Result>(
  db: Kysely<DB>,
  timeoutMs: number,
  work: (copy: CopyOut) => Promise<Result>,
): Promise<Result> {
  const client = await poolOf(db).connect();
  let failure: Error | undefined;
  try {
    await client.query("begin isolation level repeatable read read only");
    await client.query(
      `select set_config('statement_timeout', $1, true), set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true),
        set_config('random_page_cost', '1.1', true), set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`,
      [String(timeoutMs)],
    );
    const result = await work((query) => copyOf(client, query));
    await client.query("commit");
    return result;
  } catch (error) {
    failure = error instanceof Error ? error : new Error("The copy broke off.");
    throw error;
  } finally {
    client.release(failure);
  }
}

/** COPY takes no parameters, so they are written into its query, each as a literal. */
function copyOf(client: PoolClient, { sql, parameters }: CompiledQuery): AsyncIterable<Buffer> {
  const text = sql.replace(/\$(\d+)/g, (_, place: string) => literal(parameters[Number(place) - 1]));
  return client.query(copyTo(`copy (${text}) to stdout`));
}

function literal(value: unknown): string {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string") return escapeLiteral(value);
  if (value instanceof Date) return escapeLiteral(value.toISOString());
  throw new TypeError("A query that is copied out takes numbers, text and dates as parameters.");
}
