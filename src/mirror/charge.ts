import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { type AdoptionRules, giftOf } from "./adoption.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

export const charge: MirrorKind<"stripe_charges", Stripe.Charge> = {
  name: "charge",
  table: "stripe_charges",
  links: ["donation_id", "payment_intent_id", "customer_id", "balance_transaction_id"],
  sealed: [],
  toRow: (object, asOf, { adoption }) => {
    const method = object.payment_method_details;
    return {
      id: object.id,
      as_of: asOf,
      rank: 0,
      deleted: false,
      created: instant(object.created),
      status: object.status,
      paid: object.paid,
      captured: object.captured,
      amount: object.amount,
      amount_captured: object.amount_captured,
      currency: fromStripeCurrency(object.currency),
      method_type: method?.type ?? null,
      card_brand: method?.card?.brand ?? null,
      card_country: method?.card?.country ?? null,
      wallet: method?.card?.wallet?.type ?? null,
      failure_code: object.failure_code,
      payment_intent_id: idOf(object.payment_intent),
      donation_id: soleGift(object, adoption),
      customer_id: idOf(object.customer),
      balance_transaction_id: idOf(object.balance_transaction),
    };
  },
  retrieve: (api, id) => api.charges.retrieve(id),
};

/** A charge of the days before PaymentIntents is a gift by itself; any other is one through its PaymentIntent. */
function soleGift(object: Stripe.Charge, adoption: AdoptionRules): string | null {
  if (object.payment_intent !== null) return null;
  return giftOf(adoption, { id: object.id, metadata: object.metadata, items: [] }).donation_id;
}
