import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";
import { withoutTriggers } from "./without-triggers.ts";

/**
 * `count` payments of three years up to the end of 2026, each with its movement and some with a refund: half of them renewals of monthly gifts,
 * in two settlement currencies, from 20,000 articles of which some are read far more than others. One gift in three was never paid.
 */
export async function insertGiftsOfYears(db: Kysely<DB>, count: number): Promise<void> {
  await withoutTriggers(db, async (one) => {
    await sql`set work_mem = '256MB'`.execute(one);
    await sql`
      create temporary table plan as
      select n, md5('donation' || n)::uuid as id, timestamptz '2024-01-01' + random() * interval '1090 days' as began,
        case when n % 6 = 0 then 'monthly' when n % 6 = 1 then 'annual' else 'once' end as frequency,
        case when n % 4 = 0 then 'EUR' else 'USD' end as currency, 500 + (n % 20) * 250 as amount, n % 3 <> 2 as is_paid
      from generate_series(1, ${Math.ceil(count / 2)}::int) as n
    `.execute(one);
    await sql`
      insert into donations (id, created_at, origin, frequency, currency, amount, chosen_amount, fees_covered, country, status, donor_id,
        article_id, campaign, placement, variant, utm_source)
      select id, began, 'checkout', frequency, currency, amount, amount, false, (array['DE', 'US', 'FR', 'GB', 'RU'])[1 + n % 5],
        case when is_paid then 'paid' else 'expired' end, md5('donor' || n)::uuid,
        'article-' || floor(20000 * power(random(), 3)), case when n % 3 = 0 then 'winter-' || n % 9 end,
        (array['end', 'banner', 'sidebar'])[1 + n % 3], (array['a', 'b'])[1 + n % 2], (array['newsletter', 'social', null])[1 + n % 3]
      from plan
    `.execute(one);
    await sql`
      create temporary table charge as
      select row_number() over () as m, * from (
        select p.*, k as installment, p.began + (k - 1) * case frequency when 'annual' then interval '1 year' else interval '1 month' end as at
        from plan p cross join lateral generate_series(1, case frequency when 'monthly' then 1 + (n / 6) % 36 when 'annual' then 1 + (n / 6) % 3 else 1 end) as k
        where is_paid
      ) as c where at < '2027-01-01' limit ${count}
    `.execute(one);
    await sql`
      insert into payments (id, donation_id, frequency, installment, status, currency, amount, booked_at, paid_at, settlement_currency,
        settled_gross, fee, net, stripe_invoice, stripe_charge)
      select md5('payment' || m)::uuid, id, frequency, installment, 'paid', currency, amount, at, at, currency, amount, 30, amount - 30,
        'in_' || m, 'ch_' || m from charge
    `.execute(one);
    await sql`
      insert into payment_movements (balance_transaction_id, payment_id, donation_id, frequency, booked_at, currency, gross, refunded,
        disputed, fee, net, previous_at)
      select 'txn_' || m, md5('payment' || m)::uuid, id, frequency, at, currency, amount, 0, 0, 30, amount - 30,
        lag(at) over (partition by id order by installment) from charge
      union all
      select 'txn_r' || m, md5('payment' || m)::uuid, id, frequency, at + interval '3 days', currency, 0, amount, 0, 0, -amount, null
      from charge where m % 50 = 0
    `.execute(one);
    await sql`drop table plan, charge`.execute(one);
    await sql`reset work_mem`.execute(one);
  });
  await sql`vacuum analyze`.execute(db);
}
