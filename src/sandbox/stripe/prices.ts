import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { missing, refusal } from "./errors.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import {
  boolean,
  clearable,
  currency,
  integer,
  listOf,
  metadata,
  newMetadata,
  oneOf,
  parseParams,
  text,
  timeRange,
  url,
} from "./params.ts";
import type { Interval } from "./periods.ts";
import { createProduct } from "./products.ts";
import { found, type Routes } from "./routing.ts";
import { decimal, type World } from "./world.ts";

/** Eight digits at most. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const LARGEST_AMOUNT = 99_999_999;

export interface Recurring {
  readonly interval: Interval;
  readonly intervalCount: number;
}

interface NewPrice {
  readonly currency: string;
  readonly unitAmount: number;
  readonly product: string;
  readonly recurring: Recurring | null;
  /** Inline prices of a session can't be used again. */
  readonly active: boolean;
  readonly nickname?: string | null;
  readonly lookupKey?: string | null;
  readonly metadata?: Record<string, string>;
}

function createPrice(world: World, input: NewPrice): Stripe.Price {
  return world.store.put("price", {
    id: newId.price(),
    object: "price",
    active: input.active,
    billing_scheme: "per_unit",
    created: world.now(),
    currency: input.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: input.lookupKey ?? null,
    metadata: input.metadata ?? {},
    nickname: input.nickname ?? null,
    product: input.product,
    recurring:
      input.recurring === null
        ? null
        : {
            interval: input.recurring.interval,
            interval_count: input.recurring.intervalCount,
            meter: null,
            trial_period_days: null,
            usage_type: "licensed",
          },
    tax_behavior: "unspecified",
    tiers_mode: null,
    transform_quantity: null,
    type: input.recurring === null ? "one_time" : "recurring",
    unit_amount: input.unitAmount,
    unit_amount_decimal: decimal(input.unitAmount),
  });
}

export function recurringOf(price: Stripe.Price): Recurring | null {
  if (price.recurring === null) return null;
  return { interval: price.recurring.interval as Interval, intervalCount: price.recurring.interval_count };
}

const recurringParams = z
  .strictObject({ interval: oneOf("day", "week", "month", "year"), interval_count: integer(1, 1095).optional() })
  .transform((sent): Recurring => ({ interval: sent.interval, intervalCount: sent.interval_count ?? 1 }));

const productData = z.strictObject({
  name: text(),
  description: text(40_000).optional(),
  images: listOf(url()).optional(),
  metadata: metadata().optional(),
  unit_label: text(12).optional(),
});

/** An inline price, in a session's line item or a subscription's item. */
export const priceDataParams = z.strictObject({
  currency: currency(),
  product: text().optional(),
  product_data: productData.optional(),
  recurring: recurringParams.optional(),
  tax_behavior: oneOf("exclusive", "inclusive", "unspecified").optional(),
  unit_amount: integer(0, LARGEST_AMOUNT),
});

export type PriceData = z.output<typeof priceDataParams>;

/** Refuses what an inline price can't be made of; made nothing yet. */
export function checkPriceData(world: World, data: PriceData, param: string): void {
  if (data.product !== undefined && data.product_data !== undefined) {
    throw refusal(null, "You may only specify one of these parameters: product, product_data.", param);
  }
  if (data.product === undefined && data.product_data === undefined) {
    throw refusal("parameter_missing", `Missing required param: ${param}[product].`, `${param}[product]`);
  }
  if (data.product === undefined) return;
  const product = world.store.get("product", data.product);
  if (product === undefined) throw missing("product", data.product, `${param}[product]`);
  if (!product.active) {
    throw refusal(null, `Product ${product.id} is not active.`, `${param}[product]`);
  }
}

/** The price (and the product) that `price_data` describes. */
export function createInlinePrice(world: World, data: PriceData): Stripe.Price {
  const product =
    data.product ??
    createProduct(world, {
      name: data.product_data?.name ?? "",
      description: data.product_data?.description,
      images: data.product_data?.images,
      metadata: newMetadata(data.product_data?.metadata),
      unitLabel: data.product_data?.unit_label,
    }).id;
  return createPrice(world, {
    currency: data.currency,
    unitAmount: data.unit_amount,
    product,
    recurring: data.recurring ?? null,
    active: false,
  });
}

const createParams = z.strictObject({
  active: boolean().optional(),
  currency: currency(),
  lookup_key: text(200).optional(),
  metadata: metadata().optional(),
  nickname: clearable().optional(),
  product: text().optional(),
  product_data: productData.optional(),
  recurring: recurringParams.optional(),
  tax_behavior: oneOf("exclusive", "inclusive", "unspecified").optional(),
  unit_amount: integer(0, LARGEST_AMOUNT),
});
const listParams = z.strictObject({
  ...pageParams,
  active: boolean().optional(),
  created: timeRange().optional(),
  currency: currency().optional(),
  lookup_keys: listOf(text()).optional(),
  product: text().optional(),
  type: oneOf("one_time", "recurring").optional(),
});

export const priceRoutes: Routes = {
  "POST /v1/prices": (world, { form }) => {
    const params = parseParams(createParams, form);
    if (params.product !== undefined && world.store.get("product", params.product) === undefined) {
      throw missing("product", params.product, "product");
    }
    if ((params.product === undefined) === (params.product_data === undefined)) {
      throw refusal(null, "You must specify one of these parameters: product, product_data.", "product");
    }
    const product = params.product ?? createProduct(world, { name: params.product_data?.name ?? "" }).id;
    const price = createPrice(world, {
      currency: params.currency,
      unitAmount: params.unit_amount,
      product,
      recurring: params.recurring ?? null,
      active: params.active ?? true,
      nickname: params.nickname ?? null,
      lookupKey: params.lookup_key ?? null,
      metadata: newMetadata(params.metadata),
    });
    world.emit("price.created", price);
    return price;
  },
  "GET /v1/prices": (world, { form }) => {
    const {
      active,
      created,
      currency: code,
      lookup_keys: keys,
      product,
      type,
      ...page
    } = parseParams(listParams, form);
    return list(world, "price", "/v1/prices", page, {
      where: (it) =>
        (active === undefined || it.active === active) &&
        (created === undefined || created(it.created)) &&
        (code === undefined || it.currency === code) &&
        (keys === undefined || (it.lookup_key !== null && keys.includes(it.lookup_key))) &&
        (product === undefined || it.product === product) &&
        (type === undefined || it.type === type),
    });
  },
  "GET /v1/prices/:id": (world, { id }) => found(world, "price", id),
};
