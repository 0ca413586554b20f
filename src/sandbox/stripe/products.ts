import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { refusal } from "./errors.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import {
  boolean,
  clearable,
  listOf,
  mergeMetadata,
  metadata,
  newMetadata,
  parseParams,
  text,
  timeRange,
  url,
  withoutUndefined,
} from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, previously, type World } from "./world.ts";

interface NewProduct {
  readonly id?: string | undefined;
  readonly name: string;
  readonly active?: boolean | undefined;
  readonly description?: string | null | undefined;
  readonly images?: string[] | undefined;
  readonly metadata?: Record<string, string> | undefined;
  readonly statementDescriptor?: string | undefined;
  readonly unitLabel?: string | undefined;
  readonly url?: string | undefined;
}

export function createProduct(world: World, input: NewProduct): Stripe.Product {
  return world.store.put("product", {
    id: input.id ?? newId.product(),
    object: "product",
    active: input.active ?? true,
    created: world.now(),
    default_price: null,
    description: input.description ?? null,
    images: input.images ?? [],
    livemode: false,
    marketing_features: [],
    metadata: input.metadata ?? {},
    name: input.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: input.statementDescriptor ?? null,
    tax_code: null,
    tax_details: null,
    type: "service",
    unit_label: input.unitLabel ?? null,
    updated: world.now(),
    url: input.url ?? null,
  });
}

const changeable = {
  active: boolean().optional(),
  description: clearable(40_000).optional(),
  images: listOf(url()).optional(),
  metadata: metadata().optional(),
  statement_descriptor: text(22).optional(),
  unit_label: text(12).optional(),
  url: url().optional(),
};
const createParams = z.strictObject({
  ...changeable,
  id: text().optional(),
  name: text(),
  type: text().optional(),
});
const updateParams = z.strictObject({ ...changeable, name: text().optional() });
const listParams = z.strictObject({
  ...pageParams,
  active: boolean().optional(),
  created: timeRange().optional(),
  ids: listOf(text()).optional(),
});

export const productRoutes: Routes = {
  "POST /v1/products": (world, { form }) => {
    const params = parseParams(createParams, form);
    if (params.id !== undefined && world.store.get("product", params.id) !== undefined) {
      throw refusal("resource_already_exists", "Product already exists.", "id");
    }
    const product = createProduct(world, {
      ...params,
      metadata: newMetadata(params.metadata),
      statementDescriptor: params.statement_descriptor,
      unitLabel: params.unit_label,
    });
    world.emit("product.created", product);
    return product;
  },
  "POST /v1/products/:id": (world, { id, form }) => {
    const before = found(world, "product", id);
    const { metadata: sent, ...params } = parseParams(updateParams, form);
    const after = change(world, "product", before, {
      ...withoutUndefined(params),
      metadata: sent === undefined ? before.metadata : mergeMetadata(before.metadata, sent),
      updated: world.now(),
    });
    world.emit(
      "product.updated",
      after,
      previously(before, after, "active", "description", "metadata", "name", "updated"),
    );
    return after;
  },
  "GET /v1/products": (world, { form }) => {
    const { active, created, ids, ...page } = parseParams(listParams, form);
    return list(world, "product", "/v1/products", page, {
      where: (it) =>
        (active === undefined || it.active === active) &&
        (created === undefined || created(it.created)) &&
        (ids === undefined || ids.includes(it.id)),
    });
  },
  "GET /v1/products/:id": (world, { id }) => found(world, "product", id),
};
