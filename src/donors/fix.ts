import type { Deps } from "../deps.ts";
import { STRIPE_CALL_TIMEOUT_MS } from "../shared/limits.ts";
import { stripeFailure } from "../stripe/failures.ts";
import type { Stripe } from "../stripe/types.ts";
import { invoicesUnderWay, type ReadersGift } from "./gifts.queries.ts";

export type FixDeps = Pick<Deps, "db" | "stripe" | "log">;

/** Both can be paid. */
const UNPAID = ["open", "uncollectible"] as const;

/**
 * Stripe's page on which what a running gift owes can be paid, as of this moment. @returns null when nothing is owed, undefined when Stripe
 * could not be asked
 */
export async function pageToPay(deps: FixDeps, gift: ReadersGift): Promise<string | null | undefined> {
  const subscription = gift.stripe_subscription;
  if (subscription === null) return null;
  const underWay = await invoicesUnderWay(deps.db, gift.id);
  const options = { timeout: STRIPE_CALL_TIMEOUT_MS / UNPAID.length, maxNetworkRetries: 0 };
  try {
    for (const status of UNPAID) {
      const { data } = await deps.stripe.api.invoices.list({ subscription, status, limit: 10 }, options);
      const owed = data.find((invoice) => isOwed(invoice) && !underWay.has(invoice.id));
      if (owed?.hosted_invoice_url) return owed.hosted_invoice_url;
    }
    return null;
  } catch (error) {
    const failure = stripeFailure(error);
    if (failure === null) throw error;
    deps.log.error({ donation_id: gift.id, failure: failure.kind, err: error }, "Stripe did not say what is owed");
    return undefined;
  }
}

/** Tried, and not paid: what Stripe will collect by itself is nothing to worry a reader with. */
function isOwed({ attempt_count, amount_remaining }: Stripe.Invoice): boolean {
  return attempt_count > 0 && amount_remaining > 0;
}
