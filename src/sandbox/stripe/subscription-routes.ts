import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { missing, notSimulated, parameterError, refusal } from "./errors.ts";
import { list, pageParams } from "./list.ts";
import {
  boolean,
  clearable,
  integer,
  listOf,
  mergeMetadata,
  metadata,
  oneOf,
  parseParams,
  text,
  timeRange,
} from "./params.ts";
import { checkPriceData, createInlinePrice, priceDataParams, recurringOf } from "./prices.ts";
import { found, type Routes } from "./routing.ts";
import { CANCELLATION_KEYS, cancelLater, cancelNow } from "./subscription-cancel.ts";
import { buildItem, currentPeriod } from "./subscriptions.ts";
import { change, previously, type World } from "./world.ts";

const STATUSES = [
  "active",
  "past_due",
  "unpaid",
  "canceled",
  "incomplete",
  "incomplete_expired",
  "trialing",
  "paused",
] as const;

const cancellationDetails = z.strictObject({
  comment: clearable().optional(),
  feedback: oneOf(
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
    "",
  )
    .transform((value) => (value === "" ? null : value))
    .optional(),
});

const itemParams = z.strictObject({
  id: text().optional(),
  price: text().optional(),
  price_data: priceDataParams.optional(),
  quantity: integer(0, 999_999).optional(),
});

const updateParams = z.strictObject({
  cancel_at: z.union([z.literal("").transform(() => null), integer(0)]).optional(),
  cancel_at_period_end: boolean().optional(),
  cancellation_details: cancellationDetails.optional(),
  description: clearable(500).optional(),
  items: listOf(itemParams).optional(),
  metadata: metadata().optional(),
  proration_behavior: oneOf("none", "create_prorations", "always_invoice").optional(),
});

const cancelParams = z.strictObject({
  cancellation_details: cancellationDetails.optional(),
  invoice_now: boolean().optional(),
  prorate: boolean().optional(),
});

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  current_period_end: timeRange().optional(),
  current_period_start: timeRange().optional(),
  customer: text().optional(),
  price: text().optional(),
  status: oneOf(...STATUSES, "all", "ended").optional(),
});

const UNSIMULATED = [
  "add_invoice_items",
  "automatic_tax",
  "billing_cycle_anchor",
  "billing_schedules",
  "billing_thresholds",
  "collection_method",
  "days_until_due",
  "default_payment_method",
  "default_source",
  "default_tax_rates",
  "discounts",
  "invoice_settings",
  "off_session",
  "pause_collection",
  "payment_behavior",
  "payment_settings",
  "pending_invoice_item_interval",
  "proration_date",
  "trial_end",
  "trial_settings",
];

export const subscriptionRoutes: Routes = {
  "GET /v1/subscriptions": (world, { form }) => {
    const params = parseParams(listParams, form);
    return list(world, "subscription", "/v1/subscriptions", params, {
      link: params.customer,
      where: (it) =>
        hasStatus(it, params.status) &&
        (params.created === undefined || params.created(it.created)) &&
        (params.current_period_end === undefined || params.current_period_end(currentPeriod(it).end)) &&
        (params.current_period_start === undefined || params.current_period_start(currentPeriod(it).start)) &&
        (params.price === undefined || it.items.data.some((item) => item.price.id === params.price)),
    });
  },
  "GET /v1/subscriptions/:id": (world, { id }) => found(world, "subscription", id),
  "POST /v1/subscriptions/:id": (world, { id, form }) => update(world, found(world, "subscription", id), form),
  "DELETE /v1/subscriptions/:id": (world, { id, form }) => {
    const before = found(world, "subscription", id);
    const params = parseParams(cancelParams, form);
    if (isOver(before)) throw refusal("resource_missing", `No such subscription: '${id}'`, "id");
    return cancelNow(world, before, params.cancellation_details);
  },
};

function update(
  world: World,
  before: Stripe.Subscription,
  form: Parameters<typeof parseParams>[1],
): Stripe.Subscription {
  const params = parseParams(updateParams, form, UNSIMULATED);
  if (isOver(before)) {
    throw refusal(null, "A canceled subscription can only update its cancellation_details and metadata.");
  }
  if (params.cancel_at !== undefined && params.cancel_at_period_end !== undefined) {
    throw parameterError(null, "You may only specify one of these parameters: cancel_at, cancel_at_period_end.");
  }
  if (typeof params.cancel_at === "number" && params.cancel_at <= world.now()) {
    throw refusal(null, "cancel_at must be in the future.", "cancel_at");
  }
  const items =
    params.items === undefined ? before.items : changedItems(world, before, params.items, params.proration_behavior);
  const period = currentPeriod(before);
  const asked = params.cancel_at_period_end;
  const cancelAt = asked === undefined ? params.cancel_at : asked ? period.end : null;
  const after = change(world, "subscription", before, {
    ...(cancelAt === undefined
      ? {}
      : cancelLater(world, before, cancelAt, asked === true, params.cancellation_details)),
    description: params.description === undefined ? before.description : params.description,
    items,
    metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata, params.metadata),
  });
  if (typeof after.cancel_at === "number" && after.cancel_at !== before.cancel_at) {
    world.schedule(after.cancel_at, "renew", before.id);
  }
  const previous = previously(before, after, ...CANCELLATION_KEYS, "description", "metadata");
  const changedItemsBefore = items === before.items ? {} : { items: { data: before.items.data } };
  if (Object.keys(previous).length > 0 || items !== before.items) {
    world.emit("customer.subscription.updated", after, { ...previous, ...changedItemsBefore });
  }
  return after;
}

/** Another price from the next period on: what is paid already stays as it is. */
function changedItems(
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

function isOver(subscription: Stripe.Subscription): boolean {
  return subscription.status === "canceled" || subscription.status === "incomplete_expired";
}

function hasStatus(subscription: Stripe.Subscription, wanted: string | undefined): boolean {
  if (wanted === "all") return true;
  if (wanted === "ended") return isOver(subscription);
  return wanted === undefined ? subscription.status !== "canceled" : subscription.status === wanted;
}
