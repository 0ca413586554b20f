import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { missing, parameterError, refusal } from "./errors.ts";
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
import { found, type Routes } from "./routing.ts";
import { CANCELLATION_KEYS, cancelLater, cancelNow, noted } from "./subscription-cancel.ts";
import { changedItems, itemParams } from "./subscription-items.ts";
import { pausedAs, pauseParams, resumeSubscription } from "./subscription-pause.ts";
import { currentPeriod } from "./subscriptions.ts";
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

const updateParams = z.strictObject({
  cancel_at: z.union([z.literal("").transform(() => null), integer(0)]).optional(),
  cancel_at_period_end: boolean().optional(),
  cancellation_details: cancellationDetails.optional(),
  description: clearable(500).optional(),
  default_payment_method: clearable().optional(),
  items: listOf(itemParams).optional(),
  metadata: metadata().optional(),
  pause_collection: pauseParams.optional(),
  proration_behavior: oneOf("none", "create_prorations", "always_invoice").optional(),
});

const cancelParams = z.strictObject({
  cancellation_details: cancellationDetails.optional(),
  invoice_now: boolean().optional(),
  prorate: boolean().optional(),
});

const resumeParams = z.strictObject({
  billing_cycle_anchor: oneOf("now").optional(),
  proration_behavior: oneOf("none").optional(),
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
  "default_source",
  "default_tax_rates",
  "discounts",
  "invoice_settings",
  "off_session",
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
      created: params.created,
      where: (it) =>
        hasStatus(it, params.status) &&
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
  "POST /v1/subscriptions/:id/resume": (world, { id, form }) => {
    parseParams(resumeParams, form);
    return resumeSubscription(world, found(world, "subscription", id));
  },
};

function update(
  world: World,
  before: Stripe.Subscription,
  form: Parameters<typeof parseParams>[1],
): Stripe.Subscription {
  const params = parseParams(updateParams, form, UNSIMULATED);
  if (isOver(before) && Object.keys(form).some((name) => name !== "metadata" && name !== "cancellation_details")) {
    throw refusal(null, "A canceled subscription can only update its cancellation_details and metadata.");
  }
  if (params.cancel_at !== undefined && params.cancel_at_period_end !== undefined) {
    throw parameterError(null, "You may only specify one of these parameters: cancel_at, cancel_at_period_end.");
  }
  if (typeof params.cancel_at === "number" && params.cancel_at <= world.now()) {
    throw refusal(null, "cancel_at must be in the future.", "cancel_at");
  }
  const method = params.default_payment_method;
  if (method && world.store.get("payment_method", method)?.customer !== before.customer) {
    throw missing("PaymentMethod", method, "default_payment_method");
  }
  const items =
    params.items === undefined ? before.items : changedItems(world, before, params.items, params.proration_behavior);
  const period = currentPeriod(before);
  const asked = params.cancel_at_period_end;
  const cancelAt = asked === undefined ? params.cancel_at : asked ? period.end : null;
  const after = change(world, "subscription", before, {
    ...(params.cancellation_details === undefined ? {} : noted(before, params.cancellation_details)),
    ...(cancelAt === undefined
      ? {}
      : cancelLater(world, before, cancelAt, asked === true, params.cancellation_details)),
    default_payment_method: method === undefined ? before.default_payment_method : method,
    description: params.description === undefined ? before.description : params.description,
    items,
    pause_collection:
      params.pause_collection === undefined ? before.pause_collection : pausedAs(world, params.pause_collection),
    metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata, params.metadata),
  });
  if (typeof after.cancel_at === "number" && after.cancel_at !== before.cancel_at) {
    world.schedule(after.cancel_at, "renew", before.id);
  }
  const resumesAt = after.pause_collection?.resumes_at;
  if (typeof resumesAt === "number") world.schedule(resumesAt, "resume_collection", before.id);
  const previous = previously(
    before,
    after,
    ...CANCELLATION_KEYS,
    "default_payment_method",
    "description",
    "metadata",
    "pause_collection",
  );
  const changedItemsBefore = items === before.items ? {} : { items: { data: before.items.data } };
  if (Object.keys(previous).length > 0 || items !== before.items) {
    world.emit("customer.subscription.updated", after, { ...previous, ...changedItemsBefore });
  }
  return after;
}

function isOver(subscription: Stripe.Subscription): boolean {
  return subscription.status === "canceled" || subscription.status === "incomplete_expired";
}

function hasStatus(subscription: Stripe.Subscription, wanted: string | undefined): boolean {
  if (wanted === "all") return true;
  if (wanted === "ended") return isOver(subscription);
  return wanted === undefined ? subscription.status !== "canceled" : subscription.status === wanted;
}
