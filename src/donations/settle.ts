import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { claimDirty, type DirtyObject, donationsOf } from "./claim.queries.ts";
import { derive } from "./derive.ts";
import { lockDonations, readGraphs } from "./graph.queries.ts";
import { queueGiftMails } from "./mails/queue-gift-mails.ts";
import { DERIVE_ANEW } from "./stored.queries.ts";
import { writeDerived } from "./write.queries.ts";

const BATCH = 500;

type DeriveDeps = Pick<Deps, "db" | "vault" | "log" | "newsroom" | "now">;

/**
 * Derives the donations of up to `batch` marked objects (500 unless given), in a transaction of its own, and queues the mails that they cause: the
 * mirror rows were committed before. Several workers may do so at once. One that can't be derived keeps its mark and doesn't hold up the others.
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
    if (dirty.length > 0) await deriveMarks(trx, deps, dirty);
    return dirty;
  });
}

async function deriveMarks(trx: Transaction<DB>, deps: DeriveDeps, dirty: readonly DirtyObject[]): Promise<void> {
  const ids = await donationsOf(trx, dirty);
  if (ids.length === 0) return;
  const news = dirty.filter((mark) => mark.kind !== DERIVE_ANEW);
  const told = new Set(news.length === dirty.length ? ids : await donationsOf(trx, news));
  const donations = await lockDonations(trx, ids);
  const graphs = await readGraphs(trx, ids, donations);
  const gifts = graphs.flatMap((graph) => {
    const derived = derive(graph, deps.vault);
    return derived === null ? [] : [{ graph, derived }];
  });
  const times = { now: deps.now(), newsroom: deps.newsroom() };
  await writeDerived(
    trx,
    gifts.map((gift) => gift.derived),
    times.now,
  );
  await queueGiftMails(
    trx,
    gifts.filter(({ graph }) => told.has(graph.id)),
    times,
  );
}
