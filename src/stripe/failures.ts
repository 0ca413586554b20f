import Stripe from "stripe";

/**
 * A failed call by what it means for whoever made it:
 * - `refused`: Stripe understood and said no; the same request never succeeds.
 * - `replayed_failure`: Stripe replays its own 500 for this idempotency key; only a new key can get through.
 * - `unknown`: it may or may not have happened (time-out, cut connection, 5xx, 409, 429); send the same request again.
 * - `misconfigured`: our key is wrong or lacks a permission; someone has to act.
 */
export type StripeFailure =
  | { readonly kind: "refused"; readonly code: string | null; readonly param: string | null }
  | { readonly kind: "replayed_failure" }
  | { readonly kind: "unknown" }
  | { readonly kind: "misconfigured" };

/** @returns null when the error isn't one of Stripe's */
export function stripeFailure(error: unknown): StripeFailure | null {
  if (!(error instanceof Stripe.errors.StripeError)) return null;
  const status = error.statusCode;
  if (status === 401 || status === 403) return { kind: "misconfigured" };
  if (status === 409 || status === 429 || status === undefined) return { kind: "unknown" };
  if (status >= 500)
    return error.headers?.["idempotent-replayed"] === "true" ? { kind: "replayed_failure" } : { kind: "unknown" };
  if (status >= 400) return { kind: "refused", code: error.code ?? null, param: error.param ?? null };
  return { kind: "unknown" };
}

export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.statusCode === 404;
}
