import type { Config } from "../config.ts";
import { toMetadata } from "../mirror/metadata.ts";
import type { Frequency, NewsroomConfig } from "../newsroom.ts";
import { toStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";

export interface Gift {
  readonly id: string;
  readonly frequency: Frequency;
  readonly currency: string;
  /** Minor units. */
  readonly total: number;
  readonly email: string | undefined;
  readonly locale: string;
  readonly attributionCode: string;
  readonly expiresAt: Date;
}

type SessionParams = Stripe.Checkout.SessionCreateParams;
type SessionLocale = NonNullable<SessionParams["locale"]>;

/** Checkout's own list; a language that it lacks (Arabic) is left to the browser. */
const STRIPE_LOCALES: ReadonlySet<string> = new Set<SessionLocale>(
  "bg cs da de el en es et fi fil fr hr hu id it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sv th tr vi zh".split(" "),
);

/** The exact parameters of a session, computed once and stored: the same idempotency key with others would be refused. */
export function sessionParams(config: Pick<Config, "publicUrl">, newsroom: NewsroomConfig, gift: Gift): SessionParams {
  const metadata = toMetadata({
    donation_id: gift.id,
    frequency: gift.frequency,
    attribution_code: gift.attributionCode,
  });
  return {
    ui_mode: "hosted_page",
    client_reference_id: gift.id,
    metadata,
    locale: stripeLocale(gift.locale),
    success_url: `${config.publicUrl}/thanks/${gift.id}?session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${config.publicUrl}/cancelled/${gift.id}`,
    expires_at: Math.floor(+gift.expiresAt / 1000),
    adaptive_pricing: { enabled: false },
    ...(newsroom.checkout.recovery ? { after_expiration: { recovery: { enabled: true } } } : {}),
    ...(gift.email === undefined ? {} : { customer_email: gift.email }),
    line_items: [{ quantity: 1, price_data: priceData(newsroom, gift) }],
    ...byMode(newsroom, gift, metadata),
  };
}

function priceData(
  newsroom: NewsroomConfig,
  gift: Gift,
): NonNullable<NonNullable<SessionParams["line_items"]>[number]["price_data"]> {
  return {
    currency: toStripeCurrency(gift.currency),
    unit_amount: gift.total,
    product: newsroom.stripe_product.id,
    ...(gift.frequency === "once" ? {} : { recurring: { interval: gift.frequency === "monthly" ? "month" : "year" } }),
  };
}

function byMode(newsroom: NewsroomConfig, gift: Gift, metadata: Stripe.MetadataParam): Partial<SessionParams> {
  const description = newsroom.stripe_product.name;
  if (gift.frequency !== "once") {
    return {
      mode: "subscription",
      subscription_data: { metadata, description, billing_mode: { type: "flexible" } },
    };
  }
  return {
    mode: "payment",
    submit_type: "donate",
    customer_creation: "always",
    payment_intent_data: {
      metadata,
      description,
      statement_descriptor_suffix: newsroom.statement_descriptor_suffix,
    },
  };
}

function stripeLocale(locale: string): SessionLocale {
  const language = locale.split("-")[0] ?? "";
  return STRIPE_LOCALES.has(language) ? language : "auto";
}
