import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { formatAmount } from "./currencies.ts";
import { missing, parameterError, refusal } from "./errors.ts";
import { list, pageParams } from "./list.ts";
import { integer, mergeMetadata, metadata, newMetadata, oneOf, parseParams, text, timeRange } from "./params.ts";
import { cancelRefund, createRefund, tellRefund } from "./refunds.ts";
import { found, type Routes } from "./routing.ts";
import { change, idOf, type World } from "./world.ts";

const createParams = z.strictObject({
  amount: integer(1).optional(),
  charge: text().optional(),
  instructions_email: text().optional(),
  metadata: metadata().optional(),
  payment_intent: text().optional(),
  reason: oneOf("duplicate", "fraudulent", "requested_by_customer").optional(),
});
const UNSIMULATED = ["currency", "customer", "origin", "refund_application_fee", "reverse_transfer"];
const updateParams = z.strictObject({ metadata: metadata().optional() });
const listParams = z.strictObject({
  ...pageParams,
  charge: text().optional(),
  created: timeRange().optional(),
  payment_intent: text().optional(),
});
const nothing = z.strictObject({});

export const refundRoutes: Routes = {
  "POST /v1/refunds": (world, { form }) => {
    const params = parseParams(createParams, form, UNSIMULATED);
    const charge = chargeToRefund(world, params.charge, params.payment_intent);
    return createRefund(world, charge, {
      amount: checkedAmount(charge, params.amount),
      reason: params.reason ?? null,
      metadata: newMetadata(params.metadata),
    });
  },
  "GET /v1/refunds": (world, { form }) => {
    const { charge, created, payment_intent: intent, ...page } = parseParams(listParams, form);
    return list(world, "refund", "/v1/refunds", page, {
      link: charge ?? intent,
      created,
      where: (it) =>
        (charge === undefined || it.charge === charge) && (intent === undefined || it.payment_intent === intent),
    });
  },
  "GET /v1/refunds/:id": (world, { id }) => found(world, "refund", id, "refund"),
  "POST /v1/refunds/:id": (world, { id, form }) => {
    const before = found(world, "refund", id, "refund");
    const params = parseParams(updateParams, form);
    if (params.metadata === undefined) return before;
    const after = change(world, "refund", before, { metadata: mergeMetadata(before.metadata ?? {}, params.metadata) });
    tellRefund(world, before, after);
    return after;
  },
  "POST /v1/refunds/:id/cancel": (world, { id, form }) => {
    const before = found(world, "refund", id, "refund");
    parseParams(nothing, form);
    // The API cancels what waits for its customer; what is pending is cancelled on Stripe's pages.
    if (before.status !== "requires_action" && before.status !== "pending") {
      throw refusal(null, `This refund cannot be canceled because it has a status of ${before.status}.`);
    }
    return cancelRefund(world, before);
  },
  "GET /v1/charges/:id/refunds": (world, { id, form }) => {
    found(world, "charge", id);
    const { charge: _, payment_intent: __, created, ...page } = parseParams(listParams, form);
    return list(world, "refund", `/v1/charges/${id}/refunds`, page, { link: id, created });
  },
};

function chargeToRefund(world: World, charge: string | undefined, intent: string | undefined): Stripe.Charge {
  if (charge === undefined && intent === undefined) {
    throw parameterError(
      "parameter_missing",
      "One of the following params should be provided for this request: payment_intent or charge.",
    );
  }
  const paid = intent === undefined ? undefined : world.store.get("payment_intent", intent);
  if (intent !== undefined && paid === undefined) throw missing("payment_intent", intent, "payment_intent");
  if (paid !== undefined && paid.status !== "succeeded") {
    throw refusal(null, `This PaymentIntent (${paid.id}) does not have a successful charge to refund.`);
  }
  const id = charge ?? idOf(paid?.latest_charge ?? "");
  const found = world.store.get("charge", id);
  if (found === undefined) throw missing("charge", id, "charge");
  if (paid !== undefined && found.payment_intent !== paid.id) {
    throw refusal(null, `The charge ${found.id} does not belong to the PaymentIntent ${paid.id}.`, "charge");
  }
  if (found.status !== "succeeded") {
    throw refusal("charge_not_refundable", `Charge ${found.id} cannot be refunded: its status is ${found.status}.`);
  }
  if (isChargedBack(world, found.id)) {
    throw refusal("charge_disputed", `Charge ${found.id} has been charged back; cannot issue a refund.`);
  }
  return found;
}

function isChargedBack(world: World, charge: string): boolean {
  for (const dispute of world.store.inOrder("dispute", { newestFirst: true, link: charge })) {
    if (!dispute.is_charge_refundable) return true;
  }
  return false;
}

function checkedAmount(charge: Stripe.Charge, asked: number | undefined): number {
  const left = charge.amount_captured - charge.amount_refunded;
  if (left <= 0) throw refusal("charge_already_refunded", `Charge ${charge.id} has already been refunded.`);
  const amount = asked ?? left;
  if (amount > left) {
    const [wanted, there] = [formatAmount(amount, charge.currency), formatAmount(left, charge.currency)];
    const message = `Refund amount (${wanted}) is greater than unrefunded amount on charge (${there})`;
    throw refusal("amount_too_large", message, "amount");
  }
  return amount;
}
