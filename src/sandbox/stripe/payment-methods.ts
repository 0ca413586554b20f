import type { Stripe } from "../../stripe/types.ts";
import { emptyAddress, liveCustomer } from "./customers.ts";
import { newId } from "./ids.ts";
import { createMandate } from "./mandates.ts";
import { idOf, type World } from "./world.ts";

export type CardBrand = "visa" | "mastercard" | "amex";
export type Wallet = "apple_pay" | "google_pay";

/** How somebody pays. `declined` cards are refused by the bank at every attempt. */
export type Means =
  | {
      readonly type: "card";
      readonly brand: CardBrand;
      readonly wallet: Wallet | null;
      readonly country: string;
      readonly declined: boolean;
      /** Instead of the brand's usual ending: Stripe's test cards behave by it. */
      readonly last4?: string;
    }
  | { readonly type: "sepa_debit"; readonly country: string };

export interface Payer {
  readonly email: string | null;
  readonly name: string | null;
  readonly country: string | null;
}

const LAST4: Record<CardBrand, string> = { visa: "4242", mastercard: "4444", amex: "0005" };
const LAST4_DECLINED: Record<CardBrand, string> = { visa: "0002", mastercard: "0002", amex: "0002" };

export function createPaymentMethod(
  world: World,
  means: Means,
  payer: Payer,
  customer: string | null,
): Stripe.PaymentMethod {
  const common = {
    id: newId.paymentMethod(),
    object: "payment_method" as const,
    allow_redisplay: "limited" as const,
    billing_details: {
      address: emptyAddress(payer.country),
      email: payer.email,
      name: payer.name,
      phone: null,
      tax_id: null,
    },
    created: world.now(),
    customer,
    customer_account: null,
    livemode: false,
    metadata: {},
  };
  const method: Stripe.PaymentMethod =
    means.type === "card"
      ? { ...common, type: "card", card: card(world, means) }
      : { ...common, type: "sepa_debit", sepa_debit: sepaDebit(means.country) };
  world.store.put("payment_method", method);
  if (method.type === "sepa_debit") createMandate(world, method);
  return method;
}

/** What a subscription is paid with: its own method, or its customer's. */
export function defaultMethodOf(world: World, subscription: Stripe.Subscription): Stripe.PaymentMethod {
  const customer = liveCustomer(world, idOf(subscription.customer));
  const link = subscription.default_payment_method ?? customer?.invoice_settings.default_payment_method ?? "";
  return world.store.mustGet("payment_method", idOf(link));
}

function card(world: World, means: Means & { type: "card" }): Stripe.PaymentMethod.Card {
  return {
    brand: means.brand,
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: means.wallet === null ? "pass" : null,
    },
    country: means.country,
    display_brand: means.brand === "amex" ? "american_express" : means.brand,
    exp_month: 12,
    exp_year: new Date(world.now() * 1000).getUTCFullYear() + 3,
    fingerprint: newId.fingerprint(),
    funding: "credit",
    generated_from: null,
    last4: means.last4 ?? (means.declined ? LAST4_DECLINED : LAST4)[means.brand],
    networks: { available: [means.brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: walletOf(means.wallet),
  };
}

function walletOf(wallet: Wallet | null): Stripe.PaymentMethod.Card.Wallet | null {
  if (wallet === null) return null;
  return wallet === "apple_pay"
    ? { dynamic_last4: "4242", apple_pay: {}, type: "apple_pay" }
    : { dynamic_last4: "4242", google_pay: {}, type: "google_pay" };
}

function sepaDebit(country: string): Stripe.PaymentMethod.SepaDebit {
  return {
    bank_code: "37040044",
    branch_code: "",
    country,
    fingerprint: newId.fingerprint(),
    generated_from: { charge: null, setup_attempt: null },
    last4: "3000",
  };
}
