import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import type { Vault } from "../vault/vault.ts";
import { claimDirty, type DirtyObject, donationsOf } from "./claim.queries.ts";
import { derive } from "./derive.ts";
import { lockDonations, readGraphs } from "./graph.queries.ts";
import { writeDerived } from "./write.queries.ts";

const BATCH = 500;

type DeriveDeps = Pick<Deps, "db" | "vault" | "log">;

/**
 * Derives the donations of up to `batch` marked objects (500 unless given), in a transaction of its own: the mirror rows were committed before. Several
 * workers may do so at once. One that can't be derived keeps its mark and doesn't hold up the others.
 * @returns how many marks were taken
 * @throws what is wrong with the marks that are left, when there are no others
 */
export async function deriveDirty(deps: DeriveDeps, batch = BATCH): Promise<number> {
  try {
    return (await deriveMarked(deps, batch, 0)).length;
  } catch {
    return await deriveOneByOne(deps);
  }
}

async function deriveOneByOne(deps: DeriveDeps): Promise<number> {
  let taken = 0;
  let after = 0;
  let failure: unknown;
  for (let count = 0; count < BATCH; count++) {
    let mark: DirtyObject | undefined;
    try {
      await deriveMarked(deps, 1, after, ([claimed]) => {
        mark = claimed;
      });
      if (mark === undefined) break;
      taken += 1;
    } catch (error) {
      if (mark === undefined) throw error;
      failure = error;
      deps.log.error({ object_id: mark.object_id, kind: mark.kind, err: error }, "a donation could not be derived");
    }
    after = mark.seq;
  }
  if (taken === 0 && failure !== undefined) throw failure;
  return taken;
}

async function deriveMarked(
  deps: DeriveDeps,
  limit: number,
  after: number,
  onClaim: (dirty: readonly DirtyObject[]) => void = () => {},
): Promise<readonly DirtyObject[]> {
  return await inTransaction(deps.db, async (trx) => {
    const dirty = await claimDirty(trx, limit, after);
    onClaim(dirty);
    if (dirty.length > 0) await deriveDonations(trx, deps.vault, await donationsOf(trx, dirty));
    return dirty;
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
