import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";
import type { Vault } from "../../src/vault/vault.ts";

export type Books = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** Every table that says what happened, apart from the inbox, which says what arrived. */
const TABLES = [
  "donations",
  "payments",
  "stripe_customers",
  "stripe_sessions",
  "stripe_subscriptions",
  "stripe_invoices",
  "stripe_payment_intents",
  "stripe_charges",
  "stripe_invoice_payments",
  "stripe_refunds",
  "stripe_disputes",
  "stripe_payouts",
  "stripe_payment_methods",
  "stripe_early_fraud_warnings",
  "payment_movements",
  "payout_lines",
  "alerts",
  "balance_transactions",
  "refetches",
  "dirty_objects",
] as const satisfies readonly (keyof DB)[];

/**
 * All rows of the books, opened where they are sealed (the bytes differ by chance). Objects of which two versions lie within a second were
 * fetched again, whenever that was: what they say is compared, and not as of when; nor when a gift from Stripe was first seen.
 */
export async function readBooks(db: Kysely<DB>, vault: Vault, tied: ReadonlySet<string>): Promise<Books> {
  const books: Record<string, Record<string, unknown>[]> = {};
  for (const table of TABLES) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)} order by 1, 2`.execute(db);
    books[table] = rows.map(({ first_at, due_at, known_since, ...row }) => ({
      ...opened(vault, table, row),
      ...("as_of" in row && (tied.has(String(row.id)) || isAsked(table)) ? { as_of: "when it was fetched" } : {}),
    }));
  }
  return books;
}

/** No event tells of the payment that an unpaid invoice is tried with, so it may have been fetched, whenever that was. */
function isAsked(table: string): boolean {
  return table === "stripe_invoice_payments";
}

function opened(vault: Vault, table: string, row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      if (!Buffer.isBuffer(value)) return [column, value];
      const plain = column.endsWith("_sealed")
        ? vault.open(value, `${table}.${column}:${row.id}`)
        : value.toString("hex");
      return [column, plain];
    }),
  );
}

/** Which transaction wrote each row last: it is another one when a row was written again, even with what it held. */
export async function writersOf(db: Kysely<DB>): Promise<Readonly<Record<string, unknown>>> {
  const writers: Record<string, unknown> = {};
  for (const table of TABLES) {
    const { rows } =
      await sql`select * from (select ${sql.raw(table)}.xmin::text, ${sql.raw(table)}.*::text as row from ${sql.table(table)}) as t
      order by row`.execute(db);
    writers[table] = rows;
  }
  return writers;
}
