import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

/** What a recurring gift is paid with, as far as it says when a card expires. */
export const paymentMethod: MirrorKind<"stripe_payment_methods", Stripe.PaymentMethod> = {
  name: "payment_method",
  table: "stripe_payment_methods",
  links: [],
  sealed: [],
  toRow: (object, asOf) => ({
    id: object.id,
    as_of: asOf,
    rank: 0,
    deleted: false,
    created: instant(object.created),
    type: object.type,
    card_brand: object.card?.brand ?? null,
    card_country: object.card?.country ?? null,
    card_exp_month: object.card?.exp_month ?? null,
    card_exp_year: object.card?.exp_year ?? null,
    customer_id: idOf(object.customer),
  }),
  retrieve: (api, id) => api.paymentMethods.retrieve(id),
};
