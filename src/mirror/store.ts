import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { MIRROR_KINDS } from "./kind.ts";
import type { AnyKind, AnyRow } from "./kinds.ts";
import { askAgain } from "./refetch.queries.ts";
import { markDirty, storeRows } from "./store.queries.ts";

/** What one object was like at one moment. */
export interface Snapshot {
  readonly kind: AnyKind;
  readonly row: AnyRow;
}

/** Writes snapshots, marks what changed for derivation, and asks Stripe again about what two snapshots of one second disagree on. */
export async function storeSnapshots(trx: Transaction<DB>, snapshots: readonly Snapshot[]): Promise<void> {
  for (const name of MIRROR_KINDS) {
    const ofKind = snapshots.filter((snapshot) => snapshot.kind.name === name);
    const [first] = ofKind;
    if (first === undefined) continue;
    const { changed, undecided } = await storeRows(
      trx,
      first.kind,
      ofKind.map((snapshot) => snapshot.row),
    );
    await markDirty(trx, name, changed);
    await askAgain(trx, name, undecided, "two versions within one second");
  }
}
