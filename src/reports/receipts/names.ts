import type { Deps } from "../../deps.ts";
import { namesOfCustomers } from "./receipt.queries.ts";

/**
 * The names of these customers, each once, read from the vault for this once; none where Stripe told none or they were erased. A donor id may
 * stand for several people who share an address, so whose name stands on a paper is asked by customer. `before` is done first, and what it
 * throws keeps the names back.
 */
export async function namesFor(
  deps: Pick<Deps, "db" | "vault">,
  customers: readonly string[],
  before: () => Promise<void>,
): Promise<readonly string[]> {
  const sealed = await namesOfCustomers(deps.db, customers);
  if (sealed.length === 0) return [];
  await before();
  const names = sealed.map((each) =>
    deps.vault.open(each.name_sealed, `stripe_customers.name_sealed:${each.customer_id}`).trim(),
  );
  return [...new Set(names)];
}
