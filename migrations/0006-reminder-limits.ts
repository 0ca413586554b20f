import { type Kysely, sql } from "kysely";

/** What reminders need beyond their first tables, and the limits of requests. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table reminders
      drop column lease_until,
      add column cancelled_from text check (cancelled_from in ('unconfirmed', 'pending', 'queued', 'suppressed')),
      add column cancel_id uuid,
      add check ((cancelled_from is null) = (cancel_id is null)),
      add check (cancelled_from is null or state = 'cancelled');
    comment on column reminders.cancelled_from is 'What a cancelled one was before, so that it can be undone.';
    comment on column reminders.cancel_id is 'The same for all that one cancel has ended.';

    drop index reminders_due;
    create index reminders_due on reminders (due_at) where state = 'pending' and channel = 'email';
    create index reminders_by_address on reminders (address_hash) where state in ('queued', 'cancelled');
    create index reminders_kept on reminders (due_at) where state in ('unconfirmed', 'cancelled') and address_sealed is not null;
    create index reminders_old on reminders (finished_at) where finished_at is not null and address_hash is not null;

    alter table mail_addresses add column confirm_asked_at timestamptz;
    comment on column mail_addresses.confirm_asked_at is 'When a mail last asked to confirm: the next one may not follow at once.';

    create unlogged table rate_limits (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    );
    comment on table rate_limits is 'How often a client or an address came by lately, by keyed hashes. Not in backups, and empty after a crash.';
  `.execute(db);
}
