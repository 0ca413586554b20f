import { type Kysely, sql } from "kysely";

/** "Remind me later", and the mail that goes with giving. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table donations
      add column no_mail boolean not null default false,
      add column reminder_id uuid,
      add column running_amount bigint check (running_amount > 0),
      add column paused boolean not null default false;
    comment on column donations.running_amount is 'What the subscription charges now, in minor units: another than amount once the reader has changed it.';
    create index donations_reminder on donations (reminder_id) where reminder_id is not null;

    create table mails (
      id uuid primary key,
      kind text not null,
      cause text not null,
      donation_id uuid,
      reminder_id uuid,
      locale text,
      discreet boolean not null default false,
      to_sealed bytea,
      to_hash bytea,
      data jsonb not null default '{}',
      state text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'suppressed', 'failed')),
      reason text,
      attempts integer not null default 0,
      lease_until timestamptz,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      unique (kind, cause),
      check ((state in ('sent', 'suppressed', 'failed')) = (finished_at is not null)),
      check ((state in ('suppressed', 'failed')) = (reason is not null)),
      check ((state = 'sending') = (lease_until is not null)),
      check (finished_at is null or to_sealed is null)
    );
    comment on table mails is 'Each mail, once for each cause. It names nobody: the address is that of the customer or the reminder, read when it is sent.';
    comment on column mails.to_sealed is 'Only where no other row holds the address; gone once the mail is sent or given up.';
    comment on column mails.data is 'Amounts, days and ids that the text needs; nothing personal.';
    create index mails_donation on mails (donation_id) where donation_id is not null;
    create index mails_reminder on mails (reminder_id) where reminder_id is not null;

    create table mail_addresses (
      address_hash bytea primary key,
      confirmed_at timestamptz,
      reminders_cancelled_at timestamptz,
      unsubscribed_at timestamptz,
      complained_at timestamptz,
      bounced_at timestamptz,
      bounce_code text
    );
    comment on table mail_addresses is 'What is known of an address by its keyed hash alone: whether it may get mail, and which.';

    create table reminders (
      id uuid primary key,
      channel text not null check (channel in ('email', 'on_site')),
      state text not null check (state in ('unconfirmed', 'pending', 'queued', 'sent', 'cancelled', 'suppressed', 'failed')),
      reason text,
      due_on date not null,
      due_at timestamptz not null,
      time_zone text not null,
      lead_days integer not null check (lead_days >= 0),
      address_sealed bytea,
      address_hash bytea,
      locale text,
      frequency text check (frequency in ('once', 'monthly', 'annual')),
      amount bigint check (amount > 0),
      currency text,
      newsletter boolean not null default false,
      country text,
      article_id text,
      article_url text,
      campaign text,
      placement text,
      variant text,
      referrer text,
      utm_source text,
      utm_medium text,
      utm_campaign text,
      utm_content text,
      utm_term text,
      attempts integer not null default 0,
      lease_until timestamptz,
      created_at timestamptz not null,
      sent_at timestamptz,
      finished_at timestamptz,
      check ((state in ('suppressed', 'failed')) <= (reason is not null)),
      check (channel = 'email' or (address_sealed is null and address_hash is null)),
      check (address_sealed is null or state in ('unconfirmed', 'pending', 'queued', 'cancelled'))
    );
    comment on table reminders is 'Readers who want to be asked again, and when. The address goes when the reminder is done.';
    create unique index reminders_one_an_address on reminders (address_hash) where state in ('unconfirmed', 'pending');
    create index reminders_due on reminders (due_at) where state = 'pending';
    create index reminders_created on reminders (created_at);
  `.execute(db);
}
