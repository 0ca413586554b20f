import { type Kysely, sql } from "kysely";

/** What became of a donor's id when their address was corrected, and what one press of a button leaves in the audit. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table donor_corrections (
      request uuid not null,
      customer text not null,
      old_id uuid not null,
      new_id uuid not null check (new_id <> old_id),
      corrected_at timestamptz not null default clock_timestamp(),
      primary key (request, customer)
    );
    comment on table donor_corrections is 'A donor''s id comes from the address: when support staff correct it, the id is another one. Old ids, on paper and in exports, lead on from here.';
    create index donor_corrections_old on donor_corrections (old_id, corrected_at);
    create index donor_corrections_customer on donor_corrections (customer);
    create trigger append_only before update or delete or truncate on donor_corrections
      for each statement execute function refuse_change();
    revoke update, delete, truncate on donor_corrections from current_user;

    create unique index audit_entries_once on audit_entries (action, subject, (detail ->> 'request'), (detail ->> 'outcome'))
      where detail ? 'request';
    comment on index audit_entries_once is 'What is pressed twice on one showing of a page is one request.';
  `.execute(db);
}
