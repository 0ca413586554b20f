import type { DB } from "../../db/schema.ts";
import type { MirrorKindName } from "../../mirror/kind.ts";
import { instant } from "../../mirror/kind.ts";
import { knownKind } from "../../mirror/kinds.ts";
import type { World } from "./world.ts";

export type Row = Readonly<Record<string, unknown>>;

/** Where rows go. Those that nobody wants are never made: names and addresses are costly to seal. */
export interface Sink {
  put(table: keyof DB, row: () => Row): void;
}

/** For counting alone. */
export const NOWHERE: Sink = { put: () => undefined };

export interface Collected extends Sink {
  /** While false nothing is kept. */
  isOpen: boolean;
  size(): number;
  take(): ReadonlyMap<keyof DB, readonly Row[]>;
}

export function collectingSink(): Collected {
  let tables = new Map<keyof DB, Row[]>();
  let size = 0;
  return {
    isOpen: true,
    size: () => size,
    put(table, row) {
      if (!this.isOpen) return;
      const rows = tables.get(table);
      if (rows === undefined) tables.set(table, [row()]);
      else rows.push(row());
      size += 1;
    },
    take: () => {
      const taken = tables;
      tables = new Map();
      size = 0;
      return taken;
    },
  };
}

/** An object as Stripe would send it, into its mirror: what it says becomes a row by the code that reads Stripe's. */
export function tell(world: World, name: MirrorKindName, at: number, object: () => object): void {
  const kind = knownKind(name);
  world.sink.put(kind.table, () => kind.toRow(object(), instant(at), world.context));
}
