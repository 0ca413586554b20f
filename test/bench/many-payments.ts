import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";
import { rebuildRollups } from "../../src/reports/rollups/rebuild.queries.ts";
import { withoutTriggers } from "./without-triggers.ts";

/**
 * `count` settled payments over three years, of a quarter as many donations, with their ledger, movements and payouts, as derivation leaves
 * them: made in the database, in some minutes for two million.
 */
export async function insertManyPayments(db: Kysely<DB>, count: number, timeZone: string): Promise<void> {
  await withoutTriggers(db, (one) => insertRows(one, count));
  await rebuildRollups(db, timeZone);
  await sql`vacuum analyze`.execute(db);
}

async function insertRows(db: Kysely<DB>, count: number): Promise<void> {
  const donations = Math.ceil(count / 4);
  await sql`
    insert into donations (id, created_at, origin, frequency, currency, amount, chosen_amount, fees_covered, status, donor_id, locale, country,
      article_id, article_url, campaign, placement, variant, utm_source, utm_medium, utm_campaign, utm_content)
    select ${uuid("d", "n")}, timestamptz '2023-11-01' + n * interval '3 years' / ${donations}, 'checkout',
      (array['monthly', 'monthly', 'annual', 'once'])[1 + n % 4], (array['USD', 'EUR', 'USD', 'GBP'])[1 + n % 4], 500 + n % 90 * 50, 500 + n % 90 * 50, false, 'paid',
      ${uuid("p", "n / 2")}, 'en', 'US', 'article-' || n % 5000, 'https://www.example.org/2026/11/article-' || n % 5000, (array['winter-2025', 'spring', null, 'winter-2026', 'members'])[1 + n % 5],
      (array['article_end', 'header', 'newsletter'])[1 + n % 3], (array['a', 'b'])[1 + n % 2], (array['newsletter', 'twitter', null])[1 + n % 3], (array['email', null])[1 + n % 2], 'drive-' || n % 12, null
    from generate_series(1, ${donations}) as n
  `.execute(db);
  await sql`
    insert into payments (id, donation_id, frequency, installment, status, currency, amount, booked_at, paid_at, payment_method, card_country,
      settlement_currency, settled_gross, fee, net, exchange_rate, stripe_payment_intent, stripe_charge, stripe_invoice, stripe_subscription, stripe_balance_transaction)
    select ${uuid("y", "n")}, ${uuid("d", `1 + n % ${donations}`)}, (array['monthly', 'monthly', 'annual', 'once'])[1 + (1 + n % ${sql.lit(donations)}) % 4],
      1 + n / ${sql.lit(donations)}, 'paid', (array['USD', 'EUR', 'USD', 'GBP'])[1 + n % 4], 500 + n % 90 * 50,
      date_trunc('second', timestamptz '2023-11-01' + n * interval '3 years' / ${count}), date_trunc('second', timestamptz '2023-11-01' + n * interval '3 years' / ${count}),
      'card', (array['US', 'DE', 'GB'])[1 + n % 3], 'USD', 500 + n % 90 * 50, 44 + n % 90, 456 + n % 90 * 49, case when n % 4 in (1, 3) then 1.08431 end,
      'pi_3Mtw2eLkdIwHu7ix' || lpad(n::text, 8, '0'), 'ch_3Mtw2eLkdIwHu7ix' || lpad(n::text, 8, '0'), 'in_1Mtw2eLkdIwHu7ix' || lpad(n::text, 8, '0'), 'sub_1Mtw2eLkdIwHu7ix' || n % 500000,
      'txn_3Mtw2eLkdIwHu7ix' || lpad(n::text, 8, '0')
    from generate_series(0, ${count - 1}) as n
  `.execute(db);
  await sql`
    insert into balance_transactions (id, created, available_on, type, reporting_category, source_id, currency, amount, fee, net, fee_details, exchange_rate)
    select stripe_balance_transaction, booked_at, booked_at + interval '2 days', 'charge', 'charge', stripe_charge, settlement_currency, settled_gross, fee, net, '[]', exchange_rate from payments
  `.execute(db);
  await sql`
    insert into payment_movements (balance_transaction_id, payment_id, donation_id, frequency, booked_at, currency, gross, refunded, disputed, fee, net, previous_at)
    select stripe_balance_transaction, id, donation_id, frequency, booked_at, settlement_currency, settled_gross, 0, 0, fee, net,
      lag(booked_at) over (partition by donation_id order by booked_at, stripe_balance_transaction)
    from payments
  `.execute(db);
  await sql`
    insert into payout_lines (payout_id, balance_transaction_id)
    select 'po_' || to_char(booked_at at time zone 'UTC', 'YYYYMMDD'), stripe_balance_transaction from payments where booked_at < timestamptz '2026-10-25'
  `.execute(db);
  await sql`
    insert into stripe_payouts (id, as_of, rank, created, arrival_date, amount, currency, status, automatic, reconciliation_status, balance_transaction_id)
    select l.payout_id, max(b.created), 8, date_trunc('day', max(b.created)) + interval '1 day', date_trunc('day', max(b.created)) + interval '3 days', sum(b.net), 'USD', 'paid', true, 'completed', 'txn_of_' || l.payout_id
    from payout_lines l join balance_transactions b on b.id = l.balance_transaction_id group by l.payout_id
  `.execute(db);
  await sql`insert into payouts_pulled select id from stripe_payouts`.execute(db);
  await sql`
    insert into balance_transactions (id, created, available_on, type, reporting_category, source_id, currency, amount, fee, net, fee_details)
    select balance_transaction_id, created, created, 'payout', 'payout', id, currency, 0 - amount, 0, 0 - amount, '[]' from stripe_payouts
  `.execute(db);
}

/** A UUID that follows from a number, so that nothing has to be looked up. */
function uuid(kind: string, number: string) {
  return sql`md5(${sql.lit(kind)} || (${sql.raw(number)}))::uuid`;
}
