import { z } from "zod";
import { canonicalCurrency } from "../shared/money.ts";
import { isTimeZone } from "../shared/period.ts";
import { accountingSchema } from "./accounting-schema.ts";

/*
 * The form of config/newsroom.yaml. What spans several keys is in rules.ts. Messages say what is expected, never what
 * was found: a newsroom's file may hold addresses and numbers that have no place in a log.
 */

export const FREQUENCIES = ["once", "monthly", "annual"] as const;
export type Frequency = (typeof FREQUENCIES)[number];

const line = z.string("expected text").trim().min(1, "must not be empty").max(200, "is longer than 200 characters");
const date = z.iso.date("expected a date such as 2026-11-01");
const country = z.string().regex(/^[A-Z]{2}$/, "expected a country as its two capital letters (ISO 3166)");
const amount = z.int("expected a whole number of the currency's smallest unit").positive("must be above zero");

const currency = z
  .string("expected a currency code in quotes")
  .refine((code) => canonicalCurrency(code) === code, "expected a currency as its three capital letters (ISO 4217)");

const timeZone = z.string().refine(isTimeZone, "expected a time zone of the IANA list, such as Europe/Berlin");

const locale = z.string().regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, "expected a language code such as en or pt-BR");

const pageUrl = z.string().refine(isPublicPage, "expected an absolute https address (http only on localhost)");

const origin = z
  .string()
  .refine(
    (text) => isPublicPage(text) && new URL(text).origin === text,
    "expected an origin such as https://www.example.org: no path, no slash at the end, no *",
  );

/** Kept as text so that no float takes part; YAML's bare 2.9 is as good as "2.9". */
const percent = z
  .union([z.string(), z.number().transform(String)], "expected a percentage such as 2.9")
  .refine(
    (text) => /^\d{1,2}(?:\.\d{1,4})?$/.test(text) && Number(text) < 50,
    "expected a percentage below 50, as 2.9",
  );

const amounts = z.strictObject({
  presets: z.array(amount).min(3, "expected 3 to 6 amounts").max(6, "expected 3 to 6 amounts"),
  default: amount,
  minimum: amount,
  maximum: amount,
});

const currencyRules = z.strictObject({
  once: amounts,
  monthly: amounts,
  annual: amounts,
  fees: z.strictObject({ percent, fixed: z.int("expected a whole number").nonnegative("must not be negative") }),
});

const campaign = z.strictObject({
  name: line,
  goal: amount.optional(),
  currency: currency.optional(),
  /** First day, in the newsroom's time zone. */
  starts: date.optional(),
  /** The day after the last one. */
  ends: date.optional(),
});

const stripeId = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, "expected an id at Stripe");

/** Which gifts of an older system on the same Stripe account are ours: whatever of these is given has to fit. */
const adoptionRule = z
  .strictObject({
    product: stripeId.optional(),
    price: stripeId.optional(),
    metadata: z.record(z.string().min(1).max(40), z.string().max(500)).optional(),
  })
  .refine((rule) => Object.values(rule).some((part) => part !== undefined), "expected product, price or metadata")
  .refine(
    (rule) => rule.metadata === undefined || Object.keys(rule.metadata).length > 0,
    "expected a key under metadata",
  );

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "expected a name of small letters, digits and hyphens");

/** https://docs.stripe.com/get-started/account/statement-descriptors: Latin, 22 at most, without < > \ ' " *. */
const statementDescriptorSuffix = z
  .string()
  .regex(/^[\x20-\x7E]{1,22}$/, "expected at most 22 Latin characters")
  .regex(/^[^<>\\'"*]*$/, "must not contain < > \\ ' \" or *")
  .regex(/[A-Za-z]/, "must contain a letter");

/** Hours of the reader's day, from the first to before the last. */
const hours = z
  .strictObject({ from: z.int().min(0).max(23), to: z.int().min(1).max(24) })
  .refine((day) => day.from < day.to, "expected an hour after `from`");

const mail = z.strictObject({
  /** Nothing is sent while this is true; what is due waits. */
  paused: z.boolean("expected true or false").default(false),
  /** The sender's address; contact_email unless given. */
  from: z.email("expected an e-mail address").optional(),
  /** Neutral subjects for every reader, not only for those who chose them. */
  discreet: z.boolean("expected true or false").default(false),
  /** A receipt of each renewal. */
  renewal_receipts: z.boolean("expected true or false").default(true),
  yearly_note: z.boolean("expected true or false").default(true),
  annual_notice_days: z.int("expected a whole number").min(1).max(60).default(21),
  /** A new kind or a changed template goes out at this many a minute until so many of it have gone. */
  ramp: z
    .strictObject({ per_minute: z.int().min(1).max(10_000), first: z.int().min(0).max(100_000) })
    .default({ per_minute: 30, first: 200 }),
  /** Of the heading and the button; dark enough to be read on white. */
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, "expected a colour such as #1a5276")
    .default("#1a5276"),
});

export const newsroomSchema = z.strictObject({
  newsroom: z.strictObject({ name: line, url: pageUrl, contact_email: z.email("expected an e-mail address") }),
  legal_entity: z.strictObject({
    name: line,
    postal_address: z.array(line).min(1, "expected at least one line").max(8, "expected at most eight lines"),
    tax_number: line,
    country,
  }),
  terms: z.strictObject({ version: date, terms_url: pageUrl, privacy_url: pageUrl }),
  time_zone: timeZone,
  default_locale: locale,
  locales: z.array(locale).min(1, "expected at least one language").optional(),
  allowed_origins: z.array(origin),
  statement_descriptor_suffix: statementDescriptorSuffix,
  stripe_product: z.strictObject({
    id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected letters, digits, _ and - only"),
    name: line,
    description: line,
  }),
  default_currency: currency,
  currencies: z.record(currency, currencyRules),
  currency_by_country: z.record(country, currency),
  stripe_minimums: z.record(currency, amount),
  countries: z.strictObject({
    blocked: z.array(country),
    acknowledge: z.array(country),
    /** Where an address has to confirm before it gets anything that it asked for on a page alone. */
    confirm_mail: z.array(country).default([]),
  }),
  checkout: z.strictObject({
    session_minutes: z
      .int("expected a whole number")
      .min(30, "Stripe wants 30 at least")
      .max(1440, "Stripe wants 1440 at most"),
    recovery: z.boolean("expected true or false"),
  }),
  reminders: z.strictObject({
    enabled: z.boolean("expected true or false"),
    in_months: z
      .array(z.int("expected a whole number").min(1, "expected 1 to 12").max(12, "expected 1 to 12"))
      .min(1, "expected at least one choice")
      .max(6, "expected at most six choices"),
    send_hours: hours.default({ from: 9, to: 20 }),
  }),
  mail: mail.prefault({}),
  campaigns: z.record(slug, campaign),
  accounting: accountingSchema.prefault({}),
  adoption: z.array(adoptionRule).max(100, "expected at most a hundred rules").default([]),
});

export type NewsroomFile = z.infer<typeof newsroomSchema>;
export type CurrencyRules = z.infer<typeof currencyRules>;
export type AmountRules = z.infer<typeof amounts>;
export type Campaign = z.infer<typeof campaign>;

function isPublicPage(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.username !== "" || url.password !== "") return false;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && local);
}
