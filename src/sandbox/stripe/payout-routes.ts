import { z } from "zod";
import { balanceOf } from "./account.ts";
import { refusal, StripeError } from "./errors.ts";
import { list, pageParams } from "./list.ts";
import {
  clearable,
  currency,
  integer,
  mergeMetadata,
  metadata,
  newMetadata,
  oneOf,
  parseParams,
  text,
  timeRange,
} from "./params.ts";
import { cancelPayout, createPayout } from "./payouts.ts";
import { found, type Routes } from "./routing.ts";
import { change, type World } from "./world.ts";

const createParams = z.strictObject({
  amount: integer(1),
  currency: currency(),
  description: clearable().optional(),
  metadata: metadata().optional(),
  method: oneOf("standard", "instant").optional(),
  source_type: oneOf("card").optional(),
  statement_descriptor: text(22).optional(),
});
const UNSIMULATED = ["destination", "payout_method"];
const updateParams = z.strictObject({ metadata: metadata().optional() });
const listParams = z.strictObject({
  ...pageParams,
  arrival_date: timeRange().optional(),
  created: timeRange().optional(),
  destination: text().optional(),
  status: oneOf("pending", "in_transit", "paid", "failed", "canceled").optional(),
});
const nothing = z.strictObject({});

export const payoutRoutes: Routes = {
  "POST /v1/payouts": (world, { form }) => {
    const params = parseParams(createParams, form, UNSIMULATED);
    checkFunds(world, params.amount, params.currency);
    return createPayout(world, {
      amount: params.amount,
      currency: params.currency,
      automatic: false,
      description: params.description ?? null,
      statementDescriptor: params.statement_descriptor ?? null,
      method: params.method ?? "standard",
      metadata: newMetadata(params.metadata),
    });
  },
  "GET /v1/payouts": (world, { form }) => {
    const { arrival_date: arrival, created, destination, status, ...page } = parseParams(listParams, form);
    return list(world, "payout", "/v1/payouts", page, {
      created,
      where: (it) =>
        (arrival === undefined || arrival(it.arrival_date)) &&
        (destination === undefined || it.destination === destination) &&
        (status === undefined || it.status === status),
    });
  },
  "GET /v1/payouts/:id": (world, { id }) => found(world, "payout", id, "payout"),
  "POST /v1/payouts/:id": (world, { id, form }) => {
    const before = found(world, "payout", id, "payout");
    const params = parseParams(updateParams, form);
    if (params.metadata === undefined) return before;
    const after = change(world, "payout", before, { metadata: mergeMetadata(before.metadata ?? {}, params.metadata) });
    world.emit("payout.updated", after, { metadata: before.metadata });
    return after;
  },
  "POST /v1/payouts/:id/cancel": (world, { id, form }) => {
    const before = found(world, "payout", id, "payout");
    parseParams(nothing, form);
    if (before.status !== "pending" || before.automatic) {
      throw refusal("payouts_not_allowed", "This payout can no longer be canceled, or was created automatically.");
    }
    return cancelPayout(world, before);
  },
};

function checkFunds(world: World, amount: number, code: string): void {
  if (!world.account.currencies.includes(code)) {
    throw refusal(null, `Sorry, you don't have any external accounts in that currency (${code}).`, "currency");
  }
  const available = balanceOf(world).available.find((it) => it.currency === code)?.amount ?? 0;
  if (amount <= available) return;
  const message =
    "You have insufficient available funds in your Stripe account for this payout. Its available balance is what GET /v1/balance tells.";
  throw new StripeError(400, { type: "invalid_request_error", code: "balance_insufficient", message }, true);
}
