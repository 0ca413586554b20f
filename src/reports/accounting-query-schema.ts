import { z } from "zod";
import { DISPUTE_STATES } from "../mirror/known-states.ts";
import { NOT_AFTER } from "../shared/period.ts";
import { cursorOf } from "./keyset.ts";
import { bom, currency, day, limit, period } from "./query-schema.ts";

/** The query strings of the accountant's reports, as strict as those of query-schema.ts. */

const millis = z.int().min(0);
const id = z.string().min(1).max(100);

export const payoutsQuery = z.strictObject({
  ...period,
  currency: currency.optional(),
  limit: limit.optional(),
  cursor: cursorOf(z.tuple([millis, id])).optional(),
});
export const payoutsCsvQuery = payoutsQuery.omit({ limit: true, cursor: true }).extend({ bom });

export const payoutQuery = payoutsQuery.pick({ limit: true, cursor: true });
export const payoutCsvQuery = z.strictObject({ bom });
export const payoutPath = z.object({
  id: z.string().regex(/^po_[A-Za-z0-9_]{1,100}$/, "Expected the id of a payout."),
});

export const balanceQuery = z.strictObject(period);
export const balanceCsvQuery = balanceQuery.extend({ bom });

const disputesFields = z.strictObject({
  /** Without them all disputes: a deadline must not hide behind a default. */
  from: day.optional(),
  to: day.optional(),
  /** Stripe's own, or `open` or `closed`: these have those too that Stripe names in a way that isn't known here. */
  status: z.enum(["open", "closed", ...DISPUTE_STATES]).optional(),
  limit: limit.optional(),
  cursor: cursorOf(z.tuple([z.union([z.literal(0), z.literal(1)]), z.int(), id])).optional(),
});
export const disputesQuery = disputesFields.superRefine(inOrder);
export const disputesCsvQuery = disputesFields.omit({ limit: true, cursor: true }).extend({ bom }).superRefine(inOrder);

function inOrder(days: { from?: string | undefined; to?: string | undefined }, context: z.RefinementCtx): void {
  if (days.from === undefined || days.to === undefined || days.from < days.to) return;
  context.addIssue({ code: "custom", path: ["to"], message: NOT_AFTER });
}

const part = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, "Expected a whole number from 1 on.")
  .transform(Number);

export const journalQuery = z.strictObject({
  ...period,
  format: z.enum(["generic"], "Expected generic: the other formats are files, at journal.csv.").default("generic"),
  /** Settlement currency. */
  currency: currency.optional(),
  limit: limit.optional(),
  cursor: cursorOf(z.tuple([day, z.int().min(0)])).optional(),
});
export const journalCsvQuery = z.strictObject({
  ...period,
  format: z.enum(["generic", "quickbooks", "xero", "datev"]).default("generic"),
  currency: currency.optional(),
  /** Of a file with more rows than the package takes at once. */
  part: part.optional(),
  bom,
});
