import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { clearable, mergeMetadata, metadata, parseParams, text, timeRange } from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, type World } from "./world.ts";

interface NewPaymentIntent {
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly metadata: Record<string, string>;
  readonly paymentMethodTypes: string[];
  readonly receiptEmail?: string | null;
  readonly statementDescriptor?: string | null;
  readonly statementDescriptorSuffix?: string | null;
  /** The invoice that it pays; null for a payment of its own. */
  readonly invoice: string | null;
}

export function createPaymentIntent(world: World, input: NewPaymentIntent): Stripe.PaymentIntent {
  const id = newId.paymentIntent();
  const intent = world.store.put("payment_intent", {
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    // Stripe captures a payment of its own behind the scenes, and an invoice's at once.
    capture_method: input.invoice === null ? "automatic_async" : "automatic",
    client_secret: newId.secret(id),
    confirmation_method: "automatic",
    created: world.now(),
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    description: input.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_details: { customer_reference: null, order_reference: input.invoice },
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: "automatic" },
    },
    payment_method_types: input.paymentMethodTypes,
    payment_record: null,
    processing: null,
    receipt_email: input.receiptEmail ?? null,
    review: null,
    setup_future_usage: input.invoice === null ? null : "off_session",
    shipping: null,
    source: null,
    statement_descriptor: input.statementDescriptor ?? null,
    statement_descriptor_suffix: input.statementDescriptorSuffix ?? null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  });
  world.emit("payment_intent.created", intent);
  return intent;
}

const listParams = z.strictObject({ ...pageParams, created: timeRange().optional(), customer: text().optional() });
const updateParams = z.strictObject({ description: clearable().optional(), metadata: metadata().optional() });

export const paymentIntentRoutes: Routes = {
  "GET /v1/payment_intents": (world, { form }) => {
    const { created, customer, ...page } = parseParams(listParams, form);
    return list(world, "payment_intent", "/v1/payment_intents", page, {
      link: customer,
      created,
      where: (it) => customer === undefined || it.customer === customer,
    });
  },
  "GET /v1/payment_intents/:id": (world, { id }) => found(world, "payment_intent", id, "intent"),
  "POST /v1/payment_intents/:id": (world, { id, form }) => {
    const before = found(world, "payment_intent", id, "intent");
    const params = parseParams(updateParams, form);
    return change(world, "payment_intent", before, {
      description: params.description === undefined ? before.description : params.description,
      metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata, params.metadata),
    });
  },
};
