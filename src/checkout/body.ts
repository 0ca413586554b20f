import { z } from "zod";
import { amountField, attributionField, countryField, currencyField } from "../donations/fields.ts";
import { line } from "../http/text.ts";
import { FREQUENCIES } from "../newsroom.ts";

const email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.union([z.literal("").transform(() => undefined), z.email()], "Expected an e-mail address."))
  .optional();

/** The body of `POST /v1/checkout-sessions`. `amount` is what the donor chose, in Stripe's minor units. */
export const checkoutBody = z.strictObject({
  frequency: z.enum(FREQUENCIES),
  amount: amountField,
  currency: currencyField,
  cover_fees: z.boolean().default(false),
  email,
  locale: line(35),
  country: countryField.optional(),
  discreet: z.boolean().default(false),
  newsletter: z.boolean().default(false),
  no_mail: z.boolean().default(false),
  country_acknowledged: z.boolean().default(false),
  terms_version: line(50),
  captcha_token: line(4096),
  reminder_token: line(200),
  attribution: attributionField.prefault({}),
});

export type CheckoutBody = z.output<typeof checkoutBody>;
