import { AppError } from "../shared/errors.ts";

export type InSlot = <T>(run: () => Promise<T>) => Promise<T>;

/**
 * Lets `count` run at once; who comes later waits in line, for `patienceMs` at most.
 * @throws AppError `rate_limited` once patience is at its end
 */
export function slots(count: number, patienceMs: number): InSlot {
  let free = count;
  const line: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (free > 0) {
      free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.splice(line.indexOf(turn), 1);
        reject(
          new AppError(
            "rate_limited",
            "rate_limited",
            "Other exports are still being downloaded. Try again in a minute.",
            {
              retryAfterSeconds: 60,
            },
          ),
        );
      }, patienceMs);
      line.push(turn);
    });
  }

  function leave(): void {
    const next = line.shift();
    if (next === undefined) free++;
    else next();
  }

  return async (run) => {
    await enter();
    try {
      return await run();
    } finally {
      leave();
    }
  };
}
