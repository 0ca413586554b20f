import { createHash } from "node:crypto";
import { idempotencyError, keyInUse, parameterError } from "./errors.ts";
import { DAY } from "./periods.ts";
import type { Store } from "./store.ts";

/** The answer to the first request with a key. */
export interface KeptAnswer {
  /** The idempotency key. */
  readonly id: string;
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
  readonly request_id: string;
  readonly created: number;
}

/** Stripe prunes keys "after they're at least 24 hours old". https://docs.stripe.com/api/idempotent_requests */
const KEPT_FOR = DAY;

/** Answers to POSTs by their Idempotency-Key. */
export class Idempotency {
  readonly #store: Store;
  readonly #inFlight = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The kept answer of an equal request; throws for another request with this key and while the first one runs. */
  recall(key: string, fingerprint: string, now: number): KeptAnswer | undefined {
    if (key.length > 255) throw parameterError(null, "Idempotency-Key must be at most 255 characters long");
    const kept = this.#store.get("kept_answer", key);
    if (kept !== undefined && kept.created + KEPT_FOR > now) {
      if (kept.fingerprint === fingerprint) return kept;
      throw idempotencyError(
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    }
    if (this.#inFlight.has(key)) throw keyInUse();
    return undefined;
  }

  begin(key: string): void {
    this.#inFlight.add(key);
  }

  end(key: string): void {
    this.#inFlight.delete(key);
  }

  keep(answer: KeptAnswer): void {
    this.#store.put("kept_answer", answer);
  }

  /** Deletes what is older than a day; the map is in the order of keeping. */
  prune(now: number): void {
    for (const kept of this.#store.all("kept_answer")) {
      if (kept.created + KEPT_FOR > now) return;
      this.#store.delete("kept_answer", kept.id);
    }
  }
}

/** What must be the same in a repeated request: the endpoint and the parameters, byte by byte. */
export function fingerprintOf(path: string, body: string): string {
  return createHash("sha256").update(path).update("\0").update(body).digest("base64");
}
