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
      e.name as entity_name, e.postal_address, e.tax_number, r.donation_id, d.donor_id, d.locale, p.refunded, p.disputed,
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

/** Notes that a receipt was shown. @returns which copy that is: the first is 1, and of several at once only one gets it */
export async function notePrint(db: Kysely<DB>, { number, at, staffTokenId, withName }: Print): Promise<number> {
  for (;;) {
    const { rows } = await sql<{ copy: number }>`
      insert into receipt_prints (number, copy, printed_at, staff_token_id, with_name)
      select ${number}, coalesce(max(copy), 0) + 1, ${at}, ${staffTokenId}::uuid, ${withName}
      from receipt_prints where number = ${number}
      on conflict (number, copy) do nothing returning copy
    `.execute(db);
    if (rows[0] !== undefined) return rows[0].copy;
  }
}

export interface SealedName {
  readonly customer_id: string;
  readonly name_sealed: Buffer;
}

/** The latest name that Stripe told of a donor; null where it told none, or it was erased. */
export async function nameOfDonor(db: Kysely<DB>, donorId: string): Promise<SealedName | null> {
  const { rows } = await sql<SealedName>`
    select c.id as customer_id, c.name_sealed from stripe_customers c
    where c.name_sealed is not null and c.id in (select stripe_customer from donations where donor_id = ${donorId}::uuid)
    order by c.as_of desc, c.id desc limit 1
  `.execute(db);
  return rows[0] ?? null;
}
