import type pg from "pg";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { AppError } from "../shared/errors.ts";
import { LIMITER_TIMEOUT_MS, RATE_LIMITS, type RateLimit } from "../shared/limits.ts";
import type { Logger } from "../shared/log.ts";
import type { Vault } from "../vault/vault.ts";

export type LimitName = keyof typeof RATE_LIMITS;

/** How often something may be done, counted by all processes together unless a limit says otherwise. */
export interface Limits {
  /**
   * Counts once more for a client or an address, which is kept as a keyed hash alone.
   * @throws AppError `rate_limited` with Retry-After
   */
  count(name: LimitName, who: string): Promise<void>;
}

const QUIET_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Counts in the table rate_limits, on a pool of its own. Where that doesn't answer in time each process counts for itself: a limit may be
 * loose for a while, but a reader is never turned away because a counter is down.
 */
export function createLimits(parts: { pool: pg.Pool; vault: Pick<Vault, "hash">; log: Logger }): Limits {
  const store = { query: quickly(parts.pool, parts.log) };
  const limiters = new Map(
    (Object.keys(RATE_LIMITS) as LimitName[]).map((name) => [name, limiterOf(name, RATE_LIMITS[name], store)]),
  );
  return {
    count: async (name, who) => {
      const { points, spread = 0 }: RateLimit = RATE_LIMITS[name];
      const hash = parts.vault.hash(`limit:${name}`, who);
      const most = spread === 0 ? points : points - lessToday(parts.vault, hash, spread);
      const counted = await consume(limiters.get(name), hash.toString("base64url"));
      if (counted.consumedPoints > most) throw tooMany(counted.msBeforeNext);
    },
  };
}

type Limiter = Pick<RateLimiterPostgres, "consume">;

function limiterOf(name: LimitName, { points, seconds, local = false }: RateLimit, store: unknown): Limiter {
  const common = { keyPrefix: name, points, duration: seconds };
  if (local) return new RateLimiterMemory(common);
  return new RateLimiterPostgres({
    ...common,
    storeClient: store,
    storeType: "client",
    tableName: "rate_limits",
    tableCreated: true,
    clearExpiredByTimeout: false,
    inMemoryBlockOnConsumed: points + 1,
    insuranceLimiter: new RateLimiterMemory(common),
  });
}

async function consume(limiter: Limiter | undefined, key: string): Promise<RateLimiterRes> {
  if (limiter === undefined) throw new Error("There is no such limit.");
  try {
    return await limiter.consume(key);
  } catch (error) {
    if (error instanceof RateLimiterRes) throw tooMany(error.msBeforeNext);
    throw error;
  }
}

/** One statement without a name, as a pooler in transaction mode needs it, or an error as soon as it takes too long. */
function quickly(pool: pg.Pool, log: Logger) {
  let quietUntil = 0;
  return async ({ text, values }: { readonly text: string; readonly values: unknown[] }) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("The counter of requests is too slow.")), LIMITER_TIMEOUT_MS);
    try {
      const asked = { text, values, query_timeout: LIMITER_TIMEOUT_MS };
      return await Promise.race([pool.query(asked), late.promise]);
    } catch (error) {
      if (performance.now() >= quietUntil) {
        quietUntil = performance.now() + QUIET_MS;
        log.warn({ err: error }, "requests are counted by this process alone for now");
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * By so much the limit is lower today, for that address: whoever runs into it can't tell from the number whether somebody else has used
 * the address before.
 */
function lessToday(vault: Pick<Vault, "hash">, hash: Buffer, spread: number): number {
  const today = Math.floor(Date.now() / DAY_MS);
  return vault.hash("limit:spread", `${hash.toString("base64url")}:${today}`).readUInt32BE() % spread;
}

function tooMany(msBeforeNext: number): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  const detail = "There were too many requests of this kind. Wait for the time that Retry-After names, then try again.";
  return new AppError("rate_limited", "rate_limited", detail, { retryAfterSeconds });
}
