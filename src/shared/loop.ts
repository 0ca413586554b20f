import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "./log.ts";

export interface Loop {
  /** Cuts the pause short: there is something to do. */
  wake(): void;
  /** Resolves once the step under way has ended; no other begins. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  /** One round; answers how much it found to do. */
  readonly step: () => Promise<number>;
  /** Pause after a round that found nothing. Polling is what is relied on, waking only makes it quicker. */
  readonly idleMs: number;
  readonly log: Logger;
}

const LONGEST_PAUSE_MS = 30_000;

/** Runs a step over and over; after a failure it pauses, longer each time, and goes on. */
export function startLoop({ name, step, idleMs, log }: LoopOptions): Loop {
  let pause = new AbortController();
  let woken = false;
  let stopping = false;
  const ended = run();

  return {
    wake: () => {
      woken = true;
      pause.abort();
    },
    stop: async () => {
      stopping = true;
      pause.abort();
      await ended;
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      woken = false;
      try {
        const found = await step();
        failures = 0;
        if (found === 0) await wait(idleMs);
      } catch (error) {
        failures += 1;
        log.error({ loop: name, failures, err: error }, "a background step failed; it is tried again");
        await wait(Math.min(LONGEST_PAUSE_MS, idleMs * 2 ** failures));
      }
    }
  }

  async function wait(ms: number): Promise<void> {
    if (stopping || woken) return;
    pause = new AbortController();
    await sleep(ms, undefined, { signal: pause.signal }).catch(() => undefined);
  }
}
