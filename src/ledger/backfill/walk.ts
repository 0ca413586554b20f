import type { Deps } from "../../deps.ts";
import { isMissing } from "../../stripe/failures.ts";
import type { Stripe } from "../../stripe/types.ts";
import type { Caller } from "../lists/caller.ts";
import type { Range } from "../lists/lists.ts";
import type { Position } from "./positions.queries.ts";
import type { Sink } from "./sink.ts";

/** One backfill under way. */
export interface Run {
  readonly deps: Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log" | "now">;
  readonly caller: Caller;
  readonly sink: Sink;
  readonly since: Date;
  /** By Stripe's clock. */
  readonly startedAt: Date;
  /** Rows that are dated later were seen by this run. */
  readonly seenAfter: Date;
  /** Objects by list, for whoever waits. */
  readonly seen: Map<string, number>;
  /** What was fetched by itself: once is enough, also of what Stripe no longer has. */
  readonly tried: Set<string>;
}

interface Item {
  readonly id: string;
  readonly created?: number;
}

interface Walk<T extends Item> {
  readonly name: string;
  /** Whether the list itself begins at the period's beginning. */
  readonly range: (after: string | null) => Range;
  readonly page: (api: Stripe, range: Range) => Promise<Stripe.Response<Stripe.ApiList<T>>>;
  /** Stores a page together with how far the list has come. */
  readonly store: (items: readonly T[], asOf: Date, position: Position) => Promise<void>;
}

/** Objects that Stripe shows only a while after their `created`. */
const OVERLAP_MS = 60 * 60 * 1000;

/**
 * Reads a list to its end, or from where an earlier run of the same backfill was cut off: what was made since then stands above that place and
 * is read first.
 */
export async function walk<T extends Item>(run: Run, walked: Walk<T>): Promise<void> {
  const known = run.sink.positions.get(walked.name);
  if (known !== undefined) await readHead(run, walked, known);
  if (known?.done === true) return;
  let after = known?.after_id ?? null;
  for (;;) {
    const page = await pageAfter(run, walked, after);
    if (page === null) {
      after = null;
      continue;
    }
    const last = page.object.data.at(-1)?.id ?? after;
    const done = !page.object.has_more;
    const position = { list: walked.name, started_at: run.startedAt, after_id: last, done };
    await walked.store(page.object.data, page.asOf, position);
    count(run, walked.name, page.object.data.length);
    if (done || page.object.data.length === 0) return;
    after = last;
  }
}

/** What was made since the earlier run began. */
async function readHead<T extends Item>(run: Run, walked: Walk<T>, known: Position): Promise<void> {
  const from = Math.floor((+known.started_at - OVERLAP_MS) / 1000);
  let after: string | null = null;
  for (;;) {
    const range: Range = walked.range(after);
    const page = await run.caller.call((api) => walked.page(api, range));
    const fresh = page.object.data.filter((item) => (item.created ?? 0) >= from);
    after = fresh.at(-1)?.id ?? null;
    const isOver = fresh.length < page.object.data.length || !page.object.has_more || after === null;
    await walked.store(fresh, page.asOf, isOver ? { ...known, started_at: run.startedAt } : known);
    count(run, walked.name, fresh.length);
    if (isOver) return;
  }
}

/** @returns null when the place where the list was left is no longer in it */
async function pageAfter<T extends Item>(run: Run, walked: Walk<T>, after: string | null) {
  try {
    return await run.caller.call((api) => walked.page(api, walked.range(after)));
  } catch (error) {
    if (after === null || !isMissing(error)) throw error;
    run.deps.log.warn({ list: walked.name }, "a list is read from its beginning: the place where it was left is gone");
    return null;
  }
}

function count(run: Run, name: string, more: number): void {
  run.seen.set(name, (run.seen.get(name) ?? 0) + more);
}
