import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { missing, notSimulated, parameterError, refusal } from "./errors.ts";
import { integer, text } from "./params.ts";
import { checkPriceData, createInlinePrice, priceDataParams, recurringOf } from "./prices.ts";
import { buildItem } from "./subscriptions.ts";
import type { World } from "./world.ts";

export const itemParams = z.strictObject({
  id: text().optional(),
  price: text().optional(),
  price_data: priceDataParams.optional(),
  quantity: integer(0, 999_999).optional(),
});

/** Another price from the next period on: what is paid already stays as it is. */
export function changedItems(
  world: World,
  before: Stripe.Subscription,
  sent: readonly z.output<typeof itemParams>[],
  proration: string | undefined,
): Stripe.Subscription["items"] {
  if (proration !== "none")
    throw notSimulated("prorations: send proration_behavior=none with items", "proration_behavior");
  const checked = sent.map((item, index) => checkItem(world, before, item, `items[${index}]`));
  const data = before.items.data.map((item) => {
    const update = checked.find((it) => it.item.id === item.id);
    if (update === undefined) return item;
    const price = update.data === undefined ? update.price : createInlinePrice(world, update.data);
    const period = { start: item.current_period_start, end: item.current_period_end };
    return buildItem(before.id, price, update.quantity ?? item.quantity ?? 1, period, item.created, item.id);
  });
  return { ...before.items, data };
}

function checkItem(world: World, before: Stripe.Subscription, sent: z.output<typeof itemParams>, param: string) {
  if (sent.id === undefined) throw notSimulated("adding items to a subscription: send the item's id", `${param}[id]`);
  const item = before.items.data.find((it) => it.id === sent.id);
  if (item === undefined) throw missing("subscription_item", sent.id, `${param}[id]`);
  if (sent.price !== undefined && sent.price_data !== undefined) {
    throw parameterError(null, "You may only specify one of these parameters: price, price_data.", param);
  }
  if (sent.price_data !== undefined) {
    if (sent.price_data.product === undefined) {
      throw refusal(
        "parameter_missing",
        `Missing required param: ${param}[price_data][product].`,
        `${param}[price_data][product]`,
      );
    }
    checkPriceData(world, sent.price_data, `${param}[price_data]`);
  }
  const price = sent.price === undefined ? item.price : world.store.get("price", sent.price);
  if (price === undefined) throw missing("price", sent.price ?? "", `${param}[price]`);
  const current = recurringOf(item.price);
  const next = sent.price_data === undefined ? recurringOf(price) : (sent.price_data.recurring ?? null);
  if (next === null)
    throw refusal(
      null,
      "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
      param,
    );
  if (next.interval !== current?.interval || next.intervalCount !== current.intervalCount) {
    throw notSimulated("changing a subscription's interval", param);
  }
  const currency = sent.price_data?.currency ?? price.currency;
  if (currency !== before.currency) {
    throw refusal(
      null,
      `The price specified only supports \`${currency}\`. This doesn't match the expected currency: \`${before.currency}\`.`,
      param,
    );
  }
  return { item, price, data: sent.price_data, quantity: sent.quantity };
}
