import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";
import { giftOf } from "./adoption.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

/** The states that an intent never leaves. All others go back: a confirmation or a debit that fails asks for another method. */
const FINAL: readonly string[] = ["canceled", "succeeded"];

export const paymentIntent: MirrorKind<"stripe_payment_intents", Stripe.PaymentIntent> = {
  name: "payment_intent",
  table: "stripe_payment_intents",
  links: ["donation_id", "frequency", "attribution_code", "customer_id"],
  sealed: [],
  toRow: (intent, asOf, { adoption }) => ({
    id: intent.id,
    as_of: asOf,
    rank: FINAL.indexOf(intent.status) + 1,
    deleted: false,
    created: instant(intent.created),
    status: intent.status,
    amount: intent.amount,
    amount_received: intent.amount_received,
    currency: fromStripeCurrency(intent.currency),
    failure_code: intent.last_payment_error?.decline_code ?? intent.last_payment_error?.code ?? null,
    ...giftOf(adoption, { id: intent.id, metadata: intent.metadata, items: [] }),
    customer_id: idOf(intent.customer),
  }),
  retrieve: (api, id) => api.paymentIntents.retrieve(id),
};
