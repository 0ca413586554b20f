import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Vault } from "../vault/vault.ts";
import { type Derived, derive } from "./derive.ts";
import { readGraphs } from "./graph.queries.ts";
import { readStored, type StoredBooks } from "./stored.queries.ts";

/** A derived row that deriving it anew would make, change or remove. */
export interface BookDifference {
  readonly table: "donations" | "payments" | "payment_movements";
  readonly id: string;
  readonly donation_id: string;
  readonly change: "new" | "changed" | "gone";
  /** The columns that differ; their values may be a reading history. */
  readonly columns: readonly string[];
}

/** Derives these donations from the mirror and the ledger as `trx` sees them, writes nothing, and says what differs from what is stored. */
export async function compareDonations(
  trx: Transaction<DB>,
  vault: Vault,
  ids: readonly string[],
): Promise<readonly BookDifference[]> {
  const stored = await readStored(trx, ids);
  const graphs = await readGraphs(trx, ids, stored.donations);
  return differencesOf(
    graphs.flatMap((graph) => derive(graph, vault) ?? []),
    stored,
  );
}

type Row = Readonly<Record<string, unknown>>;

function differencesOf(derived: readonly Derived[], stored: StoredBooks): readonly BookDifference[] {
  const donations = new Map(stored.donations.map((row) => [row.id, row as Row]));
  const heads = derived.flatMap((one): BookDifference[] => {
    const current = donations.get(one.id);
    const head = { table: "donations", id: one.id, donation_id: one.id } as const;
    if (current === undefined) return one.foreign === null ? [] : [{ ...head, change: "new", columns: [] }];
    const { status: _, ...chosen } =
      current.origin !== "checkout" && one.foreign !== null ? one.foreign : { status: "" };
    const columns = differing(current, { ...chosen, ...one.donation });
    return columns.length === 0 ? [] : [{ ...head, change: "changed", columns }];
  });
  return [
    ...heads,
    ...ofTable(
      "payments",
      "id",
      stored.payments,
      derived.flatMap((one) => one.payments),
    ),
    ...ofTable(
      "payment_movements",
      "balance_transaction_id",
      stored.movements,
      derived.flatMap((one) => one.movements),
    ),
  ];
}

function ofTable<T extends { readonly donation_id: string }>(
  table: "payments" | "payment_movements",
  key: keyof T & string,
  stored: readonly T[],
  derived: readonly T[],
): readonly BookDifference[] {
  const known = new Map(stored.map((row) => [String(row[key]), row]));
  const wanted = new Map(derived.map((row) => [String(row[key]), row]));
  const found: BookDifference[] = [];
  for (const [id, row] of wanted) {
    const current = known.get(id);
    const head = { table, id, donation_id: row.donation_id };
    if (current === undefined) found.push({ ...head, change: "new", columns: [] });
    else {
      const columns = differing(current as Row, row as Row);
      if (columns.length > 0) found.push({ ...head, change: "changed", columns });
    }
  }
  for (const [id, row] of known) {
    if (!wanted.has(id)) found.push({ table, id, donation_id: row.donation_id, change: "gone", columns: [] });
  }
  return found;
}

function differing(current: Row, wanted: Row): readonly string[] {
  return Object.keys(wanted).filter((column) => plain(current[column]) !== plain(wanted[column]));
}

/** Absent is null; a date is the instant that it is. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  return value ?? null;
}
