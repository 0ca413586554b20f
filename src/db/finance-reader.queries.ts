import { type Kysely, sql } from "kysely";
import type { DB } from "./schema.ts";

const ROLE = "finance_reader";

/**
 * Makes the role `finance_reader` unless the cluster has it (it may come into being at the same time, from another database's
 * migration), and lets it read the views of `reporting` and nothing else. Repeating it changes nothing.
 * @returns where the privilege to make a role is missing, what an administrator has to run; null otherwise
 */
export async function prepareFinanceReader(db: Kysely<DB>, role = ROLE): Promise<string | null> {
  const grants = [
    `grant usage on schema reporting to ${role}`,
    `grant select on all tables in schema reporting to ${role}`,
  ];
  await sql`
    do $$ begin
      if not exists (select from pg_roles where rolname = ${sql.lit(role)}) then
        create role ${sql.id(role)} nologin;
      end if;
    exception when duplicate_object or unique_violation or insufficient_privilege then null;
    end $$
  `.execute(db);
  const { rows } = await sql`select from pg_roles where rolname = ${role}`.execute(db);
  if (rows.length === 0) {
    return `The role that migrates may not create roles, so BI tools can't read the schema "reporting" yet. Let an administrator run: create role ${role} nologin; ${grants.join("; ")};`;
  }
  await db.transaction().execute(async (trx) => {
    // Two migrations at once would trip over each other's change of the same privileges.
    await sql`select pg_advisory_xact_lock(hashtext('finance_reader'))`.execute(trx);
    for (const grant of grants) await sql.raw(grant).execute(trx);
  });
  return null;
}
