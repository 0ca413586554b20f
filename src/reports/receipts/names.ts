import type { Deps } from "../../deps.ts";
import { nameOfDonor } from "./receipt.queries.ts";

/**
 * A donor's name, read from the vault for this once; null where Stripe told none or it was erased. `before` is done first, and what it throws
 * keeps the name back.
 */
export async function nameFor(
  deps: Pick<Deps, "db" | "vault">,
  donorId: string,
  before: () => Promise<void>,
): Promise<string | null> {
  const sealed = await nameOfDonor(deps.db, donorId);
  if (sealed === null) return null;
  await before();
  return deps.vault.open(sealed.name_sealed, `stripe_customers.name_sealed:${sealed.customer_id}`);
}
