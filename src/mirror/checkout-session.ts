import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import type { Vault } from "../vault/vault.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";
import { readMetadata } from "./metadata.ts";

export const checkoutSession: MirrorKind<"stripe_sessions", Stripe.Checkout.Session> = {
  name: "checkout.session",
  table: "stripe_sessions",
  links: [
    "donation_id",
    "frequency",
    "attribution_code",
    "customer_id",
    "payment_intent_id",
    "subscription_id",
    "invoice_id",
    "recovered_from_id",
  ],
  sealed: ["recovery_url_sealed"],
  toRow: (session, asOf, { vault }) => ({
    id: session.id,
    as_of: asOf,
    rank: rank(session),
    deleted: false,
    created: instant(session.created),
    expires_at: instant(session.expires_at),
    mode: session.mode,
    status: session.status,
    payment_status: session.payment_status,
    currency: session.currency === null ? null : fromStripeCurrency(session.currency),
    amount_total: session.amount_total,
    ...readMetadata(session.metadata),
    customer_id: idOf(session.customer),
    payment_intent_id: idOf(session.payment_intent),
    subscription_id: idOf(session.subscription),
    invoice_id: idOf(session.invoice),
    recovered_from_id: session.recovered_from,
    recovery_url_sealed: sealedUrl(session, vault),
  }),
  retrieve: (api, id) => api.checkout.sessions.retrieve(id),
};

/** open → complete (unpaid, then paid) | expired */
function rank(session: Stripe.Checkout.Session): number {
  if (session.status === "expired") return 3;
  if (session.status !== "complete") return 0;
  return session.payment_status === "unpaid" ? 1 : 2;
}

/** Where an abandoned checkout can be taken up again; whoever has the address can. */
function sealedUrl(session: Stripe.Checkout.Session, vault: Vault): Buffer | null {
  const url = session.after_expiration?.recovery?.url ?? null;
  return url === null ? null : vault.seal(url, `stripe_sessions.recovery_url_sealed:${session.id}`);
}
