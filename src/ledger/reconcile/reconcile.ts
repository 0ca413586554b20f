import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { describeError } from "../../shared/describe-error.ts";
import { backfill } from "../backfill/backfill.ts";
import { type Caller, createCaller } from "../lists/caller.ts";
import { pullPayoutLines } from "../payout-lines.ts";
import { syncLedger } from "../sync.ts";
import { type BalanceLine, compareBalance } from "./balance.ts";
import { checkBooksThemselves, checkCheckouts, checkMarks } from "./checks.ts";
import { compareLedger } from "./compare-ledger.ts";
import { compareLists } from "./compare-lists.ts";
import { deriveMarked } from "./derive-marked.ts";
import { checkDerived } from "./derived.ts";
import {
  beginRun,
  countOpen,
  failRun,
  finishRun,
  lookBegins,
  noteDifferences,
  oldestOpen,
  resolveUnseen,
} from "./differences.queries.ts";
import { heal } from "./heal.ts";
import type { Look } from "./look.ts";
import { lookAgain, lookAtOlder } from "./look-again.ts";

export interface ReconcileOptions {
  readonly since: Date;
  /** Heal what differs from Stripe, then compare once more. */
  readonly fix?: boolean;
  /** How long news that may be on its way is waited for. */
  readonly patienceMs?: number;
  readonly caller?: Caller;
  readonly onProgress?: (lookedAt: ReadonlyMap<string, number>) => void;
}

export interface Reconciled {
  readonly run: string;
  readonly since: Date;
  readonly stripe_at: Date;
  readonly looked_at: Readonly<Record<string, number>>;
  readonly balances: readonly BalanceLine[];
  /** Open differences after the first look, how many of them were healed, and how many are left. */
  readonly found: number;
  readonly healed: number;
  readonly remaining: number;
  readonly calls: number;
}

const PATIENCE_MS = 10_000;
const PROGRESS_MS = 3_000;
const LEDGER_TRIES = 90;

/**
 * Compares the books with Stripe: balance, payouts, every list since a moment, and what the books say of themselves; then all donations
 * with what they are derived from. What differs is kept until a run no longer finds it. Memory doesn't grow with the number of objects.
 */
export async function reconcile(deps: Look["deps"], options: ReconcileOptions): Promise<Reconciled> {
  const run = v7();
  const caller = options.caller ?? createCaller(deps);
  await beginRun(deps.db, { id: run, since: options.since, fix: options.fix === true });
  try {
    const first = await lookOnce(deps, caller, run, options);
    const found = await countOpen(deps.db);
    const second = options.fix === true && found > 0 ? await healAndLook(deps, caller, run, options, first) : null;
    const last = second ?? first;
    const remaining = await countOpen(deps.db);
    const facts = {
      stripe_at: last.look.stripeAt,
      looked_at: Object.fromEntries(last.look.lookedAt),
      balances: last.balances,
      found,
      healed: Math.max(0, found - remaining),
      remaining,
    };
    await finishRun(deps.db, run, facts);
    return { run, since: options.since, ...facts, calls: caller.count() };
  } catch (error) {
    const { type, code, message } = describeError(error);
    await failRun(deps.db, run, [type, code, message].filter(Boolean).join(": ").slice(0, 200));
    throw error;
  }
}

interface Looked {
  readonly look: Look;
  readonly balances: readonly BalanceLine[];
  readonly began: string;
}

/** So many differences at once are a database that was lost or an endpoint that was down: lists fetch a hundred objects a call. */
const MANY = 500;

async function healAndLook(
  deps: Look["deps"],
  caller: Caller,
  run: string,
  options: ReconcileOptions,
  first: Looked,
): Promise<Looked> {
  let looked = first;
  if ((await countOpen(deps.db)) > MANY) {
    await backfill(deps, { since: options.since, caller });
    looked = await lookOnce(deps, caller, run, options);
    if ((await countOpen(deps.db)) === 0) return looked;
  }
  await heal(looked.look, looked.began);
  return await lookOnce(deps, caller, run, options);
}

async function lookOnce(deps: Look["deps"], caller: Caller, run: string, options: ReconcileOptions): Promise<Looked> {
  const began = await lookBegins(deps.db);
  const { asOf } = await caller.call((api) => api.balance.retrieve());
  const look: Look = {
    deps,
    caller,
    since: options.since,
    stripeAt: asOf,
    lookedAt: new Map(),
    note: (found) => noteDifferences(deps.db, run, found),
  };
  const timer = setInterval(() => options.onProgress?.(look.lookedAt), PROGRESS_MS);
  try {
    await checkMarks(look);
    await catchUp(look);
    await Promise.all([compareLists(look), compareLedger(look)]);
    const balances = await compareBalance(look);
    await lookAgain(look, began, options.patienceMs ?? PATIENCE_MS);
    await checkBooksThemselves(look, await reach(look));
    await checkDerived(look);
    await checkCheckouts(look);
    await lookAtOlder(look, began);
    await resolveUnseen(deps.db, began);
    return { look, balances, began };
  } finally {
    clearInterval(timer);
  }
}

/** Pulls what the ledger lacks and derives what is marked, so that only what can't be had that way shows. */
async function catchUp({ deps, caller }: Look): Promise<void> {
  for (let tries = 1; (await syncLedger(deps, { caller })) === null; tries++) {
    if (tries >= LEDGER_TRIES) throw new Error("Another process holds the ledger for longer than a pull takes.");
    await sleep(1000);
  }
  while ((await pullPayoutLines(deps)) > 0) {}
  await deriveMarked(deps);
}

/** As far back as something is still open. */
async function reach({ deps, since }: Look): Promise<Date> {
  const oldest = await oldestOpen(deps.db);
  return oldest !== null && oldest < since ? oldest : since;
}
