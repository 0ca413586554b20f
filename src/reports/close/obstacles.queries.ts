import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

/** When the first money of a gift was booked; null while there is none. */
export async function firstMoney(db: Kysely<DB>): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`select min(booked_at) as at from payment_movements`.execute(db);
  return rows[0]?.at ?? null;
}

/** The newest comparison with Stripe that came to its end, looked at all from `start` on and began after `end`, by Stripe's clock. */
export async function comparisonOf(
  db: Kysely<DB>,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from reconciliation_runs
    where finished_at is not null and failure is null and since <= ${start} and stripe_at >= ${end}
    order by started_at desc limit 1
  `.execute(db);
  return rows[0]?.id ?? null;
}

/** Differences from Stripe that are open and lie before `end`, or of which nobody can say where they lie: a balance that doesn't agree. */
export async function countOpenBefore(db: Kysely<DB>, end: Date): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open from reconciliation_differences
    where resolved_at is null and (occurred_at is null or occurred_at < ${end})
  `.execute(db);
  return rows[0]?.open ?? 0;
}

/**
 * Donations with money or a payment that is booked in a period, `limit` of them behind `after`, in the order of their ids. Each batch
 * goes on where the one before ended and looks at no movement twice: to sort all that was booked for each batch took 25 times as long
 * for 100,000 donations.
 */
export async function donationsOfPeriod(
  db: Kysely<DB>,
  { start, end }: { readonly start: Date; readonly end: Date },
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const booked = (table: "payment_movements" | "payments") =>
    sql`exists (select from ${sql.table(table)} b where b.donation_id = d.id and b.booked_at >= ${start} and b.booked_at < ${end})`;
  const { rows } = await sql<{ id: string }>`
    select d.id from donations d
    where ${after === null ? sql`true` : sql`d.id > ${after}::uuid`} and (${booked("payment_movements")} or ${booked("payments")})
    order by d.id limit ${limit}
  `.execute(db);
  return rows.map(({ id }) => id);
}
