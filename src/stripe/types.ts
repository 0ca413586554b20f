import type Stripe from "stripe";

/** Stripe's own types, for those that must not import the package itself (only `stripe/` may). */
export type { Stripe };

/** The version that every request asks for and that the webhook endpoint is created with. */
export const STRIPE_API_VERSION = "2026-10-28.endive" satisfies Stripe.LatestApiVersion;
