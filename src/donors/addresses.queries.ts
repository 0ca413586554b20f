import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

/** Whose link it is: the hash of the address that the mail of that id went to, and the mail's language. */
export async function findLink(
  db: Kysely<DB>,
  mailId: string,
): Promise<{ readonly to_hash: Buffer; readonly locale: string | null } | null> {
  const row = await db
    .selectFrom("mails")
    .select(["to_hash", "locale"])
    .where("id", "=", mailId)
    .where("kind", "=", "manage_link")
    .executeTakeFirst();
  return row === undefined || row.to_hash === null ? null : { to_hash: row.to_hash, locale: row.locale };
}

/** How many links an address was sent within the last hour. */
export async function linksThisHour(db: Kysely<DB>, addressHash: Buffer): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from mails
    where to_hash = ${addressHash} and kind = 'manage_link' and created_at > clock_timestamp() - interval '1 hour'
  `.execute(db);
  return rows[0]?.count ?? 0;
}

/** No more mails that a reader can do without, to the address of this gift. Done again it changes nothing. */
export async function turnOptionalMailOff(db: Kysely<DB>, donationId: string): Promise<void> {
  await sql`
    insert into mail_addresses as a (address_hash, unsubscribed_at)
    select c.email_hash, clock_timestamp()
    from donations d join stripe_customers c on c.id = d.stripe_customer
    where d.id = ${donationId} and c.email_hash is not null
    on conflict (address_hash) do update set unsubscribed_at = excluded.unsubscribed_at where a.unsubscribed_at is null
  `.execute(db);
}
