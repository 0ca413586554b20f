import type { Deps } from "../deps.ts";
import { markDirty } from "../mirror/store.queries.ts";
import type { Stripe } from "../stripe/types.ts";
import { balanceTransactionRow } from "./balance-transaction.ts";
import { finishPull, type Lease, releaseLease, renewLease, takeLease } from "./cursor.queries.ts";
import type { Caller } from "./lists/caller.ts";
import { insertBalanceTransactions } from "./store.queries.ts";

export const LEDGER = "balance_transactions";

const PAGE = 100;
/** Stripe shows some only a while after their `created`; each pull looks back by this much. Seconds. */
const OVERLAP_SECONDS = 60 * 60;
/** What a balance transaction's source is, by the prefix of its id; only these belong to gifts. */
const SOURCES = { charge: /^(ch|py)_/, refund: /^(re|pyr)_/, dispute: /^(dp|du)_/ } as const;

/** The kind of the object whose money moved; null where it belongs to no gift. */
export function sourceKind(id: string): keyof typeof SOURCES | null {
  for (const kind of ["charge", "refund", "dispute"] as const) if (SOURCES[kind].test(id)) return kind;
  return null;
}

export interface SyncOptions {
  /** Look back to here, where the last pull has come further. */
  readonly since?: Date;
  /** For work that nobody waits for: fewer calls at once, and more patience. */
  readonly caller?: Caller;
}

/**
 * Copies Stripe's balance transactions since the last pull, newest first as Stripe lists them, a page at a time. The position moves
 * only when all pages are in, so a pull that was cut off is made anew and nothing is missed.
 * @returns null when another process is at it or has taken over
 */
export async function syncLedger(
  deps: Pick<Deps, "db" | "stripe" | "log">,
  options: SyncOptions = {},
): Promise<{ pulled: number } | null> {
  let lease = await takeLease(deps.db, LEDGER);
  if (lease === null) return null;
  try {
    const since = earlier(lease.position, options.since);
    let position: number | null = null;
    let after: string | undefined;
    let pulled = 0;
    for (;;) {
      const list = (api: Stripe) => listPage(api, since, after);
      const page =
        options.caller === undefined ? await list(deps.stripe.api) : (await options.caller.call(list)).object;
      const stored = await storePage(deps, lease, page.data);
      if (stored === null) return null;
      lease = stored.lease;
      pulled += stored.pulled;
      for (const { created } of page.data) position = Math.max(position ?? created, created);
      after = page.data.at(-1)?.id;
      if (!page.has_more || after === undefined) break;
    }
    await finishPull(deps.db, lease, position === null ? null : new Date(position * 1000));
    if (pulled > 0) deps.log.info({ pulled }, "balance transactions were pulled");
    return { pulled };
  } catch (error) {
    await releaseQuietly(deps, lease);
    throw error;
  }
}

/** Without a position everything is pulled. */
function earlier(position: Date | null, since: Date | undefined): Date | null {
  return position === null || since === undefined || position <= since ? position : since;
}

async function listPage(api: Stripe, since: Date | null, after: string | undefined) {
  return await api.balanceTransactions.list({
    limit: PAGE,
    ...(since === null ? {} : { created: { gte: Math.floor(since.getTime() / 1000) - OVERLAP_SECONDS } }),
    ...(after === undefined ? {} : { starting_after: after }),
  });
}

/** @returns null when the lease was lost: another process has begun the same pull and this page is left to it */
async function storePage(
  deps: Pick<Deps, "db" | "log">,
  lease: Lease,
  page: readonly Stripe.BalanceTransaction[],
): Promise<{ readonly lease: Lease; readonly pulled: number } | null> {
  const rows = page.map(balanceTransactionRow);
  return await deps.db.transaction().execute(async (trx) => {
    const renewed = await renewLease(trx, lease);
    if (renewed === null) return null;
    const inserted = await insertBalanceTransactions(trx, rows);
    const sources = inserted.flatMap((row) => row.source_id ?? []);
    for (const kind of ["charge", "refund", "dispute"] as const) {
      await markDirty(
        trx,
        kind,
        sources.filter((id) => sourceKind(id) === kind),
      );
    }
    return { lease: renewed, pulled: inserted.length };
  });
}

/** The error that ended the pull matters more than one in letting go, which the lease's end makes good. */
async function releaseQuietly(deps: Pick<Deps, "db" | "log">, lease: Lease): Promise<void> {
  try {
    await releaseLease(deps.db, lease);
  } catch (error) {
    deps.log.warn({ err: error }, "the lease on the ledger could not be released and lapses within a minute");
  }
}
