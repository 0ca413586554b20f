import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import type { Period } from "./invoices.ts";
import { periodEnd } from "./periods.ts";
import { recurringOf } from "./prices.ts";
import { decimal, idOf, type World } from "./world.ts";

interface NewSubscription {
  readonly customer: string;
  readonly items: readonly { price: Stripe.Price; quantity: number }[];
  readonly paymentMethod: string;
  readonly description: string | null;
  readonly metadata: Record<string, string>;
  readonly billingMode: "classic" | "flexible";
}

/** A new subscription, `incomplete` until its first invoice is paid. */
export function createSubscription(world: World, input: NewSubscription): Stripe.Subscription {
  const id = newId.subscription();
  const now = world.now();
  const items = input.items.map(({ price, quantity }) => buildItem(id, price, quantity, firstPeriod(now, price), now));
  const [first] = items;
  if (first === undefined) throw new Error("A subscription needs an item.");
  return world.store.put("subscription", {
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: now,
    billing_cycle_anchor_config: null,
    billing_mode:
      input.billingMode === "flexible"
        ? { flexible: { proration_discounts: "included" }, type: "flexible", updated_at: now }
        : { flexible: null, type: "classic" },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: "charge_automatically",
    created: now,
    currency: first.price.currency,
    customer: input.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: input.paymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: input.description,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: { object: "list", data: items, has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: "off" },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: "incomplete",
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: "create_invoice" } },
    trial_start: null,
  });
}

export function buildItem(
  subscription: string,
  price: Stripe.Price,
  quantity: number,
  period: Period,
  created: number,
  id: string = newId.subscriptionItem(),
): Stripe.SubscriptionItem {
  return {
    id,
    object: "subscription_item",
    billing_thresholds: null,
    created,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planOf(price),
    price,
    quantity,
    subscription,
    tax_rates: [],
  };
}

/** The period that a subscription is in. */
export function currentPeriod(subscription: Stripe.Subscription): Period {
  const item = subscription.items.data[0];
  return { start: item?.current_period_start ?? 0, end: item?.current_period_end ?? 0 };
}

function firstPeriod(start: number, price: Stripe.Price): Period {
  const recurring = recurringOf(price);
  if (recurring === null) throw new Error(`Price ${price.id} does not recur.`);
  return { start, end: periodEnd(start, recurring.interval, recurring.intervalCount, start) };
}

/** The older name of a price, which items still carry. */
function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: "plan",
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: decimal(price.unit_amount ?? 0),
    billing_scheme: "per_unit",
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? "month",
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: { ...price.metadata },
    meter: null,
    nickname: price.nickname,
    product: idOf(price.product),
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: "licensed",
  };
}
