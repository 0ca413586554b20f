import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import { mirrorContext } from "../../mirror/kind.ts";
import { knownKind } from "../../mirror/kinds.ts";
import { storeSnapshots } from "../../mirror/store.ts";
import { STRIPE_CALL_TIMEOUT_MS } from "../../shared/limits.ts";
import { stripeFailure } from "../../stripe/failures.ts";
import type { Donor } from "./donor.ts";

type CorrectDeps = Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log">;

/**
 * Gives all of a donor's customers at Stripe another address, and notes it here so that nobody has to wait for Stripe's events. Sent again
 * with the same `request` it changes nothing more.
 * @returns false when Stripe could not be asked, or refused: some of the customers may have the new address then
 */
export async function correctAddress(
  deps: CorrectDeps,
  donor: Pick<Donor, "customers">,
  { email, request }: { readonly email: string; readonly request: string },
): Promise<boolean> {
  const kind = knownKind("customer");
  for (const { id } of donor.customers) {
    try {
      const { object, asOf } = await deps.stripe.fetch((api) =>
        api.customers.update(
          id,
          { email },
          { idempotencyKey: `address:${request}:${id}`, timeout: STRIPE_CALL_TIMEOUT_MS, maxNetworkRetries: 0 },
        ),
      );
      const snapshot = { kind, row: kind.toRow(object, asOf, mirrorContext(deps)) };
      await inTransaction(deps.db, (trx) => storeSnapshots(trx, [snapshot]));
    } catch (error) {
      const failure = stripeFailure(error);
      if (failure === null) throw error;
      deps.log.error({ object_id: id, failure: failure.kind, err: error }, "a donor's address could not be corrected");
      return false;
    }
  }
  return true;
}
