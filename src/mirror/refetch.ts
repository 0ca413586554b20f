import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { isMissing } from "../stripe/failures.ts";
import { mirrorKind } from "./kinds.ts";
import { claimRefetches, finishRefetch, type Refetch } from "./refetch.queries.ts";
import { storeSnapshots } from "./store.ts";

const BATCH = 20;

type RefetchDeps = Pick<Deps, "db" | "stripe" | "vault" | "log">;

/** Fetches what one event could not settle, outside any transaction. @returns how many were due */
export async function refetchDue(deps: RefetchDeps): Promise<number> {
  const due = await claimRefetches(deps.db, BATCH);
  for (const refetch of due) await refetchOne(deps, refetch);
  return due.length;
}

/** A failure leaves the row where it is: it falls due again, later each time. */
async function refetchOne(deps: RefetchDeps, refetch: Refetch): Promise<void> {
  const kind = mirrorKind(refetch.kind);
  if (kind === null) return;
  try {
    const { object, asOf } = await deps.stripe.fetch((api) => kind.retrieve(api, refetch.object_id));
    await inTransaction(deps.db, async (trx) => {
      await storeSnapshots(trx, [{ kind, row: kind.toRow(object, asOf, deps.vault) }]);
      await finishRefetch(trx, refetch);
    });
  } catch (error) {
    if (isMissing(error)) {
      await inTransaction(deps.db, (trx) => finishRefetch(trx, refetch));
      deps.log.warn({ object_id: refetch.object_id }, "Stripe no longer has an object that one of its events named");
      return;
    }
    deps.log.warn(
      { object_id: refetch.object_id, attempts: refetch.attempts, err: error },
      "an object could not be fetched again yet",
    );
  }
}
