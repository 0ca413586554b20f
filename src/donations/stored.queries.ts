import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Donation, MovementRow, PaymentRow } from "./types.ts";

/** What is stored of these donations, without a lock. */
export interface StoredBooks {
  readonly donations: readonly Donation[];
  readonly payments: readonly PaymentRow[];
  readonly movements: readonly MovementRow[];
}

export async function readStored(db: Kysely<DB>, ids: readonly string[]): Promise<StoredBooks> {
  if (ids.length === 0) return { donations: [], payments: [], movements: [] };
  return {
    donations: await db.selectFrom("donations").selectAll().where("id", "in", ids).execute(),
    payments: await db.selectFrom("payments").selectAll().where("donation_id", "in", ids).execute(),
    movements: await db.selectFrom("payment_movements").selectAll().where("donation_id", "in", ids).execute(),
  };
}

/** The ids behind `after`, in order, of every donation that is stored or that a mirror row names. */
export async function donationIdsAfter(
  db: Kysely<DB>,
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const above = sql`coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000'::uuid)`;
  const named = (table: string) => sql`
    (select distinct donation_id as id from ${sql.table(table)} where donation_id > ${above} order by donation_id limit ${limit})
  `;
  const { rows } = await sql<{ id: string }>`
    select id from (
      (select id from donations where id > ${above} order by id limit ${limit})
      union ${named("stripe_sessions")}
      union ${named("stripe_subscriptions")}
      union ${named("stripe_invoices")}
      union ${named("stripe_payment_intents")}
      union ${named("stripe_charges")}
    ) as ids order by id limit ${limit}
  `.execute(db);
  return rows.map((row) => row.id);
}

/** The kind of a mark that no news from Stripe has made: such a donation is derived, and causes no mail. */
export const DERIVE_ANEW = "donation";

/** Marks donations to be derived anew. */
export async function markDonations(db: Kysely<DB>, ids: readonly string[]): Promise<void> {
  await sql`insert into dirty_objects (kind, object_id) select ${DERIVE_ANEW}::text, unnest(${ids}::text[])`.execute(
    db,
  );
}
