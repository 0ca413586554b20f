import { z } from "zod";

/** What the journal books on; `reporting.journal` knows them by the same names. In the order of an entry's lines. */
export const ACCOUNTS = [
  "stripe_balance",
  "bank",
  "gifts_once",
  "gifts_monthly",
  "gifts_annual",
  "refunds",
  "disputes",
  "payment_fees",
  "stripe_fees",
  "exchange_differences",
  "not_gifts",
  "not_gift_fees",
] as const;
export type Account = (typeof ACCOUNTS)[number];

const accountNumber = z
  .string("expected a number in quotes")
  .regex(/^[A-Za-z0-9._-]{1,20}$/, "expected at most 20 letters and digits");
const accountName = z
  .string("expected text")
  .trim()
  .min(1, "must not be empty")
  .max(100, "is longer than 100 characters");

function account(number: string, name: string) {
  return z.strictObject({ number: accountNumber, name: accountName }).default({ number, name });
}

const accounts = z.strictObject({
  stripe_balance: account("1361", "Stripe balance"),
  bank: account("1200", "Bank"),
  gifts_once: account("8191", "Gifts, once"),
  gifts_monthly: account("8192", "Gifts, monthly"),
  gifts_annual: account("8193", "Gifts, annual"),
  refunds: account("8195", "Gifts refunded"),
  disputes: account("8196", "Gifts disputed"),
  payment_fees: account("4970", "Payment fees"),
  stripe_fees: account("4971", "Stripe's own fees"),
  exchange_differences: account("2150", "Exchange differences"),
  not_gifts: account("1590", "Stripe: not gifts"),
  not_gift_fees: account("1591", "Stripe: fees on what is no gift"),
} satisfies Record<Account, z.ZodType>);

const costCentre = z
  .string("expected a number or name in quotes")
  .regex(/^[\w ]{1,36}$/, "expected at most 36 letters and digits");

/** https://developer.datev.de/datev/platform/de/dtvf/formate/header */
const datev = z.strictObject({
  consultant: z
    .int("expected a whole number")
    .min(1001, "expected 1001 to 9999999")
    .max(9_999_999, "expected 1001 to 9999999"),
  client: z.int("expected a whole number").min(1, "expected 1 to 99999").max(99_999, "expected 1 to 99999"),
  account_length: z.int("expected a whole number").min(4, "expected 4 to 8").max(8, "expected 4 to 8").default(4),
  chart: z
    .string()
    .regex(/^\d{2}$/, 'expected two digits in quotes, such as "03" for SKR03')
    .optional(),
  /** First day of the fiscal year, as MM-DD. */
  fiscal_year_starts: z
    .string()
    .regex(/^(?:0[1-9]|1[0-2])-01$/, 'expected the first of a month in quotes, such as "01-01"')
    .default("01-01"),
});

export const accountingSchema = z
  .strictObject({
    accounts: accounts.prefault({}),
    /** By campaign; a campaign without one has the default, or none. */
    cost_centres: z.record(z.string().min(1).max(200), costCentre).default({}),
    default_cost_centre: costCentre.optional(),
    quickbooks: z
      .strictObject({ date_format: z.enum(["MM/DD/YYYY", "DD/MM/YYYY"]).default("MM/DD/YYYY") })
      .prefault({}),
    xero: z
      .strictObject({
        /** As it is called in Xero's tax settings. */
        tax_rate: accountName.default("Tax Exempt"),
        /** Tracking category that the cost centres are options of; without one they are left out. */
        tracking_category: accountName.optional(),
      })
      .prefault({}),
    datev: datev.optional(),
  })
  .superRefine((accounting, context) => {
    const length = accounting.datev?.account_length;
    if (length === undefined) return;
    for (const [name, { number }] of Object.entries(accounting.accounts)) {
      if (/^\d+$/.test(number) && number.length === length) continue;
      context.addIssue({
        code: "custom",
        path: ["accounts", name, "number"],
        message: `must have ${length} digits, as datev.account_length says`,
      });
    }
  });
