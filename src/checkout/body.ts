import { z } from "zod";
import { line, pageAddress } from "../http/text.ts";
import { FREQUENCIES } from "../newsroom.ts";
import { canonicalCurrency } from "../shared/money.ts";

const country = z
  .string()
  .regex(/^[A-Za-z]{2}$/, "Expected a country as two letters (ISO 3166).")
  .transform((code) => code.toUpperCase());

const currency = z
  .string()
  .refine((code) => canonicalCurrency(code) !== null, "Expected a currency as three letters (ISO 4217).")
  .transform((code) => code.toUpperCase());

const email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.union([z.literal("").transform(() => undefined), z.email()], "Expected an e-mail address."))
  .optional();

const attribution = z.strictObject({
  article_url: pageAddress(1000),
  article_id: line(200),
  campaign: line(100),
  placement: line(100),
  variant: line(100),
  referrer: pageAddress(1000),
  utm_source: line(200),
  utm_medium: line(200),
  utm_campaign: line(200),
  utm_content: line(200),
  utm_term: line(200),
});

/** The body of `POST /v1/checkout-sessions`. `amount` is what the donor chose, in Stripe's minor units. */
export const checkoutBody = z.strictObject({
  frequency: z.enum(FREQUENCIES),
  amount: z
    .int("Expected a whole number of the currency's smallest unit.")
    .min(1, "Expected a whole number above zero."),
  currency,
  cover_fees: z.boolean().default(false),
  email,
  locale: line(35),
  country: country.optional(),
  discreet: z.boolean().default(false),
  newsletter: z.boolean().default(false),
  country_acknowledged: z.boolean().default(false),
  terms_version: line(50),
  captcha_token: line(4096),
  reminder_token: line(200),
  attribution: attribution.prefault({}),
});

export type CheckoutBody = z.output<typeof checkoutBody>;
