import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { MailKind } from "../../mail/kinds.ts";

/** A customer at Stripe; a donor has one for each gift, as a rule. */
export interface CustomerRow {
  readonly id: string;
  readonly email_hash: Buffer | null;
  readonly email_sealed: Buffer | null;
  readonly name_sealed: Buffer | null;
}

/** The newest customer with this address who has given or tried to. */
export async function customerByAddress(db: Kysely<DB>, addressHash: Buffer): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select c.id from stripe_customers c
    where c.email_hash = ${addressHash} and not c.deleted and exists (select from donations d where d.stripe_customer = c.id)
    order by c.created desc nulls last, c.id limit 1
  `.execute(db);
  return rows[0]?.id ?? null;
}

/** The newest customer behind a pseudonymous donor id, as reports show it. */
export async function customerByDonorId(db: Kysely<DB>, donorId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select c.id from donations d join stripe_customers c on c.id = d.stripe_customer
    where d.donor_id = ${donorId} and not c.deleted
    order by c.created desc nulls last, c.id limit 1
  `.execute(db);
  return rows[0]?.id ?? null;
}

/** All customers of the address that this one has, the newest first; this one alone if it has none. Empty when it isn't known or was deleted. */
export async function customersLike(db: Kysely<DB>, id: string): Promise<readonly CustomerRow[]> {
  const { rows } = await sql<CustomerRow>`
    select o.id, o.email_hash, o.email_sealed, o.name_sealed
    from stripe_customers c join stripe_customers o on o.id = c.id or o.email_hash = c.email_hash
    where c.id = ${id} and not c.deleted and not o.deleted
      and exists (select from donations d where d.stripe_customer = c.id)
    order by o.created desc nulls last, o.id
  `.execute(db);
  return rows;
}

interface Ours {
  /** The donor's own customers. */
  readonly own: readonly string[];
  readonly oldId: string;
  readonly newId: string;
}

/** Whether a customer has this address who is neither the donor's own nor was, before a correction to it began. */
export async function isAnothersAddress(
  db: Kysely<DB>,
  addressHash: Buffer,
  { own, oldId, newId }: Ours,
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select c.id from stripe_customers c
    where c.email_hash = ${addressHash} and not c.deleted and c.id <> all(${own}::text[]) and not exists (
      select from donor_corrections k where k.customer = c.id and k.old_id = ${oldId} and k.new_id = ${newId}
    ) limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Whether this customer's address was ever corrected to the one that makes this donor id. */
export async function wasCorrectedTo(db: Kysely<DB>, customer: string, donorId: string): Promise<boolean> {
  const { rows } = await sql`
    select from donor_corrections where customer = ${customer} and new_id = ${donorId} limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Whether one of these mails was written. */
export async function isWritten(db: Kysely<DB>, mailIds: readonly string[]): Promise<boolean> {
  const { rows } = await sql`select from mails where id = any(${mailIds}::uuid[]) limit 1`.execute(db);
  return rows.length > 0;
}

const RECEIPTS_SHOWN = 20;

/** The newest numbers that payments of these customers have. */
export async function latestReceipts(db: Kysely<DB>, customers: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql<{ number: string }>`
    select r.number from donations d join payments p on p.donation_id = d.id join receipts r on r.payment_id = p.id
    where d.stripe_customer = any(${customers}::text[])
    order by r.received_on desc, r.series desc, r.year desc, r.serial desc limit ${RECEIPTS_SHOWN}
  `.execute(db);
  return rows.map(({ number }) => number);
}

export interface StatementRow {
  readonly donor_id: string;
  readonly year: number;
}

/** The years in which settled gifts of these customers were booked, for each id that the donor has; the latest first. */
export async function statementYears(
  db: Kysely<DB>,
  customers: readonly string[],
  timeZone: string,
): Promise<readonly StatementRow[]> {
  const { rows } = await sql<StatementRow>`
    select distinct d.donor_id, extract(year from p.booked_at at time zone ${timeZone})::integer as year
    from donations d join payments p on p.donation_id = d.id
    where d.stripe_customer = any(${customers}::text[]) and d.donor_id is not null
      and p.status = 'paid' and p.settled_gross is not null
    order by year desc, d.donor_id
  `.execute(db);
  return rows;
}

export interface PaymentRow {
  readonly id: string;
  readonly donation_id: string;
  readonly installment: number;
  readonly status: string;
  readonly booked_at: Date;
  readonly amount: number;
  readonly currency: string;
}

const PAYMENTS_OF_A_GIFT = 13;

/** The latest payments of each gift, the newest first. */
export async function latestPayments(db: Kysely<DB>, donationIds: readonly string[]): Promise<readonly PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    select p.id, p.donation_id, p.installment, p.status, p.booked_at, p.amount, p.currency
    from unnest(${donationIds}::uuid[]) as g(id)
    cross join lateral (
      select * from payments where donation_id = g.id order by installment desc limit ${PAYMENTS_OF_A_GIFT}
    ) as p
    order by p.donation_id, p.installment desc
  `.execute(db);
  return rows;
}

export interface SentMail {
  readonly id: string;
  readonly kind: MailKind;
  readonly donation_id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly created_at: Date;
}

const MAILS_SHOWN = 20;

/** The latest mails about these gifts, and what became of them. */
export async function latestMails(db: Kysely<DB>, donationIds: readonly string[]): Promise<readonly SentMail[]> {
  const { rows } = await sql<SentMail>`
    select id, kind, donation_id, state, reason, created_at from mails
    where donation_id = any(${donationIds}::uuid[]) order by created_at desc, id limit ${MAILS_SHOWN}
  `.execute(db);
  return rows;
}

export interface MailToRepeat {
  readonly kind: MailKind;
  readonly data: never;
  readonly donation_id: string;
  readonly locale: string | null;
  readonly discreet: boolean;
}

export async function findMail(db: Kysely<DB>, id: string): Promise<MailToRepeat | null> {
  const { rows } = await sql<MailToRepeat>`
    select kind, data, donation_id, locale, discreet from mails where id = ${id} and donation_id is not null
  `.execute(db);
  return rows[0] ?? null;
}
