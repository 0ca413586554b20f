import { setImmediate as nextTurn } from "node:timers/promises";
import type { SandboxClock } from "../clock.ts";
import { DRAFT_FOR } from "./invoices.ts";
import type { Due, Schedule } from "./schedule.ts";

const WORK_FOR_MS = 25;

/** Lives through the sandbox's time: everything that is due happens at its own moment, in order. */
export class Timeline {
  readonly #clock: SandboxClock;
  readonly #schedule: Schedule;
  readonly #happen: (due: Due) => void;
  #moment: number | undefined;
  #frozenAt: number | undefined;
  #latest = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: SandboxClock, schedule: Schedule, happen: (due: Due) => void) {
    this.#clock = clock;
    this.#schedule = schedule;
    this.#happen = happen;
  }

  /** Whole seconds; never goes back, also when the machine's clock does. */
  now(): number {
    if (this.#moment !== undefined) return this.#moment;
    const now = this.#frozenAt ?? Math.floor(this.#clock.now().getTime() / 1000);
    this.#latest = Math.max(this.#latest, now);
    return this.#latest;
  }

  /** Keeps the clock at this second until it is let go again. */
  freeze(frozen: boolean): void {
    this.#frozenAt = frozen ? this.now() : undefined;
  }

  /** Lets happen what has come due since: wall time passes too, and the stand-in may have been away. */
  catchUp(): void {
    if (this.#moment !== undefined) return;
    const now = this.now();
    for (let due = this.#schedule.take(now); due !== undefined; due = this.#schedule.take(now)) this.#live(due);
    this.#moment = undefined;
  }

  /**
   * Moves the clock forward; with `finishDrafts` on to the end of the hour for which Stripe leaves a renewal a draft: whoever advances by a
   * month wants the month's renewals paid. Requests that come meanwhile see the moment that is being lived through.
   */
  advance(milliseconds: number, finishDrafts = false): Promise<void> {
    const advanced = this.#last.then(() => this.#advance(milliseconds, finishDrafts));
    this.#last = advanced.catch(() => undefined);
    return advanced;
  }

  async #advance(milliseconds: number, finishDrafts: boolean): Promise<void> {
    this.catchUp();
    const target = this.#clock.now().getTime() + milliseconds;
    const until =
      this.#frozenAt === undefined ? Math.floor(target / 1000) : this.#frozenAt + Math.floor(milliseconds / 1000);
    let since = performance.now();
    try {
      for (let due = this.#schedule.take(until); due !== undefined; due = this.#schedule.take(until)) {
        this.#live(due);
        if (performance.now() - since < WORK_FOR_MS) continue;
        this.#moveTo(due.at * 1000);
        await nextTurn();
        since = performance.now();
      }
      this.#moveTo(target);
      if (this.#frozenAt !== undefined) this.#frozenAt = until;
      const draftEnds = !finishDrafts ? undefined : this.#schedule.lastOf("finalize_invoice", until + DRAFT_FOR);
      if (draftEnds === undefined) return;
      for (let due = this.#schedule.take(draftEnds); due !== undefined; due = this.#schedule.take(draftEnds)) {
        this.#live(due);
      }
      this.#moveTo(draftEnds * 1000);
    } finally {
      this.#moment = undefined;
    }
  }

  #live(due: Due): void {
    this.#moment = Math.max(due.at, this.#moment ?? due.at);
    this.#happen(due);
  }

  #moveTo(time: number): void {
    this.#clock.advance(Math.max(0, time - this.#clock.now().getTime()));
  }
}
