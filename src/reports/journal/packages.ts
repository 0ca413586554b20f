import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { AppError } from "../../shared/errors.ts";
import { reading } from "../reading.queries.ts";
import { DATEV_ROWS, datevFile } from "./datev.ts";
import type { JournalScope } from "./entries.ts";
import { journalCurrencies, journalEntries } from "./journal.ts";
import { type Part, partOf } from "./parts.ts";
import { QUICKBOOKS_ROWS, quickbooksCsv } from "./quickbooks.ts";
import { XERO_ROWS, xeroCsv } from "./xero.ts";

export const PACKAGES = ["quickbooks", "xero", "datev"] as const;
export type Package = (typeof PACKAGES)[number];

export interface PackageFile {
  readonly name: string;
  readonly charset: "utf-8" | "windows-1252";
  readonly content: string | Buffer;
  readonly part: number;
  readonly parts: number;
}

const ROWS: Readonly<Record<Package, number>> = { quickbooks: QUICKBOOKS_ROWS, xero: XERO_ROWS, datev: DATEV_ROWS };

/**
 * The journal as an accounting package imports it, one settlement currency at a time.
 * @throws AppError `currency_required` when the period has several and none was asked for, `journal_has_parts`, and what the package wants
 */
export async function packageFile(
  db: Kysely<DB>,
  scope: JournalScope,
  format: Package,
  { part: asked, madeAt }: { readonly part: number | undefined; readonly madeAt: Date },
): Promise<PackageFile> {
  const { currency, part } = await reading(db, async (trx) => {
    const only = scope.currency ?? onlyOne(await journalCurrencies(trx, scope));
    return {
      currency: only,
      part: await partOf(journalEntries(trx, { ...scope, currency: only }), asked, ROWS[format]),
    };
  });
  return {
    ...contentOf(format, part, scope, { currency, madeAt }),
    name: nameOf(format, scope, currency, part),
    part: part.part,
    parts: part.parts,
  };
}

function onlyOne(currencies: readonly string[]): string {
  const [only = "EUR", ...others] = currencies;
  if (others.length === 0) return only;
  throw new AppError(
    "unprocessable",
    "currency_required",
    `The period has money in several currencies, and the package takes one at a time. Ask for each: currency=${currencies.join(", ")}.`,
  );
}

function contentOf(
  format: Package,
  { entries }: Part,
  { accounting, period }: JournalScope,
  made: { readonly currency: string; readonly madeAt: Date },
): Pick<PackageFile, "charset" | "content"> {
  switch (format) {
    case "quickbooks":
      return { charset: "utf-8", content: quickbooksCsv(entries, accounting) };
    case "xero":
      return { charset: "utf-8", content: xeroCsv(entries, accounting) };
    case "datev":
      return { charset: "windows-1252", content: datevFile(entries, accounting, { period, ...made }) };
  }
}

/** DATEV knows its files by the beginning of their names. */
function nameOf(format: Package, { period }: JournalScope, currency: string, { part, parts }: Part): string {
  const name = `${period.from}_${period.to}_${currency}${parts === 1 ? "" : `_part${part}of${parts}`}.csv`;
  return format === "datev" ? `EXTF_Buchungsstapel_${name}` : `journal_${format}_${name}`;
}
