import type { Deps } from "../deps.ts";
import { STRIPE_CALL_TIMEOUT_MS } from "../shared/limits.ts";
import { stripeFailure } from "../stripe/failures.ts";
import type { Stripe } from "../stripe/types.ts";
import { invoicesUnderWay, type ReadersGift } from "./gifts.queries.ts";
import { pageForNewCard } from "./new-card.ts";

export type FixDeps = Pick<Deps, "db" | "stripe" | "log">;

interface Back {
  /** The reader's language. */
  readonly locale: string;
  /** Where the portal leads when the reader turns back, and after the card was changed. */
  readonly returnUrl: string;
  readonly doneUrl: string;
}

/** Both can be paid. */
const UNPAID = ["open", "uncollectible"] as const;
const OPTIONS: Stripe.RequestOptions = { timeout: STRIPE_CALL_TIMEOUT_MS / 2, maxNetworkRetries: 0 };

/**
 * Stripe's page for what a running gift needs: to pay what it owes, as of this moment, or else to give another card for what comes.
 * @returns null when Stripe could not be asked
 */
export async function pageToFix(deps: FixDeps, gift: ReadersGift, back: Back): Promise<string | null> {
  const subscription = gift.stripe_subscription;
  if (subscription === null) throw new Error(`The gift ${gift.id} runs without a subscription.`);
  const underWay = await invoicesUnderWay(deps.db, gift.id);
  try {
    const owed = await pageToPay(deps.stripe.api, subscription, underWay);
    return owed ?? (await pageForNewCard(deps, { ...back, subscription }, OPTIONS));
  } catch (error) {
    const failure = stripeFailure(error);
    if (failure === null) throw error;
    deps.log.error({ donation_id: gift.id, failure: failure.kind, err: error }, "a gift could not be led to Stripe");
    return null;
  }
}

async function pageToPay(api: Stripe, subscription: string, underWay: ReadonlySet<string>): Promise<string | null> {
  for (const status of UNPAID) {
    const { data } = await api.invoices.list({ subscription, status, limit: 10 }, OPTIONS);
    const owed = data.find((invoice) => isOwed(invoice) && !underWay.has(invoice.id));
    if (owed?.hosted_invoice_url) return owed.hosted_invoice_url;
  }
  return null;
}

/** Tried, and not paid: what Stripe will collect by itself is nothing to worry a reader with. */
function isOwed({ attempt_count, amount_remaining }: Stripe.Invoice): boolean {
  return attempt_count > 0 && amount_remaining > 0;
}
