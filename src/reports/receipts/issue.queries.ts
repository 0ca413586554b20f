import { type Kysely, sql, type Transaction } from "kysely";
import { v7 } from "uuid";
import type { DB } from "../../db/schema.ts";
import type { NewsroomConfig } from "../../newsroom.ts";

export interface Entity {
  readonly id: string;
  readonly series: number;
}

/**
 * The legal entity as it is worded now, with the series of its numbers: the first one's is 1. A new wording gets a row; a new tax number or
 * country is another entity and gets a series.
 */
export async function entityOf(
  trx: Transaction<DB>,
  { name, postal_address, tax_number, country }: NewsroomConfig["legal_entity"],
  now: Date,
): Promise<Entity> {
  await sql`
    insert into receipt_series (series, tax_number, country)
    select coalesce(max(series), 0) + 1, ${tax_number}, ${country} from receipt_series
    having not exists (select from receipt_series where tax_number = ${tax_number} and country = ${country})
    on conflict (tax_number, country) do nothing
  `.execute(trx);
  await sql`
    insert into legal_entities (id, series, name, postal_address, tax_number, country, first_used)
    select ${v7()}::uuid, series, ${name}, ${[...postal_address]}::text[], tax_number, country, ${now}
    from receipt_series where tax_number = ${tax_number} and country = ${country}
    on conflict (name, postal_address, tax_number, country) do nothing
  `.execute(trx);
  const { rows } = await sql<Entity>`
    select id, series from legal_entities
    where name = ${name} and postal_address = ${[...postal_address]}::text[] and tax_number = ${tax_number} and country = ${country}
  `.execute(trx);
  const [entity] = rows;
  if (entity === undefined) throw new Error("The legal entity was not stored.");
  return entity;
}

/** The last number that was given out. Until the transaction ends nobody else gives out any of this series and year. */
export async function lockCounter(trx: Transaction<DB>, series: number, year: number): Promise<number> {
  await sql`
    insert into receipt_counters (series, year, last) values (${series}, ${year}, 0) on conflict do nothing
  `.execute(trx);
  const { rows } = await sql<{ last: number }>`
    select last from receipt_counters where series = ${series} and year = ${year} for update
  `.execute(trx);
  return rows[0]?.last ?? 0;
}

interface Batch {
  readonly entity: Entity;
  readonly year: number;
  readonly last: number;
  readonly start: Date;
  readonly end: Date;
  readonly timeZone: string;
  readonly now: Date;
  readonly limit: number;
}

/**
 * Numbers the next settled payments, the oldest first, behind `last`. One that went back to its donor in full before it had a receipt gets none, as
 * does one that a bank holds. @returns how many
 */
export async function numberPayments(trx: Transaction<DB>, batch: Batch): Promise<number> {
  const { entity, year, last, start, end, timeZone, now, limit } = batch;
  const { rows } = await sql<{ count: number }>`
    with due as (
      select p.*, row_number() over (order by p.booked_at, p.id)::integer + ${last}::integer as serial
      from (
        select * from payments p
        where booked_at >= ${start} and booked_at < ${end} and status = 'paid' and settled_gross is not null
          and refunded + disputed < amount and not exists (select from receipts r where r.payment_id = p.id)
        order by booked_at, id limit ${limit}
      ) p
    ),
    written as (
      insert into receipts (number, series, year, serial, payment_id, donation_id, legal_entity_id, issued_at, received_on, frequency,
        installment, currency, amount, reference)
      select case when ${entity.series} = 1 then '' else ${entity.series} || '-' end || ${year} || '-'
          || lpad(serial::text, greatest(6, length(serial::text)), '0'),
        ${entity.series}, ${year}, serial, id, donation_id, ${entity.id}::uuid, ${now}, (booked_at at time zone ${timeZone})::date, frequency,
        installment, currency, amount, coalesce(stripe_charge, stripe_payment_intent, stripe_invoice)
      from due returning 1
    ),
    counted as (
      update receipt_counters set last = last + (select count(*) from due) where series = ${entity.series} and year = ${year} returning 1
    )
    select (select count(*) from written) as count from counted
  `.execute(trx);
  return rows[0]?.count ?? 0;
}

/** When the first settled payment was booked that has no receipt; null when all have one. */
export async function firstWithoutReceipt(
  db: Kysely<DB>,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<Date | null> {
  const { rows } = await sql<{ at: Date }>`
    select booked_at as at from payments p
    where booked_at >= ${start} and booked_at < ${end} and status = 'paid' and settled_gross is not null
      and refunded + disputed < amount and not exists (select from receipts r where r.payment_id = p.id)
    order by booked_at limit 1
  `.execute(db);
  return rows[0]?.at ?? null;
}
