import { randomBytes } from "node:crypto";
import type { Insertable, Kysely } from "kysely";
import { v7 } from "uuid";
import type { DB } from "../../src/db/schema.ts";

/** Rows as derivation and the ledger leave them, for tests of what reads them. */

export interface Gift {
  readonly frequency: "once" | "monthly" | "annual";
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Of the balance transaction: when Stripe booked it. */
  readonly at: string;
  readonly settled: {
    readonly currency: string;
    readonly gross: number;
    readonly fee: number;
    readonly rate?: string;
  } | null;
  readonly donation: Partial<Insertable<DB["donations"]>>;
  readonly payment: Partial<Insertable<DB["payments"]>>;
  readonly ledger: Partial<Insertable<DB["balance_transactions"]>>;
}

const USUAL: Gift = {
  frequency: "once",
  amount: 2500,
  currency: "USD",
  at: "2026-11-10T12:00:00Z",
  settled: { currency: "USD", gross: 2500, fee: 103 },
  donation: {},
  payment: {},
  ledger: {},
};

/** @returns the ids of the payment and its donation; the payment is one more of `donation.id` if that exists */
export async function insertGift(
  db: Kysely<DB>,
  given: Partial<Gift> = {},
): Promise<{ readonly payment_id: string; readonly donation_id: string }> {
  const gift = { ...USUAL, ...given };
  const donationId = gift.donation.id ?? v7();
  const paymentId = gift.payment.id ?? v7();
  await insertDonation(db, donationId, gift);
  const charge = stripeId("ch");
  const transaction = gift.settled === null ? null : await insertSettlement(db, charge, gift, gift.settled);
  await db
    .insertInto("payments")
    .values({
      id: paymentId,
      donation_id: donationId,
      frequency: gift.frequency,
      installment: await nextInstallment(db, donationId),
      status: "paid",
      currency: gift.currency,
      amount: gift.amount,
      booked_at: gift.at,
      paid_at: gift.at,
      payment_method: "card",
      card_country: "DE",
      settlement_currency: gift.settled?.currency ?? null,
      settled_gross: gift.settled?.gross ?? null,
      fee: gift.settled?.fee ?? null,
      net: gift.settled === null ? null : gift.settled.gross - gift.settled.fee,
      exchange_rate: gift.settled?.rate ?? null,
      stripe_payment_intent: stripeId("pi"),
      stripe_charge: charge,
      stripe_balance_transaction: transaction,
      ...gift.payment,
    })
    .execute();
  if (transaction !== null && gift.settled !== null)
    await insertMovement(db, { paymentId, donationId, transaction, gift });
  return { payment_id: paymentId, donation_id: donationId };
}

interface Movement {
  readonly paymentId: string;
  readonly donationId: string;
  readonly transaction: string;
  readonly gift: Gift;
}

/** As the ledger's own row says, which a test may have made differ from the payment. */
async function insertMovement(db: Kysely<DB>, { paymentId, donationId, transaction, gift }: Movement): Promise<void> {
  const row = await db
    .selectFrom("balance_transactions")
    .selectAll()
    .where("id", "=", transaction)
    .executeTakeFirstOrThrow();
  const before = await db
    .selectFrom("payment_movements")
    .select((eb) => eb.fn.max("booked_at").as("at"))
    .where("donation_id", "=", donationId)
    .where("currency", "=", row.currency)
    .where("gross", "<>", 0)
    .executeTakeFirst();
  await db
    .insertInto("payment_movements")
    .values({
      balance_transaction_id: transaction,
      payment_id: paymentId,
      donation_id: donationId,
      frequency: gift.frequency,
      booked_at: row.created,
      currency: row.currency,
      gross: row.amount,
      refunded: 0,
      disputed: 0,
      fee: row.fee,
      net: row.net,
      previous_at: before?.at ?? null,
    })
    .execute();
}

async function insertDonation(db: Kysely<DB>, id: string, gift: Gift): Promise<void> {
  await db
    .insertInto("donations")
    .values({
      id,
      created_at: gift.at,
      origin: "checkout",
      frequency: gift.frequency,
      currency: gift.currency,
      amount: gift.amount,
      chosen_amount: gift.amount,
      fees_covered: false,
      status: "paid",
      donor_id: v7(),
      ...gift.donation,
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

async function insertSettlement(
  db: Kysely<DB>,
  charge: string,
  gift: Gift,
  settled: NonNullable<Gift["settled"]>,
): Promise<string> {
  const id = stripeId("txn");
  await db
    .insertInto("balance_transactions")
    .values({
      id,
      created: gift.at,
      available_on: gift.at,
      type: "charge",
      reporting_category: "charge",
      source_id: charge,
      currency: settled.currency,
      amount: settled.gross,
      fee: settled.fee,
      net: settled.gross - settled.fee,
      fee_details: "[]",
      exchange_rate: settled.rate ?? null,
      ...gift.ledger,
    })
    .execute();
  return id;
}

async function nextInstallment(db: Kysely<DB>, donationId: string): Promise<number> {
  const rows = await db.selectFrom("payments").select("id").where("donation_id", "=", donationId).execute();
  return rows.length + 1;
}

export function stripeId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString("hex")}`;
}
