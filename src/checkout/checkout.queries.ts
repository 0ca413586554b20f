import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { NewDonation } from "../donations/types.ts";

export interface NewCheckout {
  readonly donation: NewDonation;
  readonly consent: {
    readonly shown_at: Date;
    readonly terms_version: string;
    /** The newsroom's own at that moment: another one means that the page was older than the terms. */
    readonly terms_in_force: string;
    readonly locale: string;
    readonly statement: string;
  };
  readonly checkout: { readonly params_sealed: Buffer; readonly expires_at: Date; readonly resumable_until: Date };
  readonly key: { readonly key_hash: Buffer; readonly request_hash: Buffer } | null;
}

/** One client key's claim on its donation lasts this long unless it is given back; longer than a checkout may take. */
const LEASE = sql`clock_timestamp() + interval '15 seconds'`;

/**
 * Writes everything that a crash must not lose, in one statement, before Stripe is called.
 * @returns false when the client's key stands for another request already: then nothing was written
 */
export async function insertCheckout(
  db: Kysely<DB>,
  { donation, consent, checkout, key }: NewCheckout,
): Promise<boolean> {
  const columns = Object.keys(donation) as (keyof NewDonation)[];
  const { rows } = await sql<{ inserted: boolean }>`
    with key as (${
      key === null
        ? sql`select 1`
        : sql`
          insert into idempotency_keys (key_hash, request_hash, donation_id, lease_until)
          values (${key.key_hash}, ${key.request_hash}, ${donation.id}, ${LEASE})
          on conflict (key_hash) do nothing returning 1`
    }), donation as (
      insert into donations (${sql.join(columns.map((column) => sql.ref(column)))})
      select ${sql.join(columns.map((column) => sql.ref(`row.${column}`)))}
      from key, json_populate_record(null::donations, ${JSON.stringify(donation)}::json) as row
      returning id
    ), consent as (
      insert into consents (donation_id, shown_at, terms_version, terms_in_force, locale, frequency, currency, amount, statement)
      select id, ${consent.shown_at}::timestamptz, ${consent.terms_version}, ${consent.terms_in_force}, ${consent.locale}, ${donation.frequency}, ${donation.currency},
        ${donation.amount}::bigint, ${consent.statement} from donation
    ), checkout as (
      insert into checkouts (donation_id, state, params_sealed, expires_at, resumable_until)
      select id, 'prepared', ${checkout.params_sealed}::bytea, ${checkout.expires_at}::timestamptz, ${checkout.resumable_until}::timestamptz from donation
    )
    select exists(select from donation) as inserted
  `.execute(db);
  return rows[0]?.inserted === true;
}

export interface KeyHolder {
  readonly donation_id: string;
  readonly request_hash: Buffer;
}

export async function findKey(db: Kysely<DB>, keyHash: Buffer): Promise<KeyHolder | undefined> {
  return await db
    .selectFrom("idempotency_keys")
    .select(["donation_id", "request_hash"])
    .where("key_hash", "=", keyHash)
    .executeTakeFirst();
}

/** @returns whether the claim is ours now; a claim whose holder crashed runs out by itself */
export async function takeLease(db: Kysely<DB>, keyHash: Buffer): Promise<boolean> {
  const taken = await db
    .updateTable("idempotency_keys")
    .set({ lease_until: sql<Date>`${LEASE}` })
    .where("key_hash", "=", keyHash)
    .where("lease_until", "<=", sql<Date>`clock_timestamp()`)
    .returning("donation_id")
    .executeTakeFirst();
  return taken !== undefined;
}

export async function giveBackLease(db: Kysely<DB>, keyHash: Buffer): Promise<void> {
  await db
    .updateTable("idempotency_keys")
    .set({ lease_until: sql<Date>`clock_timestamp()` })
    .where("key_hash", "=", keyHash)
    .execute();
}

export interface StoredCheckout {
  readonly donation_id: string;
  readonly attempt: number;
  readonly state: string;
  readonly params_sealed: Buffer | null;
  readonly url_sealed: Buffer | null;
  readonly refusal: string | null;
  readonly expires_at: Date;
  readonly resumable_until: Date;
}

export async function readCheckout(db: Kysely<DB>, donationId: string): Promise<StoredCheckout | undefined> {
  return await db
    .selectFrom("checkouts")
    .select([
      "donation_id",
      "attempt",
      "state",
      "params_sealed",
      "url_sealed",
      "refusal",
      "expires_at",
      "resumable_until",
    ])
    .where("donation_id", "=", donationId)
    .executeTakeFirst();
}

/**
 * Before the next attempt is sent, so that a crash in between repeats that one and not the one before. An attempt that another process
 * has begun meanwhile stays as it is: the parameters of a key never change.
 */
export async function beginAttempt(
  db: Kysely<DB>,
  next: {
    readonly donation_id: string;
    readonly attempt: number;
    readonly params_sealed: Buffer;
    readonly expires_at: Date;
    readonly resumable_until: Date;
  },
): Promise<void> {
  const { donation_id, ...values } = next;
  await db
    .updateTable("checkouts")
    .set(values)
    .where("donation_id", "=", donation_id)
    .where("state", "=", "prepared")
    .where("attempt", "=", next.attempt - 1)
    .execute();
}

export interface Answer {
  readonly donation_id: string;
  readonly session_id: string;
  readonly url_sealed: Buffer;
  readonly expires_at: Date;
}

/**
 * Stripe's answer, and the donation open unless an event has told more of it already. The parameters have served. The reader doesn't wait
 * for the disk: what a crash of the database takes away here, a repeat with the same key gets from Stripe again.
 */
export async function storeAnswer(db: Kysely<DB>, answer: Answer): Promise<void> {
  await sql`
    with answered as (
      update checkouts set state = 'answered', session_id = ${answer.session_id}, url_sealed = ${answer.url_sealed},
        expires_at = ${answer.expires_at}, params_sealed = null
      where donation_id = ${answer.donation_id} and state = 'prepared'
    )
    update donations set status = case when status = 'created' then 'open' else status end,
      stripe_session = coalesce(stripe_session, ${answer.session_id})
    where id = ${answer.donation_id}
    returning set_config('synchronous_commit', 'off', true)
  `.execute(db);
}

export async function storeRefusal(db: Kysely<DB>, donationId: string, refusal: string): Promise<void> {
  await sql`
    with refused as (
      update checkouts set state = 'refused', refusal = ${refusal}, params_sealed = null
      where donation_id = ${donationId} and state = 'prepared'
    )
    update donations set status = 'failed' where id = ${donationId} and status = 'created'
  `.execute(db);
}

export async function readDonation(db: Kysely<DB>, id: string) {
  return await db
    .selectFrom("donations")
    .select(["id", "status", "frequency", "amount", "currency", "locale", "article_url", "subscription_status"])
    .where("id", "=", id)
    .executeTakeFirst();
}
