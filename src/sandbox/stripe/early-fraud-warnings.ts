import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { parseParams, text, timeRange } from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, idOf, type World } from "./world.ts";

/** https://docs.stripe.com/api/radar/early_fraud_warnings/object */
export const FRAUD_TYPES = [
  "card_never_received",
  "fraudulent_card_application",
  "made_with_counterfeit_card",
  "made_with_lost_card",
  "made_with_stolen_card",
  "misc",
  "unauthorized_use_of_card",
] as const;

/** The card's network suspects fraud; a refund now can spare the dispute. */
export function warnOfFraud(world: World, charge: Stripe.Charge, fraudType: string): Stripe.Radar.EarlyFraudWarning {
  const warning = world.store.put("radar.early_fraud_warning", {
    id: newId.earlyFraudWarning(),
    object: "radar.early_fraud_warning",
    actionable: !charge.refunded && !charge.disputed,
    charge: charge.id,
    created: world.now(),
    fraud_type: fraudType,
    livemode: false,
    ...(charge.payment_intent === null ? {} : { payment_intent: idOf(charge.payment_intent) }),
  });
  world.emit("radar.early_fraud_warning.created", warning);
  return warning;
}

/** The charge was refunded or disputed: nothing is left to do. */
export function warningsHandled(world: World, charge: string): void {
  for (const before of [...world.store.inOrder("radar.early_fraud_warning", { newestFirst: false, link: charge })]) {
    if (!before.actionable) continue;
    const after = change(world, "radar.early_fraud_warning", before, { actionable: false });
    world.emit("radar.early_fraud_warning.updated", after, { actionable: true });
  }
}

const listParams = z.strictObject({
  ...pageParams,
  charge: text().optional(),
  created: timeRange().optional(),
  payment_intent: text().optional(),
});

export const earlyFraudWarningRoutes: Routes = {
  "GET /v1/radar/early_fraud_warnings": (world, { form }) => {
    const { charge, created, payment_intent: intent, ...page } = parseParams(listParams, form);
    return list(world, "radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", page, {
      link: charge ?? intent,
      created,
      where: (it) =>
        (charge === undefined || it.charge === charge) && (intent === undefined || it.payment_intent === intent),
    });
  },
  "GET /v1/radar/early_fraud_warnings/:id": (world, { id }) => found(world, "radar.early_fraud_warning", id),
};
