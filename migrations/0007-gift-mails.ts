import { type Kysely, sql } from "kysely";

/** What the mails of gifts go by: what runs now, since when a gift is known, and indexes for what time alone brings. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table donations add column known_since timestamptz;
    comment on column donations.known_since is 'When a gift that came from Stripe was first seen here; null for one of our own checkout. What happened before is history: nobody is mailed for it.';
    update donations set known_since = now() where origin <> 'checkout';

    update donations d
    set running_amount = case when s.amount > 0 then s.amount end,
      paused = s.status not in ('canceled', 'incomplete_expired') and (s.pause_behavior is not null or s.status = 'paused')
    from stripe_subscriptions s where s.id = d.stripe_subscription;

    create index donations_customer on donations (stripe_customer) where stripe_customer is not null;
    create index donations_anniversary on donations (
      (extract(month from created_at at time zone 'UTC')), (extract(day from created_at at time zone 'UTC'))
    ) where frequency = 'monthly';
    create index stripe_subscriptions_yearly on stripe_subscriptions (current_period_end) where status = 'active' and interval = 'year';
    create index stripe_payment_methods_expiry on stripe_payment_methods (card_exp_year, card_exp_month) where customer_id is not null;
    create index mails_to on mails (to_hash, created_at) where to_hash is not null;
  `.execute(db);
}
