import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { donationsOf } from "../../donations/claim.queries.ts";
import { compareDonations } from "../../donations/compare.ts";
import { MIRROR_KINDS, type MirrorKindName } from "../../mirror/kind.ts";
import { type AnyRow, knownKind } from "../../mirror/kinds.ts";
import { differingColumns, merge } from "../../mirror/merge.ts";
import { readRows } from "../../mirror/store.queries.ts";
import type { Snapshot } from "../../mirror/store.ts";
import { balanceTransactionRow } from "../balance-transaction.ts";
import { type Caller, createCaller } from "../lists/caller.ts";
import { knownTransactions } from "../store.queries.ts";
import { sourceKind } from "../sync.ts";
import { type BackfillOptions, readStripe } from "./backfill.ts";
import { notSeen, type Wanted } from "./related.queries.ts";
import {
  noteDonations,
  notedDonations,
  type ShadowMark,
  shadowMarks,
  shadowSources,
  withShadow,
} from "./shadow.queries.ts";
import { pages, type Sink } from "./sink.ts";
import { openSpool, type Spool } from "./spool.ts";
import type { Run } from "./walk.ts";

/** A row that a backfill would make or change. */
export interface Change {
  /** Stripe's kind of object, `balance_transaction`, or one of our tables of derived rows. */
  readonly kind: string;
  readonly id: string;
  readonly change: "new" | "changed" | "gone";
  /** Those that would say something else; never what they say. */
  readonly columns: readonly string[];
}

interface DryRunOptions extends BackfillOptions {
  readonly onChange: (change: Change) => void;
}

type DryRunDeps = Run["deps"];

const BATCH = 500;
/** Fetched together. */
const WANTED_PAGE = 1_000;

/**
 * Reads all that a backfill reads and writes nothing: neither rows nor marks nor places in lists. Names each object that would change, and the
 * donations, payments and movements that would follow.
 */
export async function dryRun(
  deps: DryRunDeps,
  options: DryRunOptions,
): Promise<{ readonly seen: ReadonlyMap<string, number>; readonly calls: number }> {
  const caller = options.caller ?? createCaller(deps);
  const spool = openSpool();
  try {
    const seen = await readStripe(deps, caller, drySink(deps, spool, options.onChange), options);
    await readLedger(deps, caller, spool, options);
    await withShadow(deps.db, spool, (trx) => derivedChanges(trx, deps, options.onChange));
    return { seen, calls: caller.count() };
  } finally {
    spool.close();
  }
}

function drySink(deps: DryRunDeps, spool: Spool, onChange: (change: Change) => void): Sink {
  /** An object may come by several lists: it is named once. Only what changes is in here. */
  const told = new Set<string>();
  const { db } = deps;
  return {
    positions: new Map(),
    put: async (snapshots) => {
      for (const name of MIRROR_KINDS) {
        await compare(
          name,
          snapshots.filter((snapshot) => snapshot.kind.name === name),
        );
      }
    },
    // The shadow is made anew from the whole spool: once for all questions of a round.
    answers: async function* (questions) {
      yield* await withShadow(db, spool, async (trx) => {
        const all: (readonly Wanted[])[] = [];
        for await (const page of pages(trx, questions, WANTED_PAGE)) all.push(page);
        return all;
      });
    },
    notSeen: (kind, ids, seenAfter) =>
      notSeen(
        db,
        knownKind(kind),
        ids.filter((id) => !told.has(id)),
        seenAfter,
      ),
    finish: async () => {},
  };

  async function compare(name: MirrorKindName, snapshots: readonly Snapshot[]): Promise<void> {
    const kind = snapshots[0]?.kind;
    if (kind === undefined) return;
    const rows = await readRows(
      deps.db,
      kind,
      snapshots.map((snapshot) => snapshot.row.id),
    );
    const stored = new Map(rows.map((row) => [row.id, row]));
    const changed: AnyRow[] = [];
    for (const { row } of snapshots) {
      const current = stored.get(row.id);
      const next = current === undefined ? row : merge(kind, current, row).row;
      const columns = current === undefined ? [] : differingColumns(kind, current, next);
      if (current !== undefined && columns.length === 0) continue;
      changed.push(next);
      if (told.has(row.id)) continue;
      told.add(row.id);
      onChange({ kind: name, id: row.id, change: current === undefined ? "new" : "changed", columns });
    }
    await spool.add(kind.table, changed);
  }
}

async function readLedger(deps: DryRunDeps, caller: Caller, spool: Spool, options: DryRunOptions): Promise<void> {
  const gte = Math.floor(+options.since / 1000);
  let after: string | undefined;
  for (;;) {
    const { object: page } = await caller.call((api) =>
      api.balanceTransactions.list({
        limit: 100,
        created: { gte },
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    const known = await knownTransactions(
      deps.db,
      page.data.map((one) => one.id),
    );
    const lacking = page.data.filter((one) => !known.has(one.id));
    await spool.add("balance_transactions", lacking.map(balanceTransactionRow));
    for (const { id } of lacking) options.onChange({ kind: "balance_transaction", id, change: "new", columns: [] });
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}

async function derivedChanges(
  trx: Transaction<DB>,
  deps: DryRunDeps,
  onChange: (change: Change) => void,
): Promise<void> {
  for (const kind of MIRROR_KINDS) {
    await noteAll(trx, async (after) => await shadowMarks(trx, kind, after, BATCH));
  }
  await noteAll(trx, async (after) => {
    const sources = await shadowSources(trx, after, BATCH);
    return sources.map((id) => ({ kind: sourceKind(id) ?? "", object_id: id }));
  });
  let after: string | null = null;
  for (;;) {
    const ids: readonly string[] = await notedDonations(trx, after, BATCH);
    const last = ids.at(-1);
    if (last === undefined) return;
    for (const { table, id, change, columns } of await compareDonations(trx, deps.vault, ids)) {
      onChange({ kind: table, id, change, columns });
    }
    after = last;
  }
}

async function noteAll(
  trx: Transaction<DB>,
  marksAfter: (after: string) => Promise<readonly ShadowMark[]>,
): Promise<void> {
  let after = "";
  for (;;) {
    const marks = await marksAfter(after);
    const last = marks.at(-1);
    if (last === undefined) return;
    await noteDonations(trx, await donationsOf(trx, marks));
    after = last.object_id;
  }
}
