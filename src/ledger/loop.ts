import type { Deps } from "../deps.ts";
import { pullPayoutLines } from "./payout-lines.ts";
import { type LedgerDue, ledgerDue } from "./store.queries.ts";
import { LEDGER, syncLedger } from "./sync.ts";

const SHORTEST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 5 * 60 * 1000;

/** What one process remembers between steps. */
export interface LedgerLoopState {
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number;
  lastAt: number;
  pauseMs: number;
  failing: boolean;
  /** Which payments waited for their settlement at the last pull. */
  waiting: string | null;
}

export function ledgerLoopState(clock: () => number = () => performance.now()): LedgerLoopState {
  return { clock, lastAt: Number.NEGATIVE_INFINITY, pauseMs: SHORTEST_PAUSE_MS, failing: false, waiting: null };
}

/**
 * Pulls the ledger if it is time to; to be called every second or so. It is time when payments wait for their settlement, and when
 * no process has pulled for five minutes. While the same payments go on waiting, or pulls fail, the pauses double from two seconds up to five
 * minutes: Stripe books some payments days later. Never throws; what went wrong is logged.
 * @returns how many rows were pulled
 */
export async function ledgerLoopStep(
  deps: Pick<Deps, "db" | "stripe" | "log">,
  state: LedgerLoopState,
): Promise<number> {
  const idleMs = state.clock() - state.lastAt;
  if (idleMs < SHORTEST_PAUSE_MS || (state.failing && idleMs < state.pauseMs)) return 0;
  try {
    const due = await ledgerDue(deps.db, LEDGER);
    if (!isTime(state, due, idleMs)) return 0;
    const done = await syncLedger(deps);
    await pullPayoutLines(deps);
    const isNews = done === null || done.pulled > 0 || due.waiting !== state.waiting;
    pause(state, isNews ? SHORTEST_PAUSE_MS : state.pauseMs * 2);
    state.failing = false;
    state.waiting = due.waiting;
    return done?.pulled ?? 0;
  } catch (error) {
    pause(state, state.failing ? state.pauseMs * 2 : SHORTEST_PAUSE_MS);
    state.failing = true;
    deps.log.warn({ err: error, next_try_in_ms: state.pauseMs }, "balance transactions could not be pulled");
    return 0;
  }
}

function isTime(state: LedgerLoopState, due: LedgerDue, idleMs: number): boolean {
  if (due.waiting !== null && due.waiting !== state.waiting) return true;
  return idleMs >= state.pauseMs && (due.overdue || due.waiting !== null);
}

function pause(state: LedgerLoopState, ms: number): void {
  state.lastAt = state.clock();
  state.pauseMs = Math.min(ms, LONGEST_PAUSE_MS);
}
