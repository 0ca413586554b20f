import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Keyring } from "./keyring.ts";
import { replaceSealed, sealedBatch } from "./rotate.queries.ts";
import { contextOf, SEALED_COLUMNS, type SealedColumn } from "./sealed-columns.ts";
import { open, seal, type Vault } from "./vault.ts";

export interface Rotated {
  readonly column: string;
  readonly rows: number;
}

/**
 * Seals every value anew under the first data key, in small batches, while the service runs. A row that changes meanwhile is
 * left to its writer. Can be stopped and started again at any point; afterwards the older keys may be removed.
 */
export async function rotateKeys(db: Kysely<DB>, vault: Vault, keyring: Keyring): Promise<readonly Rotated[]> {
  const rotated: Rotated[] = [];
  for (const column of SEALED_COLUMNS) {
    rotated.push({ column: `${column.table}.${column.column}`, rows: await rotateColumn(db, vault, keyring, column) });
  }
  return rotated;
}

async function rotateColumn(db: Kysely<DB>, vault: Vault, keyring: Keyring, column: SealedColumn): Promise<number> {
  let rows = 0;
  let after: string | null = null;
  for (;;) {
    const batch = await sealedBatch(db, column, after);
    const last = batch.at(-1);
    if (last === undefined) return rows;
    for (const row of batch) {
      if (vault.isCurrent(row.sealed)) continue;
      const context = contextOf(column, row.id);
      const again = seal(keyring, open(keyring, row.sealed, context), context);
      rows += await replaceSealed(db, column, row, again);
    }
    after = last.id;
  }
}
