import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Frequency } from "../newsroom.ts";

/** A gift as its reader is shown it; nothing in it names anybody. */
export interface ReadersGift {
  readonly id: string;
  readonly created_at: Date;
  readonly frequency: Frequency;
  readonly currency: string;
  /** What was agreed to, without what the reader adds for the fees. */
  readonly chosen_amount: number;
  /** What is charged now, in minor units. */
  readonly amount: number;
  readonly locale: string | null;
  readonly discreet: boolean;
  readonly status: string;
  readonly paused: boolean;
  readonly stripe_subscription: string | null;
  readonly subscription_status: string | null;
  /** When it ends, if that is settled. */
  readonly ends_at: Date | null;
  readonly next_at: Date | null;
  readonly is_processing: boolean;
  readonly last_paid_at: Date | null;
  readonly last_paid: number | null;
}

/** More than anybody has; what a page can show. */
export const MOST_GIFTS = 50;

/** The subscription's own row is newer than the donation that is derived from it: what was stopped a moment ago shows as stopped. */
const GIFT = sql`
  d.id, d.created_at, d.frequency, d.currency, d.chosen_amount, coalesce(d.running_amount, d.amount) as amount, d.locale, d.discreet, d.status,
  d.paused, d.stripe_subscription, coalesce(s.status, d.subscription_status) as subscription_status,
  case when s.cancel_at_period_end then coalesce(s.cancel_at, s.current_period_end) else s.cancel_at end as ends_at, s.current_period_end as next_at,
  exists (select from payments p where p.donation_id = d.id and p.status = 'processing') as is_processing,
  last.paid_at as last_paid_at, last.amount as last_paid
`;
const LAST = sql`
  left join stripe_subscriptions s on s.id = d.stripe_subscription
  left join lateral (
    select p.paid_at, p.amount from payments p where p.donation_id = d.id and p.status = 'paid' order by p.paid_at desc limit 1
  ) as last on true
`;

export async function findGift(db: Kysely<DB>, id: string): Promise<ReadersGift | null> {
  const { rows } = await sql<ReadersGift>`select ${GIFT} from donations d ${LAST} where d.id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** All gifts of an address that have come to something: those that run first, then the newest. */
export async function giftsOf(db: Kysely<DB>, addressHash: Buffer): Promise<readonly ReadersGift[]> {
  const { rows } = await sql<ReadersGift>`
    select ${GIFT}
    from stripe_customers c
    join donations d on d.stripe_customer = c.id
    ${LAST}
    where c.email_hash = ${addressHash} and not c.deleted
      and (d.status in ('paid', 'processing') or (s.id is not null and s.status <> 'incomplete_expired'))
    order by coalesce(s.status in ('active', 'past_due', 'unpaid', 'paused', 'trialing'), false) desc, d.created_at desc, d.id
    limit ${MOST_GIFTS + 1}
  `.execute(db);
  return rows;
}

/** All gifts of these customers, whatever has become of them: those that run first, then the newest. */
export async function giftsOfCustomers(db: Kysely<DB>, customers: readonly string[]): Promise<readonly ReadersGift[]> {
  const { rows } = await sql<ReadersGift>`
    select ${GIFT}
    from donations d ${LAST}
    where d.stripe_customer = any(${customers})
    order by coalesce(s.status in ('active', 'past_due', 'unpaid', 'paused', 'trialing'), false) desc, d.created_at desc, d.id
    limit ${MOST_GIFTS + 1}
  `.execute(db);
  return rows;
}

/** Subscriptions of a gift that may still charge, as far as they are known here. */
export async function openSubscriptions(db: Kysely<DB>, gift: ReadersGift): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from stripe_subscriptions where donation_id = ${gift.id} and status not in ('canceled', 'incomplete_expired')
    union select id from stripe_subscriptions where id = ${gift.stripe_subscription} and status not in ('canceled', 'incomplete_expired')
    order by id
  `.execute(db);
  return rows.map((row) => row.id);
}

/** Invoices of a gift whose payment a bank is working on. */
export async function invoicesUnderWay(db: Kysely<DB>, donationId: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("payments")
    .select("stripe_invoice")
    .where("donation_id", "=", donationId)
    .where("status", "=", "processing")
    .execute();
  return new Set(rows.flatMap((row) => row.stripe_invoice ?? []));
}
