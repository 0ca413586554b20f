import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { MirrorKindName } from "../../mirror/kind.ts";
import { SAMPLE_ID } from "../../shared/sample-id.ts";

/** An object to be fetched by itself. */
export interface Wanted {
  readonly kind: MirrorKindName;
  readonly id: string;
}

/** What can still become something else, in the words of the mirror's columns. Subscriptions and disputes are listed whatever their age. */
const UNFINISHED: readonly (readonly [MirrorKindName, string, RawBuilder<boolean>])[] = [
  [
    "checkout.session",
    "stripe_sessions",
    sql`status is distinct from 'expired' and not (status = 'complete' and payment_status <> 'unpaid')`,
  ],
  ["payment_intent", "stripe_payment_intents", sql`status not in ('succeeded', 'canceled')`],
  ["charge", "stripe_charges", sql`status not in ('succeeded', 'failed')`],
  ["invoice", "stripe_invoices", sql`status is null or status not in ('paid', 'void')`],
  ["invoice_payment", "stripe_invoice_payments", sql`status not in ('paid', 'canceled')`],
  ["refund", "stripe_refunds", sql`status is null or status not in ('succeeded', 'failed', 'canceled')`],
  [
    "payout",
    "stripe_payouts",
    sql`status not in ('failed', 'canceled') and (status <> 'paid' or reconciliation_status = 'in_progress')`,
  ],
];

/** Links of one row to another. `always`: the other one may have changed together with it, so it is looked at even if it is known. */
const NAMES: readonly (readonly [string, string, MirrorKindName, string, "always" | "if missing"])[] = [
  ["stripe_charges", "payment_intent_id", "payment_intent", "stripe_payment_intents", "always"],
  ["stripe_charges", "customer_id", "customer", "stripe_customers", "if missing"],
  ["stripe_payment_intents", "customer_id", "customer", "stripe_customers", "if missing"],
  ["stripe_invoice_payments", "invoice_id", "invoice", "stripe_invoices", "always"],
  ["stripe_invoice_payments", "payment_intent_id", "payment_intent", "stripe_payment_intents", "always"],
  ["stripe_invoice_payments", "charge_id", "charge", "stripe_charges", "if missing"],
  ["stripe_invoices", "subscription_id", "subscription", "stripe_subscriptions", "if missing"],
  ["stripe_invoices", "customer_id", "customer", "stripe_customers", "if missing"],
  ["stripe_refunds", "charge_id", "charge", "stripe_charges", "always"],
  ["stripe_disputes", "charge_id", "charge", "stripe_charges", "always"],
  ["stripe_early_fraud_warnings", "charge_id", "charge", "stripe_charges", "if missing"],
  ["stripe_sessions", "customer_id", "customer", "stripe_customers", "if missing"],
  ["stripe_sessions", "payment_intent_id", "payment_intent", "stripe_payment_intents", "if missing"],
  ["stripe_sessions", "subscription_id", "subscription", "stripe_subscriptions", "if missing"],
  ["stripe_subscriptions", "customer_id", "customer", "stripe_customers", "if missing"],
];

export interface Scope {
  readonly since: Date;
  /** Rows that are dated later than this were seen by this backfill. */
  readonly seenAfter: Date;
}

export const UNFINISHED_KINDS = UNFINISHED.map(([kind]) => kind);
export const NAMED_LINKS = NAMES.map((_, index) => index);

/** Rows from before the period that were not at their end when last seen, behind `after` in the order of their ids. */
export async function unfinished(
  db: Kysely<DB>,
  kind: MirrorKindName,
  { since, seenAfter }: Scope,
  after: string,
  limit: number,
): Promise<readonly Wanted[]> {
  const [, table, condition] = UNFINISHED.find(([name]) => name === kind) ?? never();
  const { rows } = await sql<Wanted>`
    select ${kind}::text as kind, id from ${sql.table(table)}
    where id > ${after} and created < ${since} and as_of <= ${seenAfter} and not deleted and (${condition}) and id !~ ${SAMPLE_ID}
    order by id limit ${limit}
  `.execute(db);
  return rows;
}

/** What rows name and the mirror lacks, or (where the two change together) has not looked at since, behind `after`. */
export async function named(
  db: Kysely<DB>,
  link: number,
  { since, seenAfter }: Scope,
  after: string,
  limit: number,
): Promise<readonly Wanted[]> {
  const [from, column, kind, table, when] = NAMES[link] ?? never();
  const isStale =
    when === "always" ? sql`n.created >= ${since} and t.created < ${since} and t.as_of <= ${seenAfter}` : sql`false`;
  const { rows } = await sql<Wanted>`
    select ${kind}::text as kind, id from (
      select distinct n.${sql.ref(column)} as id
      from ${sql.table(from)} n left join ${sql.table(table)} t on t.id = n.${sql.ref(column)}
      where n.${sql.ref(column)} > ${after} and n.id !~ ${SAMPLE_ID} and (t.id is null or (${isStale}))
    ) as missing
    order by id limit ${limit}
  `.execute(db);
  return rows;
}

/** Which of these the mirror has not looked at since the backfill began. */
export async function notSeen(
  db: Kysely<DB>,
  kind: { readonly table: string },
  ids: readonly string[],
  seenAfter: Date,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from unnest(${ids}::text[]) as wanted (id)
    where not exists (select from ${sql.table(kind.table)} t where t.id = wanted.id and t.as_of > ${seenAfter})
  `.execute(db);
  return rows.map((row) => row.id);
}

function never(): never {
  throw new Error("There is no such list of related objects.");
}
