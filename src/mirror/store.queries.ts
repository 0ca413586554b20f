import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { MirrorKindName } from "./kind.ts";
import type { AnyKind, AnyRow } from "./kinds.ts";
import { isSame, merge } from "./merge.ts";

export interface Stored {
  /** Ids whose row is another now. */
  readonly changed: readonly string[];
  /** Ids that have to be fetched again. */
  readonly undecided: readonly string[];
}

/**
 * Writes snapshots of one kind so that any order and any number of calls leave the same rows. Locks in id order, so two batches
 * never wait for each other in a circle.
 */
export async function storeRows(trx: Transaction<DB>, kind: AnyKind, rows: readonly AnyRow[]): Promise<Stored> {
  const undecided = new Set<string>();
  const pending = new Map<string, AnyRow>();
  for (const row of rows) combine(pending, row);
  const changed: string[] = [];

  while (pending.size > 0) {
    const ids = [...pending.keys()].sort();
    const stored = new Map((await lockRows(trx, kind, ids)).map((row) => [row.id, row]));
    const updates = ids.flatMap((id) => updateOf(stored.get(id), pending.get(id)));
    const inserts = ids.filter((id) => !stored.has(id)).map((id) => pending.get(id) as AnyRow);
    await updateRows(trx, kind, updates);
    const inserted = await insertRows(trx, kind, inserts);
    changed.push(...updates.map((row) => row.id), ...inserted);
    for (const id of [...stored.keys(), ...inserted]) pending.delete(id);
  }
  return { changed, undecided: [...undecided] };

  function combine(into: Map<string, AnyRow>, row: AnyRow): void {
    const known = into.get(row.id);
    if (known === undefined) {
      into.set(row.id, row);
      return;
    }
    const merged = merge(kind, known, row);
    if (merged.undecided) undecided.add(row.id);
    into.set(row.id, merged.row);
  }

  function updateOf(current: AnyRow | undefined, incoming: AnyRow | undefined): readonly AnyRow[] {
    if (current === undefined || incoming === undefined) return [];
    const merged = merge(kind, current, incoming);
    if (merged.undecided) undecided.add(current.id);
    return isSame(kind, current, merged.row) ? [] : [merged.row];
  }
}

async function lockRows(trx: Transaction<DB>, kind: AnyKind, ids: readonly string[]): Promise<readonly AnyRow[]> {
  const { rows } = await sql<AnyRow>`
    select * from ${sql.table(kind.table)} where id = any(${ids}::text[]) order by id for update
  `.execute(trx);
  return rows;
}

/** A row that another transaction has inserted meanwhile is left out of the answer: the caller reads it and merges. */
async function insertRows(trx: Transaction<DB>, kind: AnyKind, rows: readonly AnyRow[]): Promise<readonly string[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const columns = Object.keys(first);
  const { rows: inserted } = await sql<{ id: string }>`
    insert into ${sql.table(kind.table)} (${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`))}
    on conflict (id) do nothing
    returning id
  `.execute(trx);
  return inserted.map((row) => row.id);
}

/** The rows are locked and complete, so what is inserted over them is what `merge` decided. */
async function updateRows(trx: Transaction<DB>, kind: AnyKind, rows: readonly AnyRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const others = columns.filter((column) => column !== "id");
  await sql`
    insert into ${sql.table(kind.table)} (${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`))}
    on conflict (id) do update set
      ${sql.join(others.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`))}
  `.execute(trx);
}

export async function markDirty(trx: Transaction<DB>, kind: MirrorKindName, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    insert into dirty_objects (kind, object_id) select ${kind}::text, unnest(${ids}::text[])
  `.execute(trx);
}
