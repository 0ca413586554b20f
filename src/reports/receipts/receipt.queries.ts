import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Frequency } from "../../newsroom.ts";

/** A receipt as it was issued, and what has become of its payment since. */
export interface Receipt {
  readonly number: string;
  readonly issued_at: Date;
  /** Days as YYYY-MM-DD. */
  readonly received_on: string;
  readonly frequency: Frequency;
  /** In the donor's currency, minor units. */
  readonly currency: string;
  readonly amount: number;
  readonly reference: string;
  readonly entity_name: string;
  readonly postal_address: readonly string[];
  readonly tax_number: string;
  readonly donation_id: string;
  /** Who gave, at Stripe. */
  readonly customer: string | null;
  readonly donor_id: string | null;
  readonly locale: string | null;
  /** Null where the payment is no longer in the books. */
  readonly refunded: number | null;
  readonly disputed: number | null;
  /** Whether a dispute of the payment was lost. */
  readonly lost: boolean;
  /** When money last went back; null while none has. */
  readonly back_at: Date | null;
}

export async function findReceipt(db: Kysely<DB>, number: string): Promise<Receipt | null> {
  const { rows } = await sql<Receipt>`
    select r.number, r.issued_at, to_char(r.received_on, 'YYYY-MM-DD') as received_on, r.frequency, r.currency, r.amount, r.reference,
      e.name as entity_name, e.postal_address, e.tax_number, r.donation_id, d.stripe_customer as customer, d.donor_id, d.locale, p.refunded, p.disputed,
      exists (select from stripe_disputes s where s.charge_id = p.stripe_charge and s.status = 'lost') as lost,
      (select max(m.booked_at) from payment_movements m where m.payment_id = p.id and (m.refunded > 0 or m.disputed > 0)) as back_at
    from receipts r
    join legal_entities e on e.id = r.legal_entity_id
    left join donations d on d.id = r.donation_id
    left join payments p on p.id = r.payment_id and p.status = 'paid'
    where r.number = ${number}
  `.execute(db);
  return rows[0] ?? null;
}

interface Print {
  readonly number: string;
  readonly at: Date;
  readonly staffTokenId: string | null;
  readonly withName: boolean;
}

/**
 * Notes that a receipt was shown. @returns which copy of its kind, with a name or without, that is: the first is 1, and of several at once only
 * one gets it
 */
export async function notePrint(db: Kysely<DB>, { number, at, staffTokenId, withName }: Print): Promise<number> {
  for (;;) {
    // All prints have numbers without a gap, so whoever gets the next one has seen all those before it.
    const { rows } = await sql<{ copy: number }>`
      with printed as (
        insert into receipt_prints (number, copy, printed_at, staff_token_id, with_name)
        select ${number}, coalesce(max(copy), 0) + 1, ${at}, ${staffTokenId}::uuid, ${withName}
        from receipt_prints where number = ${number}
        on conflict (number, copy) do nothing returning copy
      )
      select 1 + (select count(*) from receipt_prints where number = ${number} and with_name = ${withName})::integer as copy from printed
    `.execute(db);
    if (rows[0] !== undefined) return rows[0].copy;
  }
}

export interface SealedName {
  readonly customer_id: string;
  readonly name_sealed: Buffer;
}

/** The names of these customers at Stripe, the latest first, without those of whom it told none or that were erased. */
export async function namesOfCustomers(db: Kysely<DB>, customers: readonly string[]): Promise<readonly SealedName[]> {
  const { rows } = await sql<SealedName>`
    select id as customer_id, name_sealed from stripe_customers
    where name_sealed is not null and id = any(${customers}::text[]) order by as_of desc, id desc
  `.execute(db);
  return rows;
}
