import type { AnyKind, AnyRow } from "./kinds.ts";

export interface Merged {
  readonly row: AnyRow;
  /** Both were seen in the same second and nothing but a later look at Stripe can tell which is true. */
  readonly undecided: boolean;
}

/**
 * What two snapshots of one object say together. Symmetric, so any order of arrival gives the same row: the newer one wins, then
 * the one further along its life, then (until Stripe has been asked again) the one whose columns sort last. A deletion is final.
 */
export function merge(kind: AnyKind, one: AnyRow, other: AnyRow): Merged {
  const order = compare(kind, one, other);
  const [winner, loser] = order >= 0 ? [one, other] : [other, one];
  const row: Record<string, unknown> = { ...winner };
  if (!winner.deleted) {
    for (const link of kind.links) row[link] = winner[link] ?? loser[link] ?? null;
  }
  return { row: row as AnyRow, undecided: isUndecided(kind, one, other) };
}

/** Whether writing `next` over `current` would change nothing that matters. */
export function isSame(kind: AnyKind, current: AnyRow, next: AnyRow): boolean {
  return +current.as_of === +next.as_of && differingColumns(kind, current, next).length === 0;
}

/** Which columns say something else, but for `as_of` and sealed ones: what was only seen again says nothing new. */
export function differingColumns(kind: AnyKind, current: AnyRow, next: AnyRow): readonly string[] {
  return Object.keys(next).filter(
    (column) =>
      column !== "as_of" &&
      !kind.sealed.includes(column) &&
      JSON.stringify(plain(current[column])) !== JSON.stringify(plain(next[column])),
  );
}

function compare(kind: AnyKind, one: AnyRow, other: AnyRow): number {
  if (one.deleted !== other.deleted) return one.deleted ? 1 : -1;
  if (+one.as_of !== +other.as_of) return +one.as_of - +other.as_of;
  if (one.rank !== other.rank) return one.rank - other.rank;
  const [left, right] = [fingerprint(kind, one, kind.links), fingerprint(kind, other, kind.links)];
  if (left === right) return 0;
  return left > right ? 1 : -1;
}

function isUndecided(kind: AnyKind, one: AnyRow, other: AnyRow): boolean {
  if (one.deleted || other.deleted || +one.as_of !== +other.as_of || one.rank !== other.rank) return false;
  return fingerprint(kind, one, kind.links) !== fingerprint(kind, other, kind.links);
}

/** The columns that tell two versions apart; links merge whoever wins, and sealed bytes differ by chance. */
function fingerprint(kind: AnyKind, row: AnyRow, without: readonly string[]): string {
  const columns = Object.keys(row).filter(
    (column) => column !== "as_of" && !kind.sealed.includes(column) && !without.includes(column),
  );
  return JSON.stringify(columns.sort().map((column) => [column, plain(row[column])]));
}

function plain(value: unknown): unknown {
  return Buffer.isBuffer(value) ? value.toString("hex") : value;
}
