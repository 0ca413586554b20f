import type { Deps } from "../deps.ts";
import { portalCardPage } from "../stripe/portal.ts";
import type { Stripe } from "../stripe/types.ts";

interface CardOf {
  /** The subscription that the gift runs on. */
  readonly subscription: string;
  readonly locale: string;
  readonly returnUrl: string;
  readonly doneUrl: string;
}

/** Stripe's page on which another card can be given for what a gift will charge; it charges nothing itself. @throws Stripe's errors */
export async function pageForNewCard(
  { stripe }: Pick<Deps, "stripe">,
  { subscription, ...page }: CardOf,
  options: Stripe.RequestOptions,
): Promise<string> {
  const customer = await payByDefault(stripe.api, subscription, options);
  return await portalCardPage(stripe, { ...page, customer }, options);
}

/**
 * The portal changes the customer's default (https://docs.stripe.com/customer-management/portal-deep-links), but a subscription that began at
 * Checkout has a method of its own, which goes before that. So what it is paid with now becomes the customer's default first, and its own is
 * cleared: nothing changes unless the reader gives another card. Done again, or cut off between the two, it does no harm.
 * @returns the customer
 */
async function payByDefault(api: Stripe, id: string, options: Stripe.RequestOptions): Promise<string> {
  const subscription = await api.subscriptions.retrieve(id, {}, options);
  const customer = idOf(subscription.customer);
  if (subscription.default_payment_method === null) return customer;
  const method = idOf(subscription.default_payment_method);
  await api.customers.update(customer, { invoice_settings: { default_payment_method: method } }, options);
  await api.subscriptions.update(id, { default_payment_method: "" }, options);
  return customer;
}

function idOf(link: string | { readonly id: string }): string {
  return typeof link === "string" ? link : link.id;
}
