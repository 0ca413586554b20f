import { type Kysely, sql } from "kysely";

/** What sending needs: a look at mails whose job was lost, the slow start of new templates, and counts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table mails add column look_at timestamptz not null default now() + interval '30 seconds';
    comment on column mails.look_at is 'Unless the mail is done by then, somebody looks whether it still has a job.';
    create index mails_unfinished on mails (look_at) where state in ('queued', 'sending');

    create table mail_ramps (
      kind text not null,
      template_version text not null,
      sent integer not null default 0,
      recent timestamptz[] not null default '{}',
      place_at timestamptz not null default '-infinity',
      places integer not null default 0,
      primary key (kind, template_version)
    );
    comment on table mail_ramps is 'How far a new kind of mail, or one whose template was changed, has come on its slow start.';
    comment on column mail_ramps.recent is 'When the latest of them went, as many as may go in a minute.';
    comment on column mail_ramps.place_at is 'The minute in which those that have to wait are given places now, and how many it has given.';

    create table mail_counts (
      kind text not null,
      state text not null check (state in ('sent', 'suppressed', 'failed')),
      shard smallint not null,
      count bigint not null default 0,
      primary key (kind, state, shard)
    );
    comment on table mail_counts is 'How many mails have ended in which way: the mails themselves are too many to be counted. In shards, so that workers don''t wait for each other.';
  `.execute(db);
}
