import type { Stripe } from "../../stripe/types.ts";
import { formatAmount } from "./currencies.ts";
import { newId } from "./ids.ts";
import type { Period } from "./invoices.ts";
import { decimal, idOf, type World } from "./world.ts";

/** One item of a subscription for one period. */
export function buildLine(
  world: World,
  invoice: string,
  subscription: Stripe.Subscription,
  item: Stripe.SubscriptionItem,
  period: Period,
): Stripe.InvoiceLineItem {
  const { price } = item;
  const quantity = item.quantity ?? 1;
  const unit = price.unit_amount ?? 0;
  const amount = unit * quantity;
  return {
    id: newId.invoiceLine(),
    object: "line_item",
    amount,
    currency: price.currency,
    description: describe(world, price, quantity),
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice,
    livemode: false,
    metadata: { ...subscription.metadata },
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription: subscription.id,
        subscription_item: item.id,
      },
      type: "subscription_item_details",
    },
    period: { end: period.end, start: period.start },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: idOf(price.product) },
      type: "price_details",
      unit_amount_decimal: decimal(unit),
    },
    quantity,
    quantity_decimal: decimal(quantity),
    subscription: subscription.id,
    subtotal: amount,
    taxes: [],
  };
}

function describe(world: World, price: Stripe.Price, quantity: number): string {
  const name = world.store.get("product", idOf(price.product))?.name ?? "Subscription";
  const every =
    price.recurring?.interval_count === 1
      ? price.recurring.interval
      : `${price.recurring?.interval_count} ${price.recurring?.interval}s`;
  return `${quantity} × ${name} (at ${formatAmount(price.unit_amount ?? 0, price.currency)} / ${every})`;
}
