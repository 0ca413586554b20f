import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { DB } from "./schema.ts";

const INT8 = 20;

/** int8 arrives as text; money and counts that a JavaScript number can't hold exactly must never pass silently. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError("An int8 from the database is larger than JavaScript can hold exactly (2^53 - 1).");
  }
  return value;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8 && format !== "binary"
      ? parseInt8
      : pg.types.getTypeParser(oid, format as "text")) as pg.CustomTypesConfig["getTypeParser"],
};

export interface PoolOptions {
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
  /** How long a connection may take, or be waited for; five seconds unless given. */
  readonly connectMs?: number;
  /** What the administrator sees in pg_stat_activity. */
  readonly name: string;
  /** An idle connection that breaks is replaced by the pool; this is where it is told of. */
  readonly onError: (error: Error) => void;
}

/** A pool that works behind a transaction-mode pooler: no startup parameters, no named statements, no session state. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    types,
    connectionTimeoutMillis: options.connectMs ?? 5_000,
    idleTimeoutMillis: 30_000,
    fallback_application_name: options.name,
  });
  // Its connections outlive a pool's end by a moment: one that the server cuts by then is no news.
  pool.on("error", (error) => {
    if (!pool.ending) options.onError(error);
  });
  // One that breaks while it is in use fails the query at hand or the next one; an error that nobody hears would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const pools = new WeakMap<Kysely<DB>, pg.Pool>();

/** Closing it closes the pool too. */
export function createDatabase(pool: pg.Pool): Kysely<DB> {
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

/** What a database of `createDatabase` runs on, for libraries that speak to pg themselves. */
export function poolOf(db: Kysely<DB>): pg.Pool {
  const pool = pools.get(db);
  if (pool === undefined) throw new Error("This database was not made by createDatabase.");
  return pool;
}
