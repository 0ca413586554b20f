import { type Kysely, sql } from "kysely";

/** Whose cancel it was, a lasting no, how often an address was asked to confirm, and trouble of the mail server's own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table reminders
      add column discreet boolean not null default false,
      add column cancelled_by text check (cancelled_by in ('own', 'mail', 'other')),
      add check (cancelled_by is null or cancelled_from is not null);
    comment on column reminders.cancelled_by is 'By which link: the one that its own asker holds, one in a mail about it, or one of another reminder of the address, which the asker must not be told.';
    update reminders r set cancelled_by = case when exists (
      select from reminders o where o.cancel_id = r.cancel_id and o.id <> r.id
    ) then 'other' else 'own' end
    where cancelled_from is not null;

    alter table mail_addresses
      add column reminders_cancel_id uuid,
      add column reminders_refused_at timestamptz,
      add column confirm_asks timestamptz[] not null default '{}';
    comment on column mail_addresses.reminders_cancel_id is 'The cancel that had the last word: what it ended can be brought back by who did it.';
    comment on column mail_addresses.reminders_refused_at is 'Said no by the link of a mail that asked to confirm: it is not asked again for a year.';
    comment on column mail_addresses.confirm_asks is 'When mails last asked to confirm, oldest first: there are only so many.';
    update mail_addresses set confirm_asks = array[confirm_asked_at] where confirm_asked_at is not null;
    alter table mail_addresses drop column confirm_asked_at;

    update mail_addresses a set reminders_cancel_id = r.cancel_id
    from reminders r where r.address_hash = a.address_hash and r.finished_at = a.reminders_cancelled_at and r.cancelled_by = 'own';

    alter table mails
      add column outages integer not null default 0,
      add column outage_since timestamptz;
    comment on column mails.outages is 'Of its attempts, those that failed for trouble of the mail server, whichever mail it was.';
    comment on column mails.outage_since is 'Since when every attempt has failed so.';
  `.execute(db);
}
