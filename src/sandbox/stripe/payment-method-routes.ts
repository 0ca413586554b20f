import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { liveCustomer } from "./customers.ts";
import { missing, refusal } from "./errors.ts";
import { list, pageParams } from "./list.ts";
import { clearable, integer, mergeMetadata, metadata, parseParams, text, withoutUndefined } from "./params.ts";
import { createPaymentMethod, type Means, type Payer } from "./payment-methods.ts";
import { found, type Routes } from "./routing.ts";
import { change, previously, type World } from "./world.ts";

const listParams = z.strictObject({ ...pageParams, customer: text().optional(), type: text().optional() });

const attachParams = z.strictObject({ customer: text() });
const updateParams = z.strictObject({
  billing_details: z
    .strictObject({
      email: clearable().optional(),
      name: clearable().optional(),
      phone: clearable().optional(),
    })
    .optional(),
  card: z.strictObject({ exp_month: integer(1, 12).optional(), exp_year: integer(2000, 2200).optional() }).optional(),
  metadata: metadata().optional(),
});
const nothing = z.strictObject({});

export const paymentMethodRoutes: Routes = {
  "GET /v1/payment_methods/:id": (world, { id }) => found(world, "payment_method", id, "payment_method"),
  "GET /v1/payment_methods": (world, { form }) => {
    const { customer, type, ...page } = parseParams(listParams, form);
    return list(world, "payment_method", "/v1/payment_methods", page, {
      link: customer,
      where: (it) => type === undefined || it.type === type,
    });
  },
  "GET /v1/customers/:id/payment_methods": (world, { id, form }) => {
    found(world, "customer", id, "customer");
    const { type, ...page } = parseParams(listParams, form);
    return list(world, "payment_method", `/v1/customers/${id}/payment_methods`, page, {
      link: id,
      where: (it) => type === undefined || it.type === type,
    });
  },
  "POST /v1/payment_methods/:id": (world, { id, form }) => {
    const before = found(world, "payment_method", id, "payment_method");
    const params = parseParams(updateParams, form);
    if (params.card !== undefined && before.card === undefined) throw refusal(null, "This is no card.", "card");
    const after = change(world, "payment_method", before, {
      billing_details: { ...before.billing_details, ...withoutUndefined(params.billing_details ?? {}) },
      ...(before.card === undefined ? {} : { card: { ...before.card, ...withoutUndefined(params.card ?? {}) } }),
      metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata ?? {}, params.metadata),
    });
    world.emit("payment_method.updated", after, previously(before, after, "billing_details", "card", "metadata"));
    return after;
  },
  "POST /v1/payment_methods/:id/attach": (world, { id, form }) => {
    const { customer } = parseParams(attachParams, form);
    if (liveCustomer(world, customer) === undefined) throw missing("customer", customer, "customer");
    const means = Object.hasOwn(TEST_METHODS, id) ? TEST_METHODS[id] : undefined;
    if (means !== undefined) return attach(world, createPaymentMethod(world, means, NOBODY, null), customer);
    const method = found(world, "payment_method", id, "payment_method");
    if (method.customer !== null && method.customer !== customer) {
      throw refusal(null, "The payment method you provided has already been attached to a customer.");
    }
    return attach(world, method, customer);
  },
  "POST /v1/payment_methods/:id/detach": (world, { id, form }) => {
    const before = found(world, "payment_method", id, "payment_method");
    parseParams(nothing, form);
    if (before.customer === null) {
      throw refusal(null, "The payment method you provided is not attached to a customer so detachment is impossible.");
    }
    const after = change(world, "payment_method", before, { customer: null });
    world.emit("payment_method.detached", after, { customer: before.customer });
    return after;
  },
};

/** https://docs.stripe.com/testing#cards */
const card = (last4: string): Means => ({
  type: "card",
  brand: "visa",
  wallet: null,
  country: "US",
  declined: false,
  last4,
});
const TEST_METHODS: Readonly<Record<string, Means>> = {
  pm_card_visa: card("4242"),
  pm_card_chargeCustomerFail: card("0341"),
  pm_card_authenticationRequired: card("3184"),
  pm_card_refundFail: card("5126"),
  pm_card_pendingRefund: card("7726"),
};
const NOBODY: Payer = { email: null, name: null, country: "US" };

export function attach(world: World, before: Stripe.PaymentMethod, customer: string): Stripe.PaymentMethod {
  if (before.customer === customer) return before;
  const after = change(world, "payment_method", before, { customer });
  world.emit("payment_method.attached", after);
  return after;
}
