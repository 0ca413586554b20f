import type { Stripe } from "../../stripe/types.ts";
import { liveCustomer } from "./customers.ts";
import { missingAtPath, refusal } from "./errors.ts";
import { attach } from "./payment-method-routes.ts";
import { type CardBrand, createPaymentMethod } from "./payment-methods.ts";
import { change, previously, type World } from "./world.ts";

interface NewCard {
  readonly last4: string;
  readonly brand: CardBrand;
  readonly country: string;
}

/** A donor adds a card, which pays from now on whatever has no method of its own. */
export function addDefaultCard(world: World, customer: Stripe.Customer, card: NewCard): Stripe.PaymentMethod {
  const payer = { email: customer.email, name: customer.name ?? null, country: card.country };
  const { last4, brand, country } = card;
  const means = { type: "card" as const, brand, wallet: null, country, declined: false, last4 };
  const method = attach(world, createPaymentMethod(world, means, payer, null), customer.id);
  const settings = { ...customer.invoice_settings, default_payment_method: method.id };
  const changed: Stripe.Customer = { ...customer, invoice_settings: settings };
  change(world, "customer", customer, changed);
  world.emit("customer.updated", changed, { invoice_settings: customer.invoice_settings });
  return method;
}

/** The newsroom's staff or a donor changes the card that all subscriptions are paid with. */
export function replaceCard(
  world: World,
  id: string,
  card: NewCard & { readonly detach_old: boolean },
): Stripe.PaymentMethod {
  const customer = liveCustomer(world, id);
  if (customer === undefined) throw missingAtPath("customer", id);
  const old = new Set<string>();
  const method = addDefaultCard(world, customer, card);
  for (const before of [...world.store.inOrder("subscription", { newestFirst: false, link: id })]) {
    if (before.status === "canceled" || before.status === "incomplete_expired") continue;
    if (typeof before.default_payment_method === "string") old.add(before.default_payment_method);
    const after = change(world, "subscription", before, { default_payment_method: method.id });
    world.emit("customer.subscription.updated", after, previously(before, after, "default_payment_method"));
  }
  if (card.detach_old) for (const each of old) detach(world, world.store.mustGet("payment_method", each));
  return method;
}

function detach(world: World, before: Stripe.PaymentMethod): void {
  const after = change(world, "payment_method", before, { customer: null });
  world.emit("payment_method.detached", after, { customer: before.customer });
}

interface CardChange {
  readonly exp_month?: number | undefined;
  readonly exp_year?: number | undefined;
  readonly last4?: string | undefined;
}

/** The card's network tells of a renewed card. https://docs.stripe.com/payments/cards/overview#automatic-card-updates */
export function updateCard(world: World, before: Stripe.PaymentMethod, sent: CardChange): Stripe.PaymentMethod {
  const { card } = before;
  if (card === undefined) throw refusal(null, "Only cards are updated by their network.");
  const renewed = {
    ...card,
    exp_month: sent.exp_month ?? card.exp_month,
    exp_year: sent.exp_year ?? card.exp_year + 4,
    last4: sent.last4 ?? card.last4,
  };
  const after = change(world, "payment_method", before, { card: renewed });
  world.emit("payment_method.automatically_updated", after, {
    card: previously(card, renewed, "exp_month", "exp_year", "last4"),
  });
  return after;
}
