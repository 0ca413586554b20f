import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { mirrorContext } from "../mirror/kind.ts";
import { knownKind } from "../mirror/kinds.ts";
import { storeSnapshots } from "../mirror/store.ts";
import { STRIPE_CALL_TIMEOUT_MS } from "../shared/limits.ts";
import { stripeFailure } from "../stripe/failures.ts";
import { openSubscriptions, type ReadersGift } from "./gifts.queries.ts";

export type StopDeps = Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log">;

/**
 * Ends a gift at Stripe at once, so that nothing more is charged; what is over already stays as it is. It is noted here too, so that
 * nobody has to wait for Stripe's event.
 * @returns false when Stripe could not be asked: it is not known then whether the gift has ended
 */
export async function stopGift(deps: StopDeps, gift: ReadersGift): Promise<boolean> {
  for (const id of await openSubscriptions(deps.db, gift)) {
    if (!(await cancel(deps, gift.id, id))) return false;
  }
  return true;
}

async function cancel(deps: StopDeps, donationId: string, id: string): Promise<boolean> {
  const kind = knownKind("subscription");
  try {
    const { object, asOf } = await deps.stripe.fetch((api) =>
      api.subscriptions.cancel(
        id,
        {},
        { idempotencyKey: `stop:${donationId}:${id}`, timeout: STRIPE_CALL_TIMEOUT_MS, maxNetworkRetries: 0 },
      ),
    );
    const snapshot = { kind, row: kind.toRow(object, asOf, mirrorContext(deps)) };
    await inTransaction(deps.db, (trx) => storeSnapshots(trx, [snapshot]));
    return true;
  } catch (error) {
    const failure = stripeFailure(error);
    if (failure === null) throw error;
    // One that has ended can't be found to be ended.
    if (failure.kind === "refused" && failure.code === "resource_missing") return true;
    deps.log.error({ donation_id: donationId, failure: failure.kind, err: error }, "a gift could not be stopped");
    return false;
  }
}
