import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import type { Vault } from "../vault/vault.ts";
import { claimDirty, donationsOf } from "./claim.queries.ts";
import { derive } from "./derive.ts";
import { lockDonations, readGraphs } from "./graph.queries.ts";
import { writeDerived } from "./write.queries.ts";

const BATCH = 500;

/**
 * Derives the donations of up to 500 marked objects, in a transaction of its own: the mirror rows were committed before. Several
 * workers may do so at once. @returns how many marks were taken
 */
export async function deriveDirty(deps: Pick<Deps, "db" | "vault">): Promise<number> {
  return await inTransaction(deps.db, async (trx) => {
    const dirty = await claimDirty(trx, BATCH);
    if (dirty.length === 0) return 0;
    await deriveDonations(trx, deps.vault, await donationsOf(trx, dirty));
    return dirty.length;
  });
}

async function deriveDonations(trx: Transaction<DB>, vault: Vault, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const donations = await lockDonations(trx, ids);
  const graphs = await readGraphs(trx, ids, donations);
  await writeDerived(
    trx,
    graphs.flatMap((graph) => derive(graph, vault) ?? []),
  );
}
