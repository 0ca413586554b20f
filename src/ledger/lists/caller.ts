import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../deps.ts";
import type { Fetched } from "../../stripe/client.ts";
import { stripeFailure } from "../../stripe/failures.ts";
import type { Stripe } from "../../stripe/types.ts";

type Request<T> = (api: Stripe) => Promise<Stripe.Response<T>>;

/** Reads of Stripe for work that nobody waits for: a few at a time, and patient. */
export interface Caller {
  call<T>(request: Request<T>): Promise<Fetched<T>>;
  /** Requests that were answered so far. */
  count(): number;
  /** @throws what ended the work, once it is to end */
  goOn(): void;
}

/** Stripe allows some 25 reads a second in test mode and more in live mode; four at a time stay below that and leave the rest to readers. */
const IN_FLIGHT = 4;
const ATTEMPTS = 8;
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

interface CallerOptions {
  readonly inFlight?: number;
  readonly pauseMs?: number;
  /** No call begins after this. */
  readonly signal?: AbortSignal;
}

/**
 * After a time-out, a 429, a 5xx or an answer that is none, the same read is sent again up to seven times, with pauses that double from half a
 * second. While one waits nobody else calls: a limit holds for the account, not for one request.
 * @throws what Stripe refused, and what went on failing
 */
export function createCaller(deps: Pick<Deps, "stripe" | "log">, options: CallerOptions = {}): Caller {
  const shortest = options.pauseMs ?? SHORTEST_PAUSE_MS;
  const enter = turnstile(options.inFlight ?? IN_FLIGHT);
  let notBefore = 0;
  let answered = 0;

  async function attempt<T>(request: Request<T>): Promise<Fetched<T>> {
    for (let attempts = 1; ; attempts++) {
      options.signal?.throwIfAborted();
      const pause = notBefore - performance.now();
      if (pause > 0) await sleep(pause, undefined, options.signal === undefined ? {} : { signal: options.signal });
      try {
        const fetched = await deps.stripe.fetch(request);
        answered += 1;
        return fetched;
      } catch (error) {
        const kind = stripeFailure(error)?.kind;
        if (kind !== "unknown" || attempts >= ATTEMPTS) throw error;
        const pauseMs = Math.min(LONGEST_PAUSE_MS, shortest * 2 ** (attempts - 1)) * (0.75 + Math.random() / 2);
        notBefore = Math.max(notBefore, performance.now() + pauseMs);
        deps.log.warn({ err: error, attempts, pause_ms: Math.round(pauseMs) }, "Stripe did not answer; asked again");
      }
    }
  }

  return {
    call: async (request) => {
      const leave = await enter();
      try {
        return await attempt(request);
      } finally {
        leave();
      }
    },
    count: () => answered,
    goOn: () => options.signal?.throwIfAborted(),
  };
}

/** Lets so many in at once; the others queue up. */
function turnstile(places: number): () => Promise<() => void> {
  let free = places;
  const queue: (() => void)[] = [];
  const leave = () => {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    return leave;
  };
}
