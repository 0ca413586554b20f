import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { convert, processingFee } from "./currencies.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { currency, parseParams, text, timeRange } from "./params.ts";
import { DAY } from "./periods.ts";
import { found, type Routes } from "./routing.ts";
import type { World } from "./world.ts";

/** Money is available at the first midnight (UTC) at least two days later. */
const AVAILABLE_AFTER = 2 * DAY;

/** Books a captured charge: converted to the account's currency, less Stripe's fee. Immutable but for its `status`. */
export function bookCharge(world: World, charge: Stripe.Charge): Stripe.BalanceTransaction {
  const settlement = world.account.currency;
  const settled = convert(charge.amount, charge.currency, settlement);
  const card = charge.payment_method_details?.card;
  const fee = processingFee(
    settled.amount,
    settlement,
    card?.country ?? charge.payment_method_details?.sepa_debit?.country ?? null,
  );
  return world.store.put("balance_transaction", {
    id: newId.balanceTransaction(),
    object: "balance_transaction",
    amount: settled.amount,
    available_on: Math.ceil((world.now() + AVAILABLE_AFTER) / DAY) * DAY,
    balance_type: "payments",
    created: world.now(),
    currency: settlement,
    description: charge.description,
    exchange_rate: settled.rate,
    fee: fee.amount,
    fee_details: [
      { amount: fee.amount, application: null, currency: settlement, description: fee.description, type: "stripe_fee" },
    ],
    net: settled.amount - fee.amount,
    reporting_category: "charge",
    source: charge.id,
    status: "pending",
    type: card === undefined ? "payment" : "charge",
  });
}

/** As of now: what was pending becomes available with time, without an event. */
export function asOfNow(world: World, it: Stripe.BalanceTransaction): Stripe.BalanceTransaction {
  return it.available_on <= world.now() ? { ...it, status: "available" } : it;
}

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  currency: currency().optional(),
  payout: text().optional(),
  source: text().optional(),
  type: text().optional(),
});

export const balanceTransactionRoutes: Routes = {
  "GET /v1/balance_transactions": (world, { form }) => {
    const { created, currency: code, payout, source, type, ...page } = parseParams(listParams, form);
    const found = list(world, "balance_transaction", "/v1/balance_transactions", page, {
      link: source,
      // There are no payouts yet, so nothing belongs to one.
      where: (it) =>
        payout === undefined &&
        (created === undefined || created(it.created)) &&
        (code === undefined || it.currency === code) &&
        (type === undefined || it.type === type),
    });
    return { ...found, data: found.data.map((it) => asOfNow(world, it)) };
  },
  "GET /v1/balance_transactions/:id": (world, { id }) => asOfNow(world, found(world, "balance_transaction", id)),
};
