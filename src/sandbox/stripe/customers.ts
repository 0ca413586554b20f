import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { missing, missingAtPath } from "./errors.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import {
  clearable,
  listOf,
  mergeMetadata,
  metadata,
  newMetadata,
  parseParams,
  text,
  timeRange,
  withoutUndefined,
} from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { cancelNow } from "./subscription-cancel.ts";
import { change, previously, type World } from "./world.ts";

interface NewCustomer {
  readonly email: string | null;
  readonly name: string | null;
  readonly phone?: string | null;
  readonly description?: string | null;
  readonly metadata?: Record<string, string>;
  readonly preferredLocales?: string[];
  readonly address?: Stripe.Address | null;
}

export function createCustomer(world: World, input: NewCustomer): Stripe.Customer {
  const customer: Stripe.Customer = {
    id: newId.customer(),
    object: "customer",
    address: input.address ?? null,
    balance: 0,
    created: world.now(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: input.description ?? null,
    discount: null,
    email: input.email,
    invoice_prefix: newId.invoicePrefix(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: input.metadata ?? {},
    name: input.name,
    next_invoice_sequence: 1,
    phone: input.phone ?? null,
    preferred_locales: input.preferredLocales ?? [],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
  world.store.put("customer", customer);
  return customer;
}

/** A customer that hasn't been deleted, for those who hold on to it. */
export function liveCustomer(world: World, id: string): Stripe.Customer | undefined {
  const customer = world.store.get("customer", id);
  return customer === undefined || customer.deleted === true ? undefined : (customer as Stripe.Customer);
}

export function emptyAddress(country: string | null): Stripe.Address {
  return { city: null, country, line1: null, line2: null, postal_code: null, state: null };
}

const address = z.union([
  z.literal("").transform(() => null),
  z
    .strictObject({
      city: clearable().optional(),
      country: clearable(2).optional(),
      line1: clearable().optional(),
      line2: clearable().optional(),
      postal_code: clearable().optional(),
      state: clearable().optional(),
    })
    .transform((sent) => ({ ...emptyAddress(null), ...withoutUndefined(sent) })),
]);

const fields = {
  address: address.optional(),
  description: clearable().optional(),
  email: clearable(512).optional(),
  metadata: metadata().optional(),
  name: clearable(256).optional(),
  phone: clearable(20).optional(),
  preferred_locales: listOf(text()).optional(),
};

const createParams = z.strictObject(fields);
const updateParams = z.strictObject({
  ...fields,
  invoice_settings: z.strictObject({ default_payment_method: text().optional() }).optional(),
});
const listParams = z.strictObject({ ...pageParams, created: timeRange().optional(), email: text().optional() });

const CHANGEABLE = [
  "address",
  "description",
  "email",
  "invoice_settings",
  "metadata",
  "name",
  "phone",
  "preferred_locales",
] as const;

export const customerRoutes: Routes = {
  "POST /v1/customers": (world, { form }) => {
    const params = parseParams(createParams, form, UNSIMULATED);
    const customer = createCustomer(world, {
      email: params.email ?? null,
      name: params.name ?? null,
      phone: params.phone ?? null,
      description: params.description ?? null,
      metadata: newMetadata(params.metadata),
      preferredLocales: params.preferred_locales ?? [],
      address: params.address ?? null,
    });
    world.emit("customer.created", customer);
    return customer;
  },
  "POST /v1/customers/:id": (world, { id, form }) => {
    const before = editable(world, id);
    const { invoice_settings: settings, metadata: sent, ...params } = parseParams(updateParams, form, UNSIMULATED);
    const method = settings?.default_payment_method;
    if (method !== undefined && world.store.get("payment_method", method)?.customer !== id) {
      throw missing("PaymentMethod", method, "invoice_settings[default_payment_method]");
    }
    const after: Stripe.Customer = {
      ...before,
      ...withoutUndefined(params),
      invoice_settings:
        method === undefined ? before.invoice_settings : { ...before.invoice_settings, default_payment_method: method },
      metadata: sent === undefined ? before.metadata : mergeMetadata(before.metadata, sent),
    };
    const previous = previously(before, after, ...CHANGEABLE);
    change(world, "customer", before, after);
    if (Object.keys(previous).length > 0) world.emit("customer.updated", after, previous);
    return after;
  },
  "GET /v1/customers": (world, { form }) => {
    const { created, email, ...page } = parseParams(listParams, form);
    return list(world, "customer", "/v1/customers", page, {
      link: email,
      created,
      where: (it) =>
        !("deleted" in it && it.deleted) && (email === undefined || (it as Stripe.Customer).email === email),
    });
  },
  "GET /v1/customers/:id": (world, { id }) => found(world, "customer", id),
  "DELETE /v1/customers/:id": (world, { id }) => {
    const customer = editable(world, id);
    const deleted: Stripe.DeletedCustomer = { id, object: "customer", deleted: true };
    for (const subscription of list(world, "subscription", "", { limit: 100 }, { link: id }).data) {
      if (subscription.status !== "canceled") cancelNow(world, subscription);
    }
    world.store.put("customer", deleted);
    world.emit("customer.deleted", customer);
    return deleted;
  },
};

const UNSIMULATED = [
  "balance",
  "business_name",
  "cash_balance",
  "default_source",
  "individual_name",
  "invoice_prefix",
  "invoice_settings",
  "next_invoice_sequence",
  "payment_method",
  "shipping",
  "source",
  "tax",
  "tax_exempt",
  "tax_id_data",
  "test_clock",
  "validate",
];

function editable(world: World, id: string): Stripe.Customer {
  const customer = liveCustomer(world, id);
  if (customer === undefined) throw missingAtPath("customer", id);
  return customer;
}
