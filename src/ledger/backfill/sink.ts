import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import { type Snapshot, storeSnapshots } from "../../mirror/store.ts";
import { forgetPositions, type Position, readPositions, savePosition } from "./positions.queries.ts";

/** Where a backfill puts what it has read: into the books, or (dry) into a list of what would change. */
export interface Sink {
  readonly positions: ReadonlyMap<string, Position>;
  /** Stores a page and how far its list has come, together. */
  put(snapshots: readonly Snapshot[], position?: Position): Promise<void>;
  /** Asks the mirror as it is after all that was put. */
  ask<T>(query: (db: Kysely<DB>) => Promise<T>): Promise<T>;
  /** Every list was read to its end. */
  finish(): Promise<void>;
}

export async function booksSink(deps: Pick<Deps, "db">, since: Date): Promise<Sink> {
  return {
    positions: await readPositions(deps.db, since),
    put: (snapshots, position) =>
      inTransaction(deps.db, async (trx) => {
        await storeSnapshots(trx, snapshots);
        if (position !== undefined) await savePosition(trx, since, position);
      }),
    ask: (query) => query(deps.db),
    finish: () => forgetPositions(deps.db, since),
  };
}
