import type { Kysely, Transaction } from "kysely";
import { TRANSACTION_RETRIES } from "../shared/limits.ts";
import type { DB } from "./schema.ts";

/** serialization_failure, deadlock_detected: nothing was written, and the same again may go through. */
const AGAIN = new Set(["40001", "40P01"]);

/**
 * Runs `work` in a transaction, up to three times more when Postgres ended it for the sake of another. `work` must do nothing outside the
 * database: it may run several times.
 */
export async function inTransaction<Result>(
  db: Kysely<DB>,
  work: (trx: Transaction<DB>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt >= TRANSACTION_RETRIES || !AGAIN.has((error as { code?: string }).code ?? "")) throw error;
    }
  }
}
