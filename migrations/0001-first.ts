import { type Kysely, sql } from "kysely";

/** Frozen: what has run somewhere is never edited, the next change is the next file. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table vault_lookup_key (
      id smallint primary key check (id = 1),
      wrapped bytea not null,
      created_at timestamptz not null default now()
    );
    comment on table vault_lookup_key is 'The random key of all keyed hashes, sealed under the data key; made once, so rotation never breaks a lookup.';

    create table donations (
      id uuid primary key,
      created_at timestamptz not null,
      origin text not null check (origin in ('checkout', 'stripe')),
      frequency text not null check (frequency in ('once', 'monthly', 'annual')),
      currency text not null check (currency ~ '^[A-Z]{3}$'),
      amount bigint not null check (amount > 0),
      chosen_amount bigint not null check (chosen_amount > 0),
      fees_covered boolean not null,
      locale text,
      country text check (country ~ '^[A-Z]{2}$'),
      discreet boolean not null default false,
      newsletter boolean not null default false,
      article_id text,
      article_url text check (article_url !~ '[?#]'),
      campaign text,
      placement text,
      variant text,
      referrer text check (referrer !~ '[?#]'),
      utm_source text,
      utm_medium text,
      utm_campaign text,
      utm_content text,
      utm_term text,
      status text not null check (status in ('created', 'open', 'processing', 'paid', 'failed', 'expired')),
      subscription_status text,
      donor_id uuid,
      stripe_session text,
      stripe_payment_intent text,
      stripe_subscription text,
      stripe_customer text,
      check (amount >= chosen_amount),
      check (fees_covered or amount = chosen_amount)
    );
    comment on table donations is 'A reader''s commitment. What the reader chose is written at checkout; status, donor and the stripe_* links are derived from the mirror.';

    create table consents (
      donation_id uuid primary key references donations,
      shown_at timestamptz not null,
      terms_version text not null,
      terms_in_force text not null,
      locale text not null,
      frequency text not null,
      currency text not null,
      amount bigint not null,
      statement text not null
    );
    comment on table consents is 'Proof of consent: what stood beside the button when the reader pressed it.';

    create table checkouts (
      donation_id uuid primary key references donations,
      attempt integer not null default 1 check (attempt > 0),
      state text not null check (state in ('prepared', 'answered', 'refused')),
      params_sealed bytea,
      url_sealed bytea,
      session_id text,
      refusal text,
      expires_at timestamptz not null,
      resumable_until timestamptz not null,
      created_at timestamptz not null default now(),
      check ((state = 'answered') = (session_id is not null and url_sealed is not null)),
      check (state <> 'prepared' or params_sealed is not null)
    );
    comment on table checkouts is 'One call to Stripe per donation, made resumable: the exact parameters, the attempt in its idempotency key, and the answer.';
    create unique index checkouts_session on checkouts (session_id) where session_id is not null;

    create table idempotency_keys (
      key_hash bytea primary key,
      request_hash bytea not null,
      donation_id uuid not null references donations,
      lease_until timestamptz not null,
      created_at timestamptz not null default now()
    );
    comment on table idempotency_keys is 'Which donation a client''s key stands for, and who is working on it until when; the answer itself is the checkout''s.';
    create index idempotency_keys_created on idempotency_keys (created_at);

    create table stripe_events (
      id text primary key,
      type text not null,
      api_version text,
      livemode boolean not null,
      created timestamptz not null,
      object_id text,
      payload_sealed bytea,
      received_at timestamptz not null default now(),
      state text not null default 'received' check (state in ('received', 'waiting', 'applied', 'ignored', 'dead')),
      reason text,
      attempts integer not null default 0,
      due_at timestamptz not null default now(),
      finished_at timestamptz,
      check (state not in ('received', 'waiting') or payload_sealed is not null),
      check (state not in ('ignored', 'dead', 'waiting') or reason is not null)
    );
    comment on table stripe_events is 'The inbox: every verified event, kept before it is acknowledged.';
    create index stripe_events_due on stripe_events (due_at) where state in ('received', 'waiting');
    create index stripe_events_object on stripe_events (object_id);

    create table stripe_customers (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null default 0,
      deleted boolean not null default false,
      created timestamptz,
      email_hash bytea,
      email_sealed bytea,
      name_sealed bytea,
      details_hash bytea
    );
    comment on column stripe_customers.details_hash is 'Keyed hash of address and name: tells whether two versions differ without opening them.';
    create index stripe_customers_email on stripe_customers (email_hash) where email_hash is not null;

    create table stripe_sessions (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null,
      deleted boolean not null default false,
      created timestamptz not null,
      expires_at timestamptz not null,
      mode text not null,
      status text,
      payment_status text not null,
      currency text,
      amount_total bigint,
      donation_id uuid,
      frequency text,
      attribution_code text,
      customer_id text,
      payment_intent_id text,
      subscription_id text,
      invoice_id text
    );
    create index stripe_sessions_donation on stripe_sessions (donation_id) where donation_id is not null;
    create index stripe_sessions_payment_intent on stripe_sessions (payment_intent_id) where payment_intent_id is not null;
    create index stripe_sessions_subscription on stripe_sessions (subscription_id) where subscription_id is not null;

    create table stripe_payment_intents (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null,
      deleted boolean not null default false,
      created timestamptz not null,
      status text not null,
      amount bigint not null,
      amount_received bigint not null,
      currency text not null,
      failure_code text,
      donation_id uuid,
      frequency text,
      attribution_code text,
      customer_id text
    );
    create index stripe_sessions_customer on stripe_sessions (customer_id) where customer_id is not null;
    create index stripe_payment_intents_customer on stripe_payment_intents (customer_id) where customer_id is not null;
    create index stripe_payment_intents_donation on stripe_payment_intents (donation_id) where donation_id is not null;

    create table stripe_charges (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null default 0,
      deleted boolean not null default false,
      created timestamptz not null,
      status text not null,
      paid boolean not null,
      captured boolean not null,
      amount bigint not null,
      amount_captured bigint not null,
      currency text not null,
      method_type text,
      card_brand text,
      card_country text,
      wallet text,
      failure_code text,
      payment_intent_id text,
      customer_id text,
      balance_transaction_id text
    );
    create index stripe_charges_payment_intent on stripe_charges (payment_intent_id) where payment_intent_id is not null;

    create table stripe_invoices (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null,
      deleted boolean not null default false,
      created timestamptz not null,
      paid_at timestamptz,
      status text,
      billing_reason text,
      currency text not null,
      amount_due bigint not null,
      amount_paid bigint not null,
      attempt_count integer not null,
      next_attempt_at timestamptz,
      donation_id uuid,
      customer_id text,
      subscription_id text
    );
    create index stripe_invoices_subscription on stripe_invoices (subscription_id) where subscription_id is not null;
    create index stripe_invoices_donation on stripe_invoices (donation_id) where donation_id is not null;

    create table stripe_invoice_payments (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null,
      deleted boolean not null default false,
      created timestamptz not null,
      paid_at timestamptz,
      status text not null,
      amount_paid bigint,
      currency text not null,
      invoice_id text,
      payment_intent_id text,
      charge_id text
    );
    create index stripe_invoice_payments_invoice on stripe_invoice_payments (invoice_id) where invoice_id is not null;
    create index stripe_invoice_payments_payment_intent on stripe_invoice_payments (payment_intent_id) where payment_intent_id is not null;
    create index stripe_invoice_payments_charge on stripe_invoice_payments (charge_id) where charge_id is not null;

    create table stripe_subscriptions (
      id text primary key,
      as_of timestamptz not null,
      rank smallint not null default 0,
      deleted boolean not null default false,
      created timestamptz not null,
      status text not null,
      currency text not null,
      amount bigint,
      interval text,
      current_period_end timestamptz,
      cancel_at timestamptz,
      cancel_at_period_end boolean not null,
      canceled_at timestamptz,
      ended_at timestamptz,
      cancellation_reason text,
      donation_id uuid,
      frequency text,
      attribution_code text,
      customer_id text
    );
    create index stripe_subscriptions_customer on stripe_subscriptions (customer_id) where customer_id is not null;
    create index stripe_subscriptions_donation on stripe_subscriptions (donation_id) where donation_id is not null;

    create table refetches (
      object_id text primary key,
      kind text not null,
      due_at timestamptz not null,
      attempts integer not null default 0,
      reason text not null
    );
    comment on table refetches is 'Objects whose state one event could not settle: fetched from Stripe once due.';
    create index refetches_due on refetches (due_at);

    create table dirty_objects (
      seq bigint generated always as identity primary key,
      kind text not null,
      object_id text not null
    );
    comment on table dirty_objects is 'Mirror rows that changed and whose donations have not been derived since.';

    create table payments (
      id uuid primary key,
      donation_id uuid not null references donations,
      frequency text not null check (frequency in ('once', 'monthly', 'annual')),
      installment integer not null check (installment > 0),
      status text not null check (status in ('processing', 'paid', 'failed')),
      currency text not null,
      amount bigint not null check (amount > 0),
      booked_at timestamptz not null,
      paid_at timestamptz,
      payment_method text,
      card_country text,
      settlement_currency text,
      settled_gross bigint,
      fee bigint,
      net bigint,
      exchange_rate numeric,
      stripe_payment_intent text,
      stripe_charge text,
      stripe_invoice text,
      stripe_subscription text,
      stripe_balance_transaction text,
      check (net = settled_gross - fee),
      check ((settlement_currency is null) = (settled_gross is null)),
      check ((settled_gross is null) = (fee is null)),
      check (status <> 'paid' or paid_at is not null),
      check (stripe_payment_intent is not null or stripe_invoice is not null),
      unique (donation_id, installment) deferrable initially deferred
    );
    comment on table payments is 'One charge of a donation: a PaymentIntent (once) or an invoice (recurring). Derived from the mirror and the ledger.';
    create index payments_newest on payments (booked_at desc, id desc);
    create index payments_unsettled on payments (id) where status = 'paid' and settled_gross is null;

    create table balance_transactions (
      id text primary key,
      created timestamptz not null,
      available_on timestamptz not null,
      type text not null,
      reporting_category text not null,
      source_id text,
      currency text not null,
      amount bigint not null,
      fee bigint not null,
      net bigint not null,
      fee_details jsonb not null,
      exchange_rate numeric,
      check (net = amount - fee)
    );
    comment on table balance_transactions is 'Stripe''s ledger, copied append-only: the truth about money.';
    create index balance_transactions_created on balance_transactions (created, id);
    create index balance_transactions_source on balance_transactions (source_id) where source_id is not null;

    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'Rows of % are never changed or removed: a correction is a new row.', tg_table_name using errcode = 'restrict_violation';
    end $$;
    create trigger append_only before update or delete or truncate on balance_transactions
      for each statement execute function refuse_change();
    revoke update, delete, truncate on balance_transactions from current_user;

    create table cursors (
      name text primary key,
      position timestamptz,
      lease_until timestamptz not null default '-infinity',
      moved_at timestamptz
    );
    comment on table cursors is 'How far a pull from Stripe has come, and who holds it.';

    create table staff_tokens (
      id uuid primary key,
      token_hash bytea not null unique,
      role text not null check (role in ('finance', 'audience', 'support', 'admin')),
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      revoked_at timestamptz
    );
  `.execute(db);
}
