import { z } from "zod";
import { amountField, attributionField, countryField, currencyField } from "../donations/fields.ts";
import { line } from "../http/text.ts";
import { FREQUENCIES } from "../newsroom.ts";
import { canonicalEmail } from "../shared/email.ts";
import { isDate, isTimeZone } from "../shared/period.ts";

const email = z.string().transform((text, context) => {
  const address = canonicalEmail(text);
  if (address !== null) return address;
  context.addIssue({ code: "custom", message: "Expected an e-mail address." });
  return z.NEVER;
});

/** The body of `POST /v1/reminders`. What depends on the day or on the newsroom is looked at by `schedule.ts`. */
export const reminderBody = z
  .strictObject({
    channel: z.enum(["email", "on_site"]).default("email"),
    email: email.optional(),
    in_months: z.int("Expected a whole number of months.").min(1).max(12).optional(),
    on: z.string().refine(isDate, "Expected a day that exists, as YYYY-MM-DD.").optional(),
    time_zone: z
      .string()
      .max(64)
      .refine(isTimeZone, "Expected a time zone of the IANA list, such as Europe/Berlin.")
      .optional(),
    locale: line(35),
    frequency: z.enum(FREQUENCIES).optional(),
    amount: amountField.optional(),
    currency: currencyField.optional(),
    newsletter: z.boolean().default(false),
    discreet: z.boolean().default(false),
    country: countryField.optional(),
    attribution: attributionField.prefault({}),
  })
  .superRefine((body, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (body.channel === "email" && body.email === undefined) fault("email", "Expected an e-mail address.");
    if (body.channel === "on_site" && body.email !== undefined) fault("email", "On the site no address is needed.");
    if (body.in_months === undefined && body.on === undefined) fault("in_months", "Expected in_months or on.");
    if (body.in_months !== undefined && body.on !== undefined)
      fault("on", "Expected either in_months or on, not both.");
    if (body.amount === undefined) return;
    if (body.frequency === undefined) fault("frequency", "An amount needs a frequency.");
    if (body.currency === undefined) fault("currency", "An amount needs a currency.");
  });

export type ReminderBody = z.output<typeof reminderBody>;
