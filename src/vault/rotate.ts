import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { describeError } from "../shared/describe-error.ts";
import type { Keyring } from "./keyring.ts";
import { replaceSealed, type SealedRow, sealedBatch } from "./rotate.queries.ts";
import { contextOf, SEALED_COLUMNS, type SealedColumn } from "./sealed-columns.ts";
import { open, seal, type Vault } from "./vault.ts";

export interface Rotated {
  readonly column: string;
  /** How many values were sealed anew. */
  readonly rows: number;
  /** Values that don't open: they stay as they are. */
  readonly unreadable: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Seals every value anew under the first data key, in small batches, while the service runs. A row that changes meanwhile is
 * left to its writer, and one that doesn't open holds up no other. Can be stopped and started again at any point; once nothing is left
 * to do, the older keys may be removed.
 */
export async function rotateKeys(db: Kysely<DB>, vault: Vault, keyring: Keyring): Promise<readonly Rotated[]> {
  const rotated: Rotated[] = [];
  for (const column of SEALED_COLUMNS) rotated.push(await rotateColumn(db, vault, keyring, column));
  return rotated;
}

async function rotateColumn(db: Kysely<DB>, vault: Vault, keyring: Keyring, column: SealedColumn): Promise<Rotated> {
  let rows = 0;
  const unreadable: { id: string; reason: string }[] = [];
  let after: string | null = null;
  for (;;) {
    const batch = await sealedBatch(db, column, after);
    const last = batch.at(-1);
    if (last === undefined) return { column: `${column.table}.${column.column}`, rows, unreadable };
    for (const row of batch) {
      const again = sealAnew(vault, keyring, column, row);
      if ("reason" in again) unreadable.push({ id: row.id, reason: again.reason });
      else if (again.sealed !== null) rows += await replaceSealed(db, column, row, again.sealed);
    }
    after = last.id;
  }
}

type Again = { readonly sealed: Buffer | null } | { readonly reason: string };

/** `sealed` is null where nothing has to be done. */
function sealAnew(vault: Vault, keyring: Keyring, column: SealedColumn, row: SealedRow): Again {
  try {
    if (vault.isCurrent(row.sealed)) return { sealed: null };
    const context = contextOf(column, row.id);
    return { sealed: seal(keyring, open(keyring, row.sealed, context), context) };
  } catch (error) {
    return { reason: describeError(error).message ?? "unknown" };
  }
}
