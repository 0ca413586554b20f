import type { Stripe } from "../../stripe/types.ts";
import type { Kind, Kinds, Store } from "./store.ts";

/** The Stripe account that is simulated. */
export interface Account {
  readonly id: string;
  readonly country: string;
  /** Settlement currency of what has no account of its own. */
  readonly currency: string;
  /** Every currency that isn't converted when it is booked; the settlement currency is one of them. */
  readonly currencies: readonly string[];
  readonly name: string;
}

/** The API request that causes events; both null when Stripe acts by itself. */
export interface Cause {
  readonly id: string | null;
  readonly idempotency_key: string | null;
}

export const NO_CAUSE: Cause = { id: null, idempotency_key: null };

/** Work that the clock brings: what is done when `at` has come. */
export type TaskName =
  | "expire_session"
  | "renew"
  | "finalize_invoice"
  | "settle"
  | "fail_to_settle"
  | "expire_incomplete"
  | "forget_old"
  | "retry_invoice"
  | "resume_collection"
  | "settle_refund"
  | "fail_refund"
  | "trace_refund"
  | "evidence_due"
  | "pay_out"
  | "payout_on_its_way"
  | "payout_arrives"
  | "payout_reconciled";

/**
 * What every operation works on. Operations are synchronous: nothing can come between their steps, and what they
 * change is committed as one.
 */
export interface World {
  readonly store: Store;
  readonly account: Account;
  /** Where people open the hosted pages, without a slash at the end. */
  readonly baseUrl: () => string;
  /** The stand-in's time in whole seconds; while the clock is being advanced, the moment that is being lived through. */
  readonly now: () => number;
  readonly cause: () => Cause;
  /** Runs something on behalf of another cause. */
  readonly causedBy: <T>(cause: Cause, run: () => T) => T;
  readonly emit: (type: Stripe.Event.Type, object: object, previous?: object) => void;
  readonly schedule: (at: number, task: TaskName, target: string) => void;
}

/** Stores a changed version of an object. */
export function change<K extends Kind>(world: World, kind: K, before: Kinds[K], changes: Partial<Kinds[K]>): Kinds[K] {
  return world.store.put(kind, { ...before, ...changes });
}

/** The former values of those of `keys` that differ: Stripe's `data.previous_attributes`. */
export function previously<T extends object>(before: T, after: T, ...keys: (keyof T)[]): Partial<T> {
  const previous: Partial<T> = {};
  for (const key of keys) {
    if (before[key] !== after[key]) previous[key] = before[key];
  }
  return previous;
}

/** The id behind a link that is never expanded in what is stored. */
export function idOf(link: string | { id: string }): string {
  return typeof link === "string" ? link : link.id;
}

/** Amounts of many digits travel as strings, which the client turns into its own Decimal; the types know only that. */
export function decimal(value: number): Stripe.Decimal {
  return String(value) as unknown as Stripe.Decimal;
}
