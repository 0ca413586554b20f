import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import type { CheckoutDetails } from "./checkout-details.ts";
import { liveCustomer } from "./customers.ts";
import { refusal } from "./errors.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { integer, mergeMetadata, metadata, newMetadata, oneOf, parseParams, text, timeRange } from "./params.ts";
import { createInlinePrice } from "./prices.ts";
import { found, type Routes } from "./routing.ts";
import { buildSession } from "./session-build.ts";
import { type CheckedLine, checkSession } from "./session-checks.ts";
import { expireSession } from "./session-expiry.ts";
import { sessionParams, UNSIMULATED_SESSION_PARAMS } from "./session-params.ts";
import { change, idOf, type World } from "./world.ts";

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  customer: text().optional(),
  payment_intent: text().optional(),
  status: oneOf("complete", "expired", "open").optional(),
  subscription: text().optional(),
});
const updateParams = z.strictObject({ metadata: metadata().optional() });
const linesParams = z.strictObject({
  limit: integer(1, 100).optional(),
  starting_after: text().optional(),
  ending_before: text().optional(),
});
const nothing = z.strictObject({});

export const checkoutSessionRoutes: Routes = {
  "POST /v1/checkout/sessions": (world, { form }) => {
    const params = parseParams(sessionParams, form, UNSIMULATED_SESSION_PARAMS);
    const checked = checkSession(world, params);
    const lines = checked.lines.map((line) => createLine(world, line));
    const customer = params.customer === undefined ? undefined : liveCustomer(world, params.customer);
    const session = world.store.put("checkout.session", buildSession(world, params, checked, customer));
    const details: CheckoutDetails = {
      id: session.id,
      line_items: lines,
      payment: {
        description: params.payment_intent_data?.description ?? null,
        metadata: newMetadata(params.payment_intent_data?.metadata),
        receipt_email: params.payment_intent_data?.receipt_email ?? null,
        statement_descriptor: params.payment_intent_data?.statement_descriptor ?? null,
        statement_descriptor_suffix: params.payment_intent_data?.statement_descriptor_suffix ?? null,
      },
      subscription: {
        description: params.subscription_data?.description ?? null,
        metadata: newMetadata(params.subscription_data?.metadata),
        billing_mode: params.subscription_data?.billing_mode?.type ?? "flexible",
      },
      declined: null,
    };
    world.store.put("checkout_details", details);
    world.schedule(session.expires_at, "expire_session", session.id);
    return session;
  },
  "GET /v1/checkout/sessions": (world, { form }) => {
    const params = parseParams(listParams, form);
    return list(world, "checkout.session", "/v1/checkout/sessions", params, {
      link: params.payment_intent ?? params.subscription ?? params.customer,
      created: params.created,
      where: (it) =>
        (params.customer === undefined || it.customer === params.customer) &&
        (params.status === undefined || it.status === params.status),
      called: "checkout session",
    });
  },
  "GET /v1/checkout/sessions/:id": (world, { id }) => found(world, "checkout.session", id, "session"),
  "POST /v1/checkout/sessions/:id": (world, { id, form }) => {
    const before = found(world, "checkout.session", id, "session");
    const params = parseParams(updateParams, form);
    if (params.metadata === undefined) return before;
    return change(world, "checkout.session", before, {
      metadata: mergeMetadata(before.metadata ?? {}, params.metadata),
    });
  },
  "POST /v1/checkout/sessions/:id/expire": (world, { id, form }) => {
    const session = found(world, "checkout.session", id, "session");
    parseParams(nothing, form);
    if (session.status !== "open") {
      throw refusal(
        null,
        `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
      );
    }
    return expireSession(world, session);
  },
  "GET /v1/checkout/sessions/:id/line_items": (world, { id, form }) => {
    found(world, "checkout.session", id, "session");
    const { limit = 10, starting_after: after } = parseParams(linesParams, form);
    const all = world.store.mustGet("checkout_details", id).line_items;
    const rest = all.slice(after === undefined ? 0 : all.findIndex((line) => line.id === after) + 1);
    return {
      object: "list",
      data: rest.slice(0, limit),
      has_more: rest.length > limit,
      url: `/v1/checkout/sessions/${id}/line_items`,
    };
  },
};

function createLine(world: World, line: CheckedLine): Stripe.LineItem {
  const price = line.data === undefined ? line.price : createInlinePrice(world, line.data);
  if (price === undefined) throw new Error("A checked line has a price.");
  const amount = line.unitAmount * line.quantity;
  return {
    id: newId.lineItem(),
    object: "item",
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: world.store.get("product", idOf(price.product))?.name ?? null,
    metadata: newMetadata(line.metadata),
    price,
    quantity: line.quantity,
  };
}
