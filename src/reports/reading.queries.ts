import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { AppError } from "../shared/errors.ts";
import { REPORT_STATEMENT_TIMEOUT_MS, TRANSACTION_RETRIES } from "../shared/limits.ts";

/** A replica that had to apply what collides with the reading; a deadlock; nothing was written, so the same again may go through. */
const AGAIN = new Set(["40001", "40P01"]);
const CANCELLED = "57014";

/**
 * Reads one moment of the books: read-only, REPEATABLE READ, no statement longer than `REPORT_STATEMENT_TIMEOUT_MS`. The limit is the
 * transaction's own, so that it holds behind a pooler too, and so is what the planner is told: pages are short and their indexes in memory, so
 * workers and compilation would cost more than they save, and checkouts need the processors. Tried again when a replica ends it for the sake of what it has to apply, so
 * `work` must do nothing outside the database.
 * @throws AppError `report_took_too_long`
 */
export async function reading<Result>(
  db: Kysely<DB>,
  work: (trx: Transaction<DB>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await readingOnce(db, work);
    } catch (error) {
      if (attempt >= TRANSACTION_RETRIES || !AGAIN.has((error as { code?: string }).code ?? "")) throw error;
    }
  }
}

/** The same for what is sent while it is read, which can't be begun anew. It holds a connection until it is through, and locks nothing. */
export async function readingOnce<Result>(
  db: Kysely<DB>,
  work: (trx: Transaction<DB>) => Promise<Result>,
): Promise<Result> {
  const moment = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  try {
    return await moment.execute(async (trx) => {
      await sql`
        select set_config('statement_timeout', ${String(REPORT_STATEMENT_TIMEOUT_MS)}, true), set_config('random_page_cost', '1.1', true),
          set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)
      `.execute(trx);
      return await work(trx);
    });
  } catch (error) {
    if ((error as { code?: string }).code !== CANCELLED) throw error;
    throw new AppError(
      "unavailable",
      "report_took_too_long",
      "The report took too long and was given up. Ask for a shorter period, or try again in a minute.",
      { retryAfterSeconds: 60, cause: error },
    );
  }
}
