import { z } from "zod";
import { pageAddress, source } from "../http/text.ts";
import { canonicalCurrency } from "../shared/money.ts";

/* What the bodies of more than one address have in common. */

export const countryField = z
  .string()
  .regex(/^[A-Za-z]{2}$/, "Expected a country as two letters (ISO 3166).")
  .transform((code) => code.toUpperCase());

export const currencyField = z
  .string()
  .refine((code) => canonicalCurrency(code) !== null, "Expected a currency as three letters (ISO 4217).")
  .transform((code) => code.toUpperCase());

export const amountField = z
  .int("Expected a whole number of the currency's smallest unit.")
  .min(1, "Expected a whole number above zero.");

/** Where a reader comes from. */
export const attributionField = z.strictObject({
  article_url: pageAddress(1000),
  article_id: source(200),
  campaign: source(100),
  placement: source(100),
  variant: source(100),
  referrer: pageAddress(1000),
  utm_source: source(200),
  utm_medium: source(200),
  utm_campaign: source(200),
  utm_content: source(200),
  utm_term: source(200),
});
