/** Where Stripe takes a payment, shows what is still owed, and takes another card. */
const HOSTS = ["checkout", "invoice", "billing"] as const;

/** The origins that a form of ours may lead to: Stripe's own, or those of what stands in for it. */
export function stripeOrigins(apiBase: URL | null): readonly string[] {
  return apiBase === null ? HOSTS.map((host) => `https://${host}.stripe.com`) : [apiBase.origin];
}
