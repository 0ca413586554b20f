import { mirrorContext } from "../../mirror/kind.ts";
import { type AnyKind, type AnyRow, knownKind } from "../../mirror/kinds.ts";
import { differingColumns, merge } from "../../mirror/merge.ts";
import { readRows } from "../../mirror/store.queries.ts";
import { isMissing } from "../../stripe/failures.ts";
import type { Listed } from "../lists/lists.ts";
import { causeOfDifference, causeOfMissing } from "./causes.ts";
import type { AnyObject, Difference } from "./difference.ts";
import { facts } from "./difference.ts";
import { eventsOf } from "./differences.queries.ts";
import type { Look } from "./look.ts";

type MirroredObject = Exclude<AnyObject, "balance_transaction">;

/** What tells the reader of a report which object it is. */
const ABOUT = ["status", "amount", "amount_paid", "currency"];

/** What Stripe never changes once it is made: there an answer of any moment judges a row of any other. */
const FIXED: Partial<Readonly<Record<MirroredObject, readonly string[]>>> = {
  charge: ["created", "amount", "currency"],
  refund: ["created", "amount", "currency"],
  dispute: ["created", "currency"],
  invoice: ["created", "currency"],
  payout: ["created", "amount", "currency"],
};

/** Objects as Stripe has them, against the mirror's rows. What may change and the mirror has seen later than this answer is not judged by it. */
export async function compareObjects(
  look: Pick<Look, "deps">,
  name: MirroredObject,
  objects: readonly Listed[],
  asOf: Date,
): Promise<readonly Difference[]> {
  const kind = knownKind(name);
  const context = mirrorContext(look.deps);
  const theirs = objects.map((object) => kind.toRow(object, asOf, context));
  const stored = await readRows(
    look.deps.db,
    kind,
    theirs.map((row) => row.id),
  );
  const ours = new Map(stored.map((row) => [row.id, row]));
  const suspects = theirs.flatMap((row) => suspectOf(kind, ours.get(row.id), row, FIXED[name] ?? []));
  if (suspects.length === 0) return [];
  const events = await eventsOf(
    look.deps.db,
    suspects.map(({ row }) => row.id),
  );
  return suspects.map(({ row, current, columns }) => {
    const event = events.get(row.id) ?? "none";
    return {
      kind: `${name}_${current === undefined ? "missing" : "differs"}`,
      object_id: row.id,
      occurred_at: (row.created as Date | null) ?? null,
      ours: current === undefined ? null : facts(current, columns),
      stripes: facts(row, current === undefined ? ABOUT.filter((column) => column in row) : columns),
      cause: current === undefined ? causeOfMissing(event) : causeOfDifference(event, current, asOf),
    } as const;
  });
}

interface Suspect {
  readonly row: AnyRow;
  readonly current: AnyRow | undefined;
  readonly columns: readonly string[];
}

function suspectOf(
  kind: AnyKind,
  current: AnyRow | undefined,
  row: AnyRow,
  fixed: readonly string[],
): readonly Suspect[] {
  if (current === undefined) return [{ row, current, columns: [] }];
  const next = {
    ...merge(kind, current, row).row,
    ...Object.fromEntries(fixed.map((column) => [column, row[column]])),
  };
  const columns = differingColumns(kind, current, next);
  return columns.length === 0 ? [] : [{ row: next, current, columns }];
}

/** One object by itself. @returns the difference, or null when there is none (any more) */
export async function compareOne(look: Look, name: MirroredObject, id: string): Promise<Difference | null> {
  const kind = knownKind(name);
  try {
    const { object, asOf } = await look.caller.call((api) => kind.retrieve(api, id));
    return (await compareObjects(look, name, [object as Listed], asOf))[0] ?? null;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const [row] = await readRows(look.deps.db, kind, [id]);
  return row === undefined || row.deleted ? null : unknownToStripe(name, row);
}

export function unknownToStripe(name: AnyObject, row: Readonly<Record<string, unknown>>): Difference {
  return {
    kind: `${name}_unknown`,
    object_id: String(row.id),
    occurred_at: (row.created as Date | null) ?? null,
    ours: facts(
      row,
      [...ABOUT, "net", "type"].filter((column) => column in row),
    ),
    stripes: null,
    cause: "Stripe has no such object: test data that was deleted, or a database that was filled from another account.",
  };
}
