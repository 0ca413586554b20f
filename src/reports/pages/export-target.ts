import { z } from "zod";
import type { Deps } from "../../deps.ts";
import { parse } from "../../http/parse.ts";
import { AppError, type FieldError } from "../../shared/errors.ts";
import { balanceCsvQuery, disputesCsvQuery, journalCsvQuery, payoutsCsvQuery } from "../accounting-query-schema.ts";
import { disputesFilter } from "../disputes-filter.ts";
import { packageFile } from "../journal/packages.ts";
import { periodOf } from "../period.ts";
import {
  audienceCsvQuery,
  paymentsCsvQuery,
  reconciliationCsvQuery,
  recurringCsvQuery,
  remindersCsvQuery,
  summaryCsvQuery,
} from "../query-schema.ts";

type TargetDeps = Pick<Deps, "db" | "newsroom" | "now">;
type Query = Readonly<Record<string, unknown>>;
type Days = Parameters<typeof periodOf>[1];

/** The queries of the files, by the names of their forms. */
const FILES: Readonly<Record<string, z.ZodType<Readonly<Record<string, unknown>>>>> = {
  journal: journalCsvQuery,
  summary: summaryCsvQuery,
  payments: paymentsCsvQuery,
  payouts: payoutsCsvQuery,
  balance: balanceCsvQuery,
  disputes: disputesCsvQuery,
  recurring: recurringCsvQuery,
  audience: audienceCsvQuery,
  reminders: remindersCsvQuery,
  reconciliation: reconciliationCsvQuery,
};

const receipt = z.strictObject({
  number: z.string().regex(/^(?:[1-9]\d*-)?\d{4}-\d{6,}$/, "Expected a receipt’s number, such as 2026-000123."),
});
const statement = z.strictObject({
  donor_id: z.uuid("Expected a donor’s id, as the payments have it."),
  year: z.string().regex(/^(?:19|20|21)\d{2}$/, "Expected a year as YYYY."),
});

/**
 * Where a form of the exports leads: to the file's or the page's own address.
 * @throws AppError `invalid_request` for what can't be asked for there; null when there is no such form
 */
export function exportTarget(deps: TargetDeps, name: string, query: Query): string | null {
  if (name === "receipt") return `/finance/receipts/${parse(receipt, query).number}`;
  if (name === "statement") {
    const { donor_id, year } = parse(statement, query);
    return `/finance/donors/${donor_id}/statement?year=${year}`;
  }
  const schema = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (schema === undefined) return null;
  const { from, to } = parse(schema, query) as Days;
  if (name === "disputes") disputesFilter(deps, { from, to });
  else periodOf(deps, { from, to });
  return `/v1/reports/${name}.csv?${new URLSearchParams(query as Record<string, string>).toString()}`;
}

/** What a package would refuse in a journal, before a browser is led to an answer that is meant for programs. */
export async function journalFaults(deps: TargetDeps, query: Query): Promise<readonly FieldError[]> {
  const { format, currency, part, bom, from, to } = parse(journalCsvQuery, query);
  if (format === "generic") {
    return part === undefined ? [] : [{ path: "part", message: "The generic journal is one file: leave this empty." }];
  }
  if (format === "datev" && bom) return [{ path: "bom", message: "A DATEV file is in CP1252 and has no such mark." }];
  const scope = { ...periodOf(deps, { from, to }), currency, accounting: deps.newsroom().accounting };
  try {
    await packageFile(deps.db, scope, format, { part, madeAt: new Date() });
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || (error.kind !== "invalid" && error.kind !== "unprocessable")) throw error;
    return error.errors ?? [{ path: FIELDS[error.code] ?? "", message: error.message }];
  }
}

/** The field that mends an error. */
const FIELDS: Readonly<Record<string, string>> = { currency_required: "currency", journal_has_parts: "part" };
