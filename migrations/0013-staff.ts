import { type Kysely, sql } from "kysely";

/** Staff who sign in with a browser, and what they have seen and done. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table staff_members (
      id uuid primary key,
      address_hash bytea not null unique,
      address_sealed bytea not null,
      role text not null check (role in ('finance', 'audience', 'support', 'admin')),
      created_at timestamptz not null default clock_timestamp(),
      removed_at timestamptz,
      signed_in_at timestamptz
    );
    comment on table staff_members is 'Who may sign in. One who was removed stays, so that what they did can be told to have been theirs; added again it is the same row.';

    create table staff_sign_ins (
      id uuid primary key,
      staff_id uuid not null references staff_members,
      browser_hash bytea not null,
      return_to text not null check (return_to ~ '^/finance' and length(return_to) <= 500),
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      used_at timestamptz
    );
    comment on table staff_sign_ins is 'A link that was mailed: good once, for a quarter of an hour, in the browser that asked for it. Its id is the mail''s.';
    create index staff_sign_ins_lately on staff_sign_ins (staff_id, created_at);

    create table staff_sessions (
      id uuid primary key,
      token_hash bytea not null unique,
      staff_id uuid not null references staff_members,
      created_at timestamptz not null default clock_timestamp(),
      seen_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null
    );
    comment on table staff_sessions is 'Browsers that are signed in. One that ends is removed. What its holder may do is looked up at each request, in staff_members.';
    create index staff_sessions_of on staff_sessions (staff_id);

    create table audit_entries (
      id uuid primary key,
      at timestamptz not null default clock_timestamp(),
      actor_kind text not null check (actor_kind in ('staff', 'token', 'command_line')),
      actor_id uuid,
      role text check (role in ('finance', 'audience', 'support', 'admin')),
      action text not null check (action ~ '^[a-z_]+$'),
      subject text,
      detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
      check ((actor_kind = 'command_line') = (actor_id is null))
    );
    comment on table audit_entries is 'Who read a name, took a file out, signed in, changed a donor''s things or the staff: append-only, ids alone, nothing personal.';
    create index audit_entries_actor on audit_entries (actor_id, id);
    create index audit_entries_action on audit_entries (action, id);
    create index audit_entries_subject on audit_entries (subject, id) where subject is not null;
    create trigger append_only before update or delete or truncate on audit_entries
      for each statement execute function refuse_change();
    revoke update, delete, truncate on audit_entries from current_user;
  `.execute(db);
}
