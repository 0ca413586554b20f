import { type Kysely, sql } from "kysely";

/** Closed months, whose figures stay as they were, and receipts, whose numbers do. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // No foreign keys between them: a check of one locks the row it finds, which takes a privilege that is revoked below.
  await sql`
    create table closed_months (
      month text primary key check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
      time_zone text not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      closed_at timestamptz not null,
      closed_by text not null,
      reason text,
      overrode text[] not null,
      reconciliation_run uuid,
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      check (starts_at < ends_at),
      check (overrode = '{}' or reason is not null)
    );
    comment on table closed_months is 'Months whose figures are frozen, and who froze them: one follows another without a gap.';
    comment on column closed_months.overrode is 'What stood against closing and was signed for, with a reason.';
    comment on column closed_months.sha256 is 'Of the file SHA256SUMS, which has the hash of every other file of the evidence.';

    create table closed_rows (
      month text not null,
      report text not null,
      position integer not null,
      correction_of text,
      row json not null,
      primary key (month, report, position)
    );
    comment on table closed_rows is 'The rows of a closed month''s reports, as they are answered for ever; those with correction_of mend an earlier closed month.';

    create table closed_files (
      month text not null,
      name text not null,
      part integer not null,
      content text not null,
      primary key (month, name, part)
    );
    comment on table closed_files is 'The auditor''s files of a closed month, in parts, as they were when it was closed.';

    create table receipt_series (
      series smallint primary key check (series > 0),
      tax_number text not null,
      country text not null,
      unique (tax_number, country)
    );
    comment on table receipt_series is 'A legal entity keeps its series of numbers when it moves or takes another name.';

    create table legal_entities (
      id uuid primary key,
      series smallint not null,
      name text not null,
      postal_address text[] not null,
      tax_number text not null,
      country text not null,
      first_used timestamptz not null,
      unique (name, postal_address, tax_number, country)
    );
    comment on table legal_entities is 'Who received the money, as named on receipts: each wording that was ever used.';

    create table receipt_counters (
      series smallint not null,
      year integer not null,
      last integer not null check (last >= 0),
      primary key (series, year)
    );
    comment on table receipt_counters is 'The last number of each series and year. Whoever gives out numbers holds the row until they are stored.';

    create table receipts (
      number text primary key,
      series smallint not null,
      year integer not null,
      serial integer not null check (serial > 0),
      payment_id uuid not null unique,
      donation_id uuid not null,
      legal_entity_id uuid not null,
      issued_at timestamptz not null,
      received_on date not null,
      frequency text not null,
      installment integer not null,
      currency text not null,
      amount bigint not null check (amount > 0),
      reference text not null,
      unique (series, year, serial)
    );
    comment on table receipts is 'Confirmations of settled payments, numbered without gaps within a series and year. Who gave is not kept here: it is read from the vault when one is printed.';
    comment on column receipts.year is 'In which the payment was booked, in the newsroom''s time zone.';

    create table receipt_prints (
      number text not null,
      copy integer not null check (copy > 0),
      printed_at timestamptz not null,
      staff_token_id uuid,
      with_name boolean not null,
      primary key (number, copy)
    );
    create index if not exists donations_donor on donations (donor_id) where donor_id is not null;
    comment on table receipt_prints is 'Each showing of a receipt: the first is the original, all others are marked as duplicates.';
  `.execute(db);
  for (const table of APPEND_ONLY) await makeAppendOnly(db, table);
}

const APPEND_ONLY = [
  "closed_months",
  "closed_rows",
  "closed_files",
  "receipt_series",
  "legal_entities",
  "receipts",
  "receipt_prints",
];

async function makeAppendOnly(db: Kysely<unknown>, table: string): Promise<void> {
  await sql`
    create trigger append_only before update or delete or truncate on ${sql.table(table)}
      for each statement execute function refuse_change();
    revoke update, delete, truncate on ${sql.table(table)} from current_user;
  `.execute(db);
}
