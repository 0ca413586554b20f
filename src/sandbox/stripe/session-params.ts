import { z } from "zod";
import { boolean, clearable, currency, integer, listOf, metadata, oneOf, text, url } from "./params.ts";
import { priceDataParams } from "./prices.ts";

/** Checkout's languages. https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-locale */
const LOCALES =
  "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split(
    " ",
  );

const lineItem = z.strictObject({
  price: text().optional(),
  price_data: priceDataParams.optional(),
  quantity: integer(1, 999_999).optional(),
  metadata: metadata().optional(),
});

export type SentLineItem = z.output<typeof lineItem>;

const customText = z.union([z.literal("").transform(() => null), z.strictObject({ message: text(1200) })]);

/** Letters, digits and spaces, with a letter among them. https://docs.stripe.com/get-started/account/statement-descriptors */
const descriptor = text(22).refine((value) => /[a-z]/i.test(value) && !/[<>\\'"*]/.test(value), {
  message: "The statement descriptor must contain at least one letter and none of < > \\ ' \" *",
  params: { stripe_code: null },
});

const enabled = z.strictObject({ enabled: boolean() });

export const sessionParams = z.strictObject({
  adaptive_pricing: z.strictObject({ enabled: boolean().optional() }).optional(),
  after_expiration: z
    .strictObject({
      recovery: z.strictObject({ enabled: boolean(), allow_promotion_codes: boolean().optional() }).optional(),
    })
    .optional(),
  allow_promotion_codes: boolean().optional(),
  allowed_payment_method_types: listOf(text()).optional(),
  billing_address_collection: oneOf("auto", "required").optional(),
  cancel_url: url().optional(),
  client_reference_id: text(200).optional(),
  consent_collection: z
    .strictObject({
      promotions: oneOf("auto", "none").optional(),
      terms_of_service: oneOf("none", "required").optional(),
    })
    .optional(),
  currency: currency().optional(),
  custom_text: z
    .strictObject({
      after_submit: customText.optional(),
      shipping_address: customText.optional(),
      submit: customText.optional(),
      terms_of_service_acceptance: customText.optional(),
    })
    .optional(),
  customer: text().optional(),
  customer_creation: oneOf("always", "if_required").optional(),
  customer_email: text(800)
    .refine((value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value), {
      message: "Invalid email address",
      params: { stripe_code: "email_invalid" },
    })
    .optional(),
  excluded_payment_method_types: listOf(text()).optional(),
  expires_at: integer(0).optional(),
  integration_identifier: text(200).optional(),
  line_items: listOf(lineItem).optional(),
  locale: oneOf(...LOCALES).optional(),
  metadata: metadata().optional(),
  mode: oneOf("payment", "subscription", "setup").optional(),
  payment_intent_data: z
    .strictObject({
      capture_method: oneOf("automatic", "automatic_async", "manual").optional(),
      description: text(1000).optional(),
      metadata: metadata().optional(),
      receipt_email: text(512).optional(),
      setup_future_usage: oneOf("off_session", "on_session").optional(),
      statement_descriptor: descriptor.optional(),
      statement_descriptor_suffix: descriptor.optional(),
    })
    .optional(),
  payment_method_collection: oneOf("always", "if_required").optional(),
  payment_method_configuration: text().optional(),
  phone_number_collection: enabled.optional(),
  submit_type: oneOf("auto", "book", "donate", "pay", "subscribe").optional(),
  subscription_data: z
    .strictObject({
      billing_mode: z
        .strictObject({
          type: oneOf("classic", "flexible"),
          flexible: z.strictObject({ proration_discounts: oneOf("included", "itemized").optional() }).optional(),
        })
        .optional(),
      description: clearable(500).optional(),
      metadata: metadata().optional(),
    })
    .optional(),
  success_url: url().optional(),
  ui_mode: oneOf("hosted_page", "embedded_page", "elements", "form").optional(),
});

export type SessionParams = z.output<typeof sessionParams>;

/** Parameters that Stripe has and this stand-in doesn't. */
export const UNSIMULATED_SESSION_PARAMS = [
  "automatic_tax",
  "branding_settings",
  "custom_fields",
  "customer_account",
  "customer_update",
  "discounts",
  "invoice_creation",
  "managed_payments",
  "name_collection",
  "optional_items",
  "origin_context",
  "payment_method_data",
  "payment_method_options",
  "permissions",
  "redirect_on_completion",
  "return_url",
  "saved_payment_method_options",
  "setup_intent_data",
  "shipping_address_collection",
  "shipping_options",
  "tax_id_collection",
  "wallet_options",
  "payment_intent_data[application_fee_amount]",
  "payment_intent_data[on_behalf_of]",
  "payment_intent_data[shipping]",
  "payment_intent_data[transfer_data]",
  "payment_intent_data[transfer_group]",
  "subscription_data[application_fee_percent]",
  "subscription_data[billing_cycle_anchor]",
  "subscription_data[billing_cycle_anchor_config]",
  "subscription_data[default_tax_rates]",
  "subscription_data[invoice_settings]",
  "subscription_data[on_behalf_of]",
  "subscription_data[pending_invoice_item_interval]",
  "subscription_data[proration_behavior]",
  "subscription_data[transfer_data]",
  "subscription_data[trial_end]",
  "subscription_data[trial_period_days]",
  "subscription_data[trial_settings]",
];
