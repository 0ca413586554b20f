import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { assembleGraphs, present } from "./graph.ts";
import type { Donation, DonationGraph } from "./types.ts";

/**
 * Locks these donations in id order, so that whoever derives later also reads later. One that the database has never seen has no
 * row to lock yet: an advisory lock stands in for it until the transaction ends.
 */
export async function lockDonations(trx: Transaction<DB>, ids: readonly string[]): Promise<readonly Donation[]> {
  const known = await lockRows(trx, ids);
  const unseen = ids.filter((id) => !known.some((row) => row.id === id));
  if (unseen.length === 0) return known;
  await sql`
    select pg_advisory_xact_lock(hashtextextended(id, 0)) from (select unnest(${unseen}::text[]) as id order by 1) as ordered
  `.execute(trx);
  return [...known, ...(await lockRows(trx, unseen))];
}

async function lockRows(trx: Transaction<DB>, ids: readonly string[]): Promise<readonly Donation[]> {
  const { rows } = await sql<Donation>`
    select * from donations where id = any(${ids}::uuid[]) order by id for update
  `.execute(trx);
  return rows;
}

/** Everything that the mirror and the ledger know of these donations: eleven statements, however many donations. */
export async function readGraphs(
  trx: Transaction<DB>,
  ids: readonly string[],
  donations: readonly Donation[],
): Promise<readonly DonationGraph[]> {
  if (ids.length === 0) return [];
  const sessions = await trx.selectFrom("stripe_sessions").selectAll().where("donation_id", "in", ids).execute();
  const subscriptions = await trx
    .selectFrom("stripe_subscriptions")
    .selectAll()
    .where((where) =>
      where.or([
        where("donation_id", "in", ids),
        where("id", "in", orNone(sessions.map((row) => row.subscription_id))),
      ]),
    )
    .execute();
  const invoices = await trx
    .selectFrom("stripe_invoices")
    .selectAll()
    .where((where) =>
      where.or([
        where("donation_id", "in", ids),
        where("subscription_id", "in", orNone(subscriptions.map((row) => row.id))),
      ]),
    )
    .execute();
  const invoicePayments = await trx
    .selectFrom("stripe_invoice_payments")
    .selectAll()
    .where("invoice_id", "in", orNone(invoices.map((row) => row.id)))
    .execute();
  const intentIds = [...sessions, ...invoicePayments].map((row) => row.payment_intent_id);
  const paymentIntents = await trx
    .selectFrom("stripe_payment_intents")
    .selectAll()
    .where((where) => where.or([where("donation_id", "in", ids), where("id", "in", orNone(intentIds))]))
    .execute();
  const chargeIds = invoicePayments.map((row) => row.charge_id);
  const charges = await trx
    .selectFrom("stripe_charges")
    .selectAll()
    .where((where) =>
      where.or([
        where("donation_id", "in", ids),
        where("payment_intent_id", "in", orNone(paymentIntents.map((row) => row.id))),
        where("id", "in", orNone(chargeIds)),
      ]),
    )
    .execute();
  const chargeKeys = orNone(charges.map((row) => row.id));
  const refunds = await trx.selectFrom("stripe_refunds").selectAll().where("charge_id", "in", chargeKeys).execute();
  const disputes = await trx.selectFrom("stripe_disputes").selectAll().where("charge_id", "in", chargeKeys).execute();
  const balanceTransactions = await trx
    .selectFrom("balance_transactions")
    .selectAll()
    .where("source_id", "in", orNone([...charges, ...refunds, ...disputes].map((row) => row.id)))
    .execute();
  const customerIds = [...sessions, ...subscriptions, ...paymentIntents, ...charges].map((row) => row.customer_id);
  const customers = await trx
    .selectFrom("stripe_customers")
    .select(["id", "email_hash"])
    .where("id", "in", orNone(customerIds))
    .execute();

  const all = {
    sessions,
    subscriptions,
    invoices,
    invoicePayments,
    paymentIntents,
    charges,
    refunds,
    disputes,
    balanceTransactions,
    customers,
  };
  return assembleGraphs(ids, donations, all);
}

/** `in ()` is no SQL; no id is empty. */
function orNone(values: readonly (string | null)[]): string[] {
  const ids = [...present(values)];
  return ids.length === 0 ? [""] : ids;
}
