import type { Stripe } from "../../stripe/types.ts";
import type { Routes } from "./routing.ts";
import type { World } from "./world.ts";

export const accountRoutes: Routes = {
  "GET /v1/account": (world): Stripe.Account => ({
    id: world.account.id,
    object: "account",
    business_type: "non_profit",
    capabilities: { card_payments: "active", sepa_debit_payments: "active", transfers: "active" },
    charges_enabled: true,
    country: world.account.country,
    default_currency: world.account.currency,
    details_submitted: true,
    email: null,
    metadata: {},
    payouts_enabled: true,
    type: "standard",
  }),
  "GET /v1/balance": (world): Stripe.Balance => {
    const sum = (wanted: (availableOn: number) => boolean) => totals(world, wanted);
    const now = world.now();
    return {
      object: "balance",
      available: sum((at) => at <= now),
      livemode: false,
      pending: sum((at) => at > now),
    };
  },
};

/** Net sums of balance transactions by currency, at least one row as at Stripe. */
function totals(world: World, wanted: (availableOn: number) => boolean): Stripe.Balance.Available[] {
  const sums = new Map([[world.account.currency, 0]]);
  for (const it of world.store.all("balance_transaction")) {
    if (wanted(it.available_on)) sums.set(it.currency, (sums.get(it.currency) ?? 0) + it.net);
  }
  return [...sums].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
}
