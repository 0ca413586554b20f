import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { giftOf } from "./adoption.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

export const subscription: MirrorKind<"stripe_subscriptions", Stripe.Subscription> = {
  name: "subscription",
  table: "stripe_subscriptions",
  links: ["donation_id", "frequency", "attribution_code", "customer_id"],
  sealed: [],
  toRow: (object, asOf, { adoption }) => {
    const item = object.items.data[0];
    const unit = item?.price.unit_amount ?? null;
    return {
      id: object.id,
      as_of: asOf,
      rank: 0,
      deleted: false,
      created: instant(object.created),
      status: object.status,
      currency: fromStripeCurrency(object.currency),
      amount: unit === null ? null : unit * (item?.quantity ?? 1),
      interval: item?.price.recurring?.interval ?? null,
      current_period_end: instant(item?.current_period_end),
      cancel_at: instant(object.cancel_at),
      cancel_at_period_end: object.cancel_at_period_end,
      canceled_at: instant(object.canceled_at),
      ended_at: instant(object.ended_at),
      pause_behavior: object.pause_collection?.behavior ?? null,
      pause_resumes_at: instant(object.pause_collection?.resumes_at),
      cancellation_reason: object.cancellation_details?.reason ?? null,
      ...giftOf(adoption, {
        id: object.id,
        metadata: object.metadata,
        items: object.items.data.map(({ price }) => ({ product: idOf(price.product), price: price.id })),
      }),
      customer_id: idOf(object.customer),
    };
  },
  retrieve: (api, id) => api.subscriptions.retrieve(id),
};
