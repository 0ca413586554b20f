import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { type BookDifference, compareDonations } from "./compare.ts";
import { deriveDirty } from "./settle.ts";
import { donationIdsAfter, markDonations } from "./stored.queries.ts";

const BATCH = 200;

type RebuildDeps = Pick<Deps, "db" | "vault" | "log" | "newsroom" | "now">;

/**
 * Derives every donation from mirror and ledger and compares with what is stored, 200 at a time and each batch as of one moment; writes
 * nothing. What is marked and not yet derived shows as a difference. @returns how many donations were looked at
 */
export async function checkBooks(
  deps: RebuildDeps,
  onDifference: (difference: BookDifference) => void,
): Promise<number> {
  let looked = 0;
  for await (const ids of everyDonation(deps)) {
    const differences = await deps.db
      .transaction()
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute((trx: Transaction<DB>) => compareDonations(trx, deps.vault, ids));
    for (const difference of differences) onDifference(difference);
    looked += ids.length;
  }
  return looked;
}

/** Derives every donation anew, a batch at a time, while the service goes on; that mails nobody. @returns how many there are */
export async function rebuildBooks(deps: RebuildDeps, onProgress: (done: number) => void = () => {}): Promise<number> {
  let done = 0;
  for await (const ids of everyDonation(deps)) {
    await inTransaction(deps.db, (trx) => markDonations(trx, ids));
    while ((await deriveDirty(deps)) > 0);
    done += ids.length;
    onProgress(done);
  }
  return done;
}

async function* everyDonation(deps: Pick<Deps, "db">): AsyncIterable<readonly string[]> {
  let after: string | null = null;
  for (;;) {
    const ids: readonly string[] = await donationIdsAfter(deps.db, after, BATCH);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
}
