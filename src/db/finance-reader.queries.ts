import { type Kysely, sql } from "kysely";
import type { DB } from "./schema.ts";

const GRANTS = [
  "grant usage on schema reporting to finance_reader",
  "grant select on all tables in schema reporting to finance_reader",
] as const;

/** For an administrator, where the role that migrates may not create roles. The grants are made by the next `migrate`, too. */
const ADVICE = `The role that migrates may not create roles, so BI tools can't read the schema "reporting" yet. Let an administrator run: create role finance_reader nologin; ${GRANTS.join("; ")};`;

/**
 * Makes the role `finance_reader` unless the cluster has it (it may come into being at the same time, from another database's
 * migration), and lets it read the views of `reporting` and nothing else. Repeating it changes nothing.
 * @returns what to tell an administrator where the privilege is missing, or null
 */
export async function prepareFinanceReader(db: Kysely<DB>): Promise<string | null> {
  await sql`
    do $$ begin
      if not exists (select from pg_roles where rolname = 'finance_reader') then
        create role finance_reader nologin;
      end if;
    exception when duplicate_object or unique_violation or insufficient_privilege then null;
    end $$
  `.execute(db);
  const { rows } = await sql`select from pg_roles where rolname = 'finance_reader'`.execute(db);
  if (rows.length === 0) return ADVICE;
  await db.transaction().execute(async (trx) => {
    // Two migrations at once would trip over each other's change of the same privileges.
    await sql`select pg_advisory_xact_lock(hashtext('finance_reader'))`.execute(trx);
    for (const grant of GRANTS) await sql.raw(grant).execute(trx);
  });
  return null;
}
