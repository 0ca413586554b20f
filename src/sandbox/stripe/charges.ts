import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { emptyAddress } from "./customers.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { mandateOf } from "./mandates.ts";
import { clearable, mergeMetadata, metadata, parseParams, text, timeRange } from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, previously, type World } from "./world.ts";

/** How an attempt to charge went, as far as it is known when it is made. */
export type ChargeOutcome = "succeeded" | "succeeded_with_3ds" | "pending" | "declined";

/** One attempt to pay a PaymentIntent. Its metadata is a copy of the intent's. */
export function createCharge(
  world: World,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  outcome: ChargeOutcome,
): Stripe.Charge {
  const id = method.type === "card" ? newId.charge() : newId.payment();
  const captured = outcome !== "declined";
  return world.store.put("charge", {
    id,
    object: "charge",
    amount: intent.amount,
    amount_captured: captured ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { ...method.billing_details, address: method.billing_details.address ?? emptyAddress(null) },
    calculated_statement_descriptor: statementDescriptor(world, intent),
    captured,
    created: world.now(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: outcome === "declined" ? "card_declined" : null,
    failure_message: outcome === "declined" ? "Your card was declined." : null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(outcome),
    paid: outcome !== "declined" && outcome !== "pending",
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(world, intent, method, outcome),
    radar_options: {},
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: captured ? `${world.baseUrl()}/receipts/${id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: outcome === "declined" ? "failed" : outcome === "pending" ? "pending" : "succeeded",
    transfer_data: null,
    transfer_group: null,
  });
}

/** At most 22 characters: the account's name, or its beginning, a star and the payment's suffix. */
function statementDescriptor(world: World, intent: Stripe.PaymentIntent): string {
  if (intent.statement_descriptor !== null) return intent.statement_descriptor;
  const name = world.account.name.toUpperCase().replace(/[<>\\'"*]/g, "");
  const suffix = intent.statement_descriptor_suffix;
  return (suffix === null ? name : `${name.slice(0, 10)}* ${suffix}`).slice(0, 22);
}

function outcomeOf(outcome: ChargeOutcome): Stripe.Charge.Outcome {
  const declined = outcome === "declined";
  return {
    advice_code: declined ? "try_again_later" : null,
    network_advice_code: declined ? "02" : null,
    network_decline_code: declined ? "05" : null,
    network_status: declined ? "declined_by_network" : "approved_by_network",
    reason: declined ? "generic_decline" : null,
    risk_level: "normal",
    risk_score: 12,
    seller_message: declined
      ? "The bank did not return any further details with this decline."
      : outcome === "pending"
        ? "Payment pending."
        : "Payment complete.",
    type: declined ? "issuer_declined" : "authorized",
  };
}

function detailsOf(
  world: World,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  outcome: ChargeOutcome,
): Stripe.Charge.PaymentMethodDetails {
  if (method.sepa_debit !== undefined) {
    const { bank_code, branch_code, country, fingerprint, last4 } = method.sepa_debit;
    const mandate = mandateOf(world, method.id)?.id ?? null;
    return { sepa_debit: { bank_code, branch_code, country, fingerprint, last4, mandate }, type: "sepa_debit" };
  }
  const card = method.card;
  if (card === undefined) throw new Error(`Payment method ${method.id} is of a type that is not simulated.`);
  const wallet: Stripe.Charge.PaymentMethodDetails.Card.Wallet | null =
    card.wallet === null
      ? null
      : card.wallet.type === "apple_pay"
        ? { apple_pay: { type: "apple_pay" }, dynamic_last4: card.wallet.dynamic_last4, type: "apple_pay" }
        : { google_pay: {}, dynamic_last4: card.wallet.dynamic_last4, type: "google_pay" };
  return {
    card: {
      amount_authorized: outcome === "declined" ? 0 : intent.amount,
      authorization_code: outcome === "declined" ? null : "482913",
      brand: card.brand,
      checks: card.checks === null ? null : { ...card.checks },
      country: card.country,
      electronic_commerce_indicator: null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      extended_authorization: { status: "disabled" },
      fingerprint: card.fingerprint ?? null,
      funding: card.funding,
      incremental_authorization: { status: "unavailable" },
      installments: null,
      last4: card.last4,
      mandate: null,
      multicapture: { status: "unavailable" },
      network: card.brand,
      network_token: { used: false },
      network_transaction_id: outcome === "declined" ? null : "105102104705511",
      overcapture: { maximum_amount_capturable: intent.amount, status: "unavailable" },
      regulated_status: "unregulated",
      three_d_secure: outcome === "succeeded_with_3ds" ? AUTHENTICATED : null,
      transaction_link_id: null,
      wallet,
    },
    type: "card",
  };
}

const AUTHENTICATED: Stripe.Charge.PaymentMethodDetails.Card.ThreeDSecure = {
  authentication_flow: "challenge",
  electronic_commerce_indicator: "05",
  exemption_indicator: null,
  result: "authenticated",
  result_reason: null,
  transaction_id: "9c1d1f0a-7a3f-4f7e-9d0c-2f1f2d6a5f10",
  version: "2.2.0",
};

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  customer: text().optional(),
  payment_intent: text().optional(),
});
const updateParams = z.strictObject({ description: clearable().optional(), metadata: metadata().optional() });

export const chargeRoutes: Routes = {
  "GET /v1/charges": (world, { form }) => {
    const { created, customer, payment_intent: intent, ...page } = parseParams(listParams, form);
    return list(world, "charge", "/v1/charges", page, {
      link: intent ?? customer,
      created,
      where: (it) =>
        (customer === undefined || it.customer === customer) && (intent === undefined || it.payment_intent === intent),
    });
  },
  "GET /v1/charges/:id": (world, { id }) => found(world, "charge", id),
  "POST /v1/charges/:id": (world, { id, form }) => {
    const before = found(world, "charge", id);
    const params = parseParams(updateParams, form);
    const after = change(world, "charge", before, {
      description: params.description === undefined ? before.description : params.description,
      metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata, params.metadata),
    });
    world.emit("charge.updated", after, previously(before, after, "description", "metadata"));
    return after;
  },
};
