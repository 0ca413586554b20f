import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { MirrorKindName } from "./kind.ts";
import type { AnyKind, AnyRow } from "./kinds.ts";
import { differingColumns, isSame, merge } from "./merge.ts";

export interface Stored {
  /** Ids whose row says something else now; one that was only seen again does not. */
  readonly changed: readonly string[];
  /** Ids that have to be fetched again. */
  readonly undecided: readonly string[];
}

/**
 * Writes snapshots of one kind so that any order and any number of calls leave the same rows. New rows and known ones are locked in one
 * pass in id order, so two batches never wait for each other in a circle.
 */
export async function storeRows(trx: Transaction<DB>, kind: AnyKind, rows: readonly AnyRow[]): Promise<Stored> {
  if (rows.length === 0) return { changed: [], undecided: [] };
  const ties = new Set<string>();
  const combine = (one: AnyRow, other: AnyRow): AnyRow => {
    const merged = merge(kind, one, other);
    if (merged.undecided) ties.add(momentOf(merged.row));
    return merged.row;
  };

  const incoming = new Map<string, AnyRow>();
  for (const row of rows) {
    const known = incoming.get(row.id);
    incoming.set(row.id, known === undefined ? row : combine(known, row));
  }
  const ids = [...incoming.keys()].sort();
  const inserted = await insertOrLock(
    trx,
    kind,
    ids.map((id) => incoming.get(id) as AnyRow),
  );
  const locked = await readRows(
    trx,
    kind,
    ids.filter((id) => !inserted.includes(id)),
  );
  const changed = [...inserted];
  const updates = locked.flatMap((current) => {
    const next = combine(current, incoming.get(current.id) as AnyRow);
    incoming.set(current.id, next);
    if (isSame(kind, current, next)) return [];
    if (differingColumns(kind, current, next).length > 0) changed.push(current.id);
    return [next];
  });
  await updateRows(trx, kind, updates);
  const undecided = ids.filter((id) => ties.has(momentOf(incoming.get(id) as AnyRow)));
  return { changed, undecided };
}

/** What a tie is about; one at a moment that a newer version has left behind is settled. */
function momentOf(row: AnyRow): string {
  return [row.id, +row.as_of, row.rank, row.deleted].join(" ");
}

/** Inserts what is new and locks what is there, row by row in the given order. @returns the ids of the new ones */
async function insertOrLock(trx: Transaction<DB>, kind: AnyKind, rows: readonly AnyRow[]): Promise<readonly string[]> {
  const { rows: inserted } = await sql<{ id: string }>`
    insert into ${sql.table(kind.table)} ${valuesOf(rows)}
    on conflict (id) do update set id = excluded.id where false
    returning id
  `.execute(trx);
  return inserted.map((row) => row.id);
}

export async function readRows(trx: Kysely<DB>, kind: AnyKind, ids: readonly string[]): Promise<readonly AnyRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<AnyRow>`select * from ${sql.table(kind.table)} where id = any(${ids}::text[])`.execute(
    trx,
  );
  return rows;
}

/** The rows are locked and complete, so what is inserted over them is what `merge` decided. */
async function updateRows(trx: Transaction<DB>, kind: AnyKind, rows: readonly AnyRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const others = Object.keys(first).filter((column) => column !== "id");
  await sql`
    insert into ${sql.table(kind.table)} ${valuesOf(rows)}
    on conflict (id) do update set
      ${sql.join(others.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`))}
  `.execute(trx);
}

function valuesOf(rows: readonly AnyRow[]) {
  const columns = Object.keys(rows[0] as AnyRow);
  return sql`(${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`))}`;
}

export async function markDirty(trx: Transaction<DB>, kind: MirrorKindName, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    insert into dirty_objects (kind, object_id) select ${kind}::text, unnest(${ids}::text[])
  `.execute(trx);
}
