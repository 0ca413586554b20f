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
  "GET /v1/balance": balanceOf,
};

/** Always the sum of all balance transactions, by currency. */
export function balanceOf(world: World): Stripe.Balance {
  const now = world.now();
  return {
    object: "balance",
    available: totals(world, (at) => at <= now),
    livemode: false,
    pending: totals(world, (at) => at > now),
  };
}

/** Net sums of balance transactions, a row for each currency that the account settles in. */
function totals(world: World, wanted: (availableOn: number) => boolean): Stripe.Balance.Available[] {
  const sums = new Map(world.account.currencies.map((code) => [code, 0]));
  for (const it of world.store.all("balance_transaction")) {
    if (wanted(it.available_on)) sums.set(it.currency, (sums.get(it.currency) ?? 0) + it.net);
  }
  return [...sums].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
}
