import { z } from "zod";
import { FREQUENCIES } from "../newsroom.ts";
import { canonicalCurrency } from "../shared/money.ts";
import { isDate } from "../shared/period.ts";
import { decodeAudienceCursor } from "./audience.ts";
import { decodeCursor } from "./cursor.ts";
import { DIMENSIONS } from "./rollups/fold.queries.ts";

/** The query strings of the reports. Unknown names, repeated names and empty values are refused: a filter that isn't applied is a lie. */

const TEXT_LIMIT = 200;

export const day = z.string().refine(isDate, "Expected a day that exists, as YYYY-MM-DD.");

/** Free text that is compared for equality; Postgres takes no NUL. */
const text = z
  .string()
  .min(1)
  .max(TEXT_LIMIT)
  .refine((value) => !value.includes("\0") && value.isWellFormed(), "Expected text without control characters.");

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** A slip of the finger must not be answered by an empty file. */
export const currency = z.string().transform((code, context) => {
  const canonical = canonicalCurrency(code);
  if (canonical !== null && CURRENCIES.has(canonical)) return canonical;
  context.addIssue({ code: "custom", message: "Expected a currency as its three letters (ISO 4217)." });
  return z.NEVER;
});

const country = z
  .string()
  .regex(/^[A-Za-z]{2}$/, "Expected a country as its two letters (ISO 3166).")
  .transform((code) => code.toUpperCase());

export const limit = z
  .string()
  .refine((value) => /^[1-9]\d{0,3}$/.test(value) && Number(value) <= 1000, "Expected a whole number from 1 to 1000.")
  .transform(Number);

const cursor = z.string().transform((value, context) => {
  const position = decodeCursor(value);
  if (position !== null) return position;
  context.addIssue({ code: "custom", message: "Expected a next_cursor from an earlier answer, unchanged." });
  return z.NEVER;
});

/** For CSV only: the mark by which Excel knows UTF-8. */
export const bom = z
  .enum(["0", "1"])
  .default("0")
  .transform((value) => value === "1");

export const period = { from: day.optional(), to: day.optional() };

export const INTERVALS = ["day", "month", "year"] as const;
export const noQuery = z.strictObject({});

export const summaryQuery = z.strictObject({
  ...period,
  interval: z.enum(INTERVALS).default("month"),
});

export const paymentsQuery = z.strictObject({
  ...period,
  status: z.enum(["processing", "paid", "failed"]).optional(),
  frequency: z.enum(FREQUENCIES).optional(),
  /** The donor's currency. */
  currency: currency.optional(),
  campaign: text.optional(),
  article_id: text.optional(),
  placement: text.optional(),
  /** Where the card was issued. */
  country: country.optional(),
  limit: limit.optional(),
  cursor: cursor.optional(),
});

export const summaryCsvQuery = summaryQuery.extend({ bom });
export const paymentsCsvQuery = paymentsQuery.extend({ bom });

export const recurringQuery = z.strictObject(period);
export const recurringCsvQuery = recurringQuery.extend({ bom });

export const audienceQuery = z.strictObject({
  ...period,
  by: z.enum(DIMENSIONS).default("article"),
  limit: limit.optional(),
  cursor: z
    .string()
    .transform((value, context) => {
      const position = decodeAudienceCursor(value);
      if (position !== null) return position;
      context.addIssue({ code: "custom", message: "Expected a next_cursor from an earlier answer, unchanged." });
      return z.NEVER;
    })
    .optional(),
});
export const audienceCsvQuery = audienceQuery.pick({ from: true, to: true, by: true }).extend({ bom });

export const reconciliationQuery = z.strictObject({
  /** Of the difference: whether the latest comparison still found it. */
  state: z.enum(["open", "resolved", "all"]).default("open"),
  limit: limit.optional(),
  cursor: z.uuid("Expected a next_cursor from an earlier answer, unchanged.").optional(),
});
export const reconciliationCsvQuery = reconciliationQuery.pick({ state: true }).extend({ bom });

export const remindersQuery = z.strictObject({
  ...period,
  by: z.enum(["month", "article", "campaign", "lead_time"]).default("month"),
});
export const remindersCsvQuery = remindersQuery.extend({ bom });

export type RemindersBy = z.output<typeof remindersQuery>["by"];
export type ReconciliationQuery = z.output<typeof reconciliationQuery>;
export type Interval = z.output<typeof summaryQuery>["interval"];
export type PaymentsQuery = z.output<typeof paymentsQuery>;
