import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { newMetadata } from "./params.ts";
import type { CheckedSession } from "./session-checks.ts";
import type { SessionParams } from "./session-params.ts";
import type { World } from "./world.ts";

/** A new, open session. */
export function buildSession(
  world: World,
  params: SessionParams,
  checked: CheckedSession,
  customer: Stripe.Customer | undefined,
): Stripe.Checkout.Session {
  const id = newId.session();
  const email = customer === undefined ? (params.customer_email ?? null) : customer.email;
  return {
    id,
    object: "checkout.session",
    adaptive_pricing: { enabled: params.adaptive_pricing?.enabled ?? true },
    after_expiration: afterExpiration(params),
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    amount_subtotal: checked.total,
    amount_total: checked.total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: params.billing_address_collection ?? null,
    branding_settings: {
      background_color: "#ffffff",
      border_style: "rounded",
      button_color: "#0074d4",
      display_name: world.account.name,
      font_family: "default",
      icon: null,
      logo: null,
    },
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    client_secret: null,
    collected_information: { business_name: null, individual_name: null, shipping_details: null },
    consent: null,
    consent_collection: consentCollection(params),
    created: world.now(),
    currency: checked.currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: params.custom_text?.after_submit ?? null,
      shipping_address: params.custom_text?.shipping_address ?? null,
      submit: params.custom_text?.submit ?? null,
      terms_of_service_acceptance: params.custom_text?.terms_of_service_acceptance ?? null,
    },
    customer: customer?.id ?? null,
    customer_account: null,
    customer_creation: customerCreation(params, checked.mode),
    customer_details: email === null && customer === undefined ? null : customerDetails(email, customer?.name ?? null),
    customer_email: params.customer_email ?? null,
    discounts: [],
    ...(params.excluded_payment_method_types === undefined
      ? {}
      : { excluded_payment_method_types: params.excluded_payment_method_types }),
    expires_at: checked.expiresAt,
    integration_identifier: params.integration_identifier ?? null,
    invoice: null,
    invoice_creation: checked.mode === "payment" ? NO_INVOICE : null,
    livemode: false,
    locale: params.locale ?? null,
    managed_payments: null,
    metadata: newMetadata(params.metadata),
    mode: checked.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection:
      params.payment_method_collection ?? (checked.mode === "payment" ? "if_required" : "always"),
    payment_method_configuration_details: {
      id: params.payment_method_configuration ?? "pmc_1SandboxDefaultMethods",
      parent: null,
    },
    payment_method_options: { card: { request_three_d_secure: "automatic" } },
    payment_method_types: paymentMethodTypes(checked.currency, params),
    payment_status: "unpaid",
    permissions: null,
    phone_number_collection: { enabled: params.phone_number_collection?.enabled ?? false },
    recovered_from: null,
    saved_payment_method_options: {
      allow_redisplay_filters: ["always"],
      payment_method_remove: "disabled",
      payment_method_save: null,
    },
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: "open",
    submit_type: params.submit_type ?? null,
    subscription: null,
    success_url: params.success_url ?? null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: "hosted_page",
    url: sessionUrl(world, id),
    wallet_options: null,
  };
}

export function sessionUrl(world: World, id: string): string {
  return `${world.baseUrl()}/c/pay/${id}`;
}

export function customerDetails(email: string | null, name: string | null): Stripe.Checkout.Session.CustomerDetails {
  return {
    address: null,
    business_name: null,
    email,
    individual_name: null,
    name,
    phone: null,
    tax_exempt: "none",
    tax_ids: null,
  };
}

const NO_INVOICE: Stripe.Checkout.Session.InvoiceCreation = {
  enabled: false,
  invoice_data: {
    account_tax_ids: null,
    custom_fields: null,
    description: null,
    footer: null,
    issuer: null,
    metadata: {},
    rendering_options: null,
  },
};

function afterExpiration(params: SessionParams): Stripe.Checkout.Session.AfterExpiration | null {
  const recovery = params.after_expiration?.recovery;
  if (params.after_expiration === undefined) return null;
  if (recovery === undefined) return { recovery: null };
  const { enabled, allow_promotion_codes = false } = recovery;
  return { recovery: { allow_promotion_codes, enabled, expires_at: null, url: null } };
}

function consentCollection(params: SessionParams): Stripe.Checkout.Session.ConsentCollection | null {
  const asked = params.consent_collection;
  if (asked === undefined) return null;
  return {
    payment_method_reuse_agreement: null,
    promotions: asked.promotions ?? null,
    terms_of_service: asked.terms_of_service ?? null,
  };
}

function customerCreation(params: SessionParams, mode: "payment" | "subscription") {
  if (params.customer !== undefined) return null;
  return mode === "subscription" ? "always" : (params.customer_creation ?? "if_required");
}

/** What the simulated Dashboard has switched on. */
function paymentMethodTypes(currency: string, params: SessionParams): string[] {
  const on = currency === "eur" ? ["card", "link", "sepa_debit"] : ["card", "link"];
  const allowed = params.allowed_payment_method_types;
  const excluded = params.excluded_payment_method_types ?? [];
  return (allowed ?? on).filter((type) => !excluded.includes(type));
}
