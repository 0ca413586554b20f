import { type Kysely, sql } from "kysely";

/** Refunds, disputes, payouts, warnings: every event that moves money or announces that it will. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table stripe_refunds (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null,
      deleted boolean not null default false,
      created timestamptz not null,
      status text,
      amount bigint not null,
      currency text not null,
      reason text,
      failure_reason text,
      charge_id text,
      payment_intent_id text,
      balance_transaction_id text,
      failure_balance_transaction_id text
    );
    create index stripe_refunds_charge on stripe_refunds (charge_id) where charge_id is not null;

    create table stripe_disputes (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null default 0,
      deleted boolean not null default false,
      created timestamptz not null,
      status text not null,
      amount bigint not null,
      currency text not null,
      reason text not null,
      due_by timestamptz,
      has_evidence boolean not null,
      submission_count integer not null,
      balance_transaction_ids text[] not null,
      charge_id text,
      payment_intent_id text
    );
    comment on table stripe_disputes is 'What a dispute is about and how far it is; the money that it moves is in balance_transactions.';
    create index stripe_disputes_charge on stripe_disputes (charge_id) where charge_id is not null;

    create table stripe_payouts (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null,
      deleted boolean not null default false,
      created timestamptz not null,
      arrival_date timestamptz not null,
      amount bigint not null,
      currency text not null,
      status text not null,
      automatic boolean not null,
      reconciliation_status text not null,
      failure_code text,
      balance_transaction_id text,
      failure_balance_transaction_id text,
      original_payout_id text,
      reversed_by_id text
    );

    create table payout_lines (
      payout_id text not null,
      balance_transaction_id text not null,
      primary key (payout_id, balance_transaction_id)
    );
    comment on table payout_lines is 'Which payouts carried a balance transaction, as Stripe lists it once an automatic payout is reconciled; more than one if a payout failed.';
    create index payout_lines_transaction on payout_lines (balance_transaction_id);
    create table payouts_pulled (payout_id text primary key, pulled_at timestamptz not null default clock_timestamp());
    comment on table payouts_pulled is 'Payouts whose lines are complete in payout_lines.';

    create table stripe_early_fraud_warnings (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null default 0,
      deleted boolean not null default false,
      created timestamptz not null,
      fraud_type text not null,
      actionable boolean not null,
      charge_id text,
      payment_intent_id text
    );
    create index stripe_early_fraud_warnings_charge on stripe_early_fraud_warnings (charge_id) where charge_id is not null;

    create table stripe_payment_methods (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null default 0,
      deleted boolean not null default false,
      created timestamptz not null,
      type text not null,
      card_brand text,
      card_country text,
      card_exp_month integer,
      card_exp_year integer,
      customer_id text
    );
    create index stripe_payment_methods_customer on stripe_payment_methods (customer_id) where customer_id is not null;

    alter table stripe_subscriptions
      add column pause_behavior text,
      add column pause_resumes_at timestamptz;
    alter table stripe_sessions
      add column recovery_url_sealed bytea,
      add column recovered_from_id text;
    alter table stripe_charges
      add column donation_id uuid;
    create index stripe_charges_donation on stripe_charges (donation_id) where donation_id is not null;
    alter table donations
      drop constraint donations_origin_check,
      add constraint donations_origin_check check (origin in ('checkout', 'stripe', 'adopted'));
    alter table payments
      drop constraint payments_check4,
      add constraint payments_stripe_object check (
        stripe_payment_intent is not null or stripe_invoice is not null or stripe_charge is not null
      );
    alter table stripe_invoices
      add column finalization_failed boolean not null default false;

    alter table payments
      add column refunded bigint not null default 0 check (refunded between 0 and amount),
      add column disputed bigint not null default 0 check (disputed between 0 and amount),
      add column action_required boolean not null default false,
      add column next_attempt_at timestamptz,
      add column failure_code text;

    create view missing_balance_transactions as
      select t.id, t.object_id from (
        select balance_transaction_id as id, r.id as object_id from stripe_refunds r
        union all select failure_balance_transaction_id, r.id from stripe_refunds r
        union all select balance_transaction_id, p.id from stripe_payouts p
        union all select failure_balance_transaction_id, p.id from stripe_payouts p
        union all select unnest(balance_transaction_ids), d.id from stripe_disputes d
      ) as t
      where t.id is not null and not exists (select from balance_transactions b where b.id = t.id);
    comment on view missing_balance_transactions is 'Money that Stripe''s objects speak of and the ledger does not have yet.';

    create table payment_movements (
      balance_transaction_id text primary key,
      payment_id uuid not null references payments on delete cascade,
      donation_id uuid not null references donations,
      frequency text not null,
      booked_at timestamptz not null,
      currency text not null,
      gross bigint not null,
      refunded bigint not null,
      disputed bigint not null,
      fee bigint not null,
      net bigint not null,
      check (net = gross - refunded - disputed - fee)
    );
    comment on table payment_movements is 'The balance transactions that are gifts, refunds and disputes of gifts, each tied to its payment. What is left in balance_transactions is not gifts. Derived.';
    create index payment_movements_payment on payment_movements (payment_id);
    create index payment_movements_booked on payment_movements (booked_at);

    create view journal_lines as
      select b.id as balance_transaction_id, b.created as booked_at, b.currency, line.account, line.amount, m.payment_id
      from balance_transactions b
      left join payment_movements m on m.balance_transaction_id = b.id
      cross join lateral (values
        ('stripe_balance', b.net),
        (case when m.payment_id is null and b.reporting_category = 'fee' then 'stripe_fees' else 'payment_fees' end, b.fee),
        (case
          when m.gross <> 0 then 'gifts_' || m.frequency
          when m.disputed <> 0 then 'disputes'
          when m.refunded <> 0 then 'refunds'
          when b.type in ('payout', 'payout_cancel', 'payout_failure') then 'payouts'
          when b.reporting_category = 'fee' then 'stripe_fees'
          else 'not_gifts_' || b.reporting_category
        end, -b.amount)
      ) as line (account, amount)
      where line.amount <> 0;
    comment on view journal_lines is 'Double entry: debits positive, credits negative, in minor units of the settlement currency. The lines of one balance transaction sum to zero.';

    drop index stripe_events_object;
    create index stripe_events_waiting on stripe_events (object_id) where state = 'waiting';

    create table alerts (
      kind text not null,
      object_id text not null,
      detail text not null,
      first_at timestamptz not null default clock_timestamp(),
      primary key (kind, object_id, detail)
    );
    comment on table alerts is 'What the code did not expect of Stripe, such as a state it does not know: kept until somebody has looked.';
  `.execute(db);
}
