import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { donationsOf, readMarks } from "./claim.queries.ts";
import { type BookDifference, compareDonations } from "./compare.ts";
import { deriveDirty } from "./settle.ts";
import { donationIdsAfter, markDonations } from "./stored.queries.ts";

const BATCH = 500;

type RebuildDeps = Pick<Deps, "db" | "vault" | "log" | "newsroom" | "now">;

/**
 * Derives every donation from mirror and ledger and compares with what is stored, each batch as of one moment; writes
 * nothing. What is marked and not yet derived shows as a difference. @returns how many donations were looked at
 */
export async function checkBooks(
  deps: RebuildDeps,
  onDifference: (difference: BookDifference) => void,
): Promise<number> {
  let looked = 0;
  for await (const ids of everyDonation(deps)) {
    const differences = await readOnly(deps, (trx) => compareDonations(trx, deps.vault, ids));
    for (const difference of differences) onDifference(difference);
    looked += ids.length;
  }
  return looked;
}

/** Of a batch of donations. */
export interface LookedAt {
  readonly donations: number;
  readonly differences: readonly BookDifference[];
  /** Donations that can't be derived, and why. */
  readonly failed: readonly { readonly donation_id: string; readonly error: unknown }[];
}

/**
 * The same a batch at a time beside live work: a donation of which something is marked is left to whoever derives it, and one that can't be
 * derived doesn't hold up the others.
 */
export async function* compareSettled(deps: RebuildDeps): AsyncIterable<LookedAt> {
  for await (const ids of everyDonation(deps)) {
    const failed: { readonly donation_id: string; readonly error: unknown }[] = [];
    let differences: readonly BookDifference[] = [];
    try {
      differences = await settledDifferences(deps, ids);
    } catch {
      const each: BookDifference[] = [];
      for (const id of ids) {
        try {
          each.push(...(await settledDifferences(deps, [id])));
        } catch (error) {
          failed.push({ donation_id: id, error });
        }
      }
      differences = each;
    }
    yield { donations: ids.length, differences, failed };
  }
}

/**
 * What differs of these donations, but for those that wait to be derived: marks are read as of the same moment as the rows, and whoever
 * derives takes the mark and writes the rows in one transaction.
 */
export async function settledDifferences(
  deps: Pick<Deps, "db" | "vault">,
  ids: readonly string[],
): Promise<readonly BookDifference[]> {
  return await readOnly(deps, async (trx) => {
    const differences = await compareDonations(trx, deps.vault, ids);
    if (differences.length === 0) return [];
    const marked = new Set(await donationsOf(trx, await readMarks(trx)));
    return differences.filter((one) => !marked.has(one.donation_id));
  });
}

async function readOnly<T>(deps: Pick<Deps, "db">, work: (trx: Transaction<DB>) => Promise<T>): Promise<T> {
  return await deps.db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(work);
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
