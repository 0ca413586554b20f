import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import { keepCorrection } from "../../donations/corrected.queries.ts";
import { donorId } from "../../donations/ids.ts";
import { mirrorContext } from "../../mirror/kind.ts";
import { knownKind } from "../../mirror/kinds.ts";
import { storeSnapshots } from "../../mirror/store.ts";
import { STRIPE_CALL_TIMEOUT_MS } from "../../shared/limits.ts";
import { stripeFailure } from "../../stripe/failures.ts";
import { emailHash } from "../../vault/email-hash.ts";
import { isAnothersAddress } from "./donor.queries.ts";
import type { Donor } from "./donor.ts";

type CorrectDeps = Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log">;

export interface NewAddress {
  readonly email: string;
  /** Of the form: sent again with the same one it changes nothing more. */
  readonly request: string;
}

/** The donor's ids before and after; an address makes the id. */
export function idsOf(
  deps: Pick<Deps, "vault">,
  donor: Pick<Donor, "customers">,
  email: string,
): { readonly oldId: string; readonly newId: string } {
  const [customer] = donor.customers;
  if (customer === undefined) throw new Error("A donor has a customer at Stripe.");
  return { oldId: donorId(customer), newId: donorId({ id: customer.id, email_hash: emailHash(deps.vault, email) }) };
}

/**
 * Whether somebody else gave with this address: with it this donor would become one with them. What a correction that broke off has
 * changed already is nobody else's.
 */
export async function isTaken(deps: CorrectDeps, donor: Pick<Donor, "customers">, email: string): Promise<boolean> {
  const own = donor.customers.map(({ id }) => id);
  return await isAnothersAddress(deps.db, emailHash(deps.vault, email), { own, ...idsOf(deps, donor, email) });
}

/**
 * Gives all of a donor's customers at Stripe another address, and notes it here so that nobody has to wait for Stripe's events. The one by
 * whom the donor was looked up comes last: as long as it isn't done, the page shows what is left.
 * @returns false when Stripe could not be asked, or refused: some of the customers may have the new address then
 */
export async function correctAddress(
  deps: CorrectDeps,
  donor: Pick<Donor, "id" | "customers">,
  { email, request }: NewAddress,
): Promise<boolean> {
  const kind = knownKind("customer");
  const ids = idsOf(deps, donor, email);
  const lookedUpLast = donor.customers.toSorted((a, b) => Number(a.id === donor.id) - Number(b.id === donor.id));
  for (const { id } of lookedUpLast) {
    try {
      const { object, asOf } = await deps.stripe.fetch((api) =>
        api.customers.update(
          id,
          { email },
          { idempotencyKey: `address:${request}:${id}`, timeout: STRIPE_CALL_TIMEOUT_MS, maxNetworkRetries: 0 },
        ),
      );
      const snapshot = { kind, row: kind.toRow(object, asOf, mirrorContext(deps)) };
      await inTransaction(deps.db, async (trx) => {
        await storeSnapshots(trx, [snapshot]);
        await keepCorrection(trx, { request, customer: id, ...ids });
      });
    } catch (error) {
      const failure = stripeFailure(error);
      if (failure === null) throw error;
      deps.log.error({ object_id: id, failure: failure.kind, err: error }, "a donor's address could not be corrected");
      return false;
    }
  }
  return true;
}
