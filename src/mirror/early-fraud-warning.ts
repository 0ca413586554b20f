import type { Stripe } from "../stripe/types.ts";
import { idOf, instant, type MirrorKind } from "./kind.ts";

export const earlyFraudWarning: MirrorKind<"stripe_early_fraud_warnings", Stripe.Radar.EarlyFraudWarning> = {
  name: "radar.early_fraud_warning",
  table: "stripe_early_fraud_warnings",
  links: ["charge_id", "payment_intent_id"],
  sealed: [],
  toRow: (object, asOf) => ({
    id: object.id,
    as_of: asOf,
    rank: 0,
    deleted: false,
    created: instant(object.created),
    fraud_type: object.fraud_type,
    actionable: object.actionable,
    charge_id: idOf(object.charge),
    payment_intent_id: idOf(object.payment_intent),
  }),
  retrieve: (api, id) => api.radar.earlyFraudWarnings.retrieve(id),
};
