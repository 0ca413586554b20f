import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { scramVerifier } from "./scram.ts";

/**
 * Makes the application's role and its database, as they would be on a server in production: the role owns the
 * database and may create roles and databases, and is no superuser. Every start gives the role a new password.
 */
export async function provision(adminUrl: string, app: { role: string; database: string; password: string }) {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const role = escapeIdentifier(app.role);
    const roles = await client.query("select 1 from pg_roles where rolname = $1", [app.role]);
    if (roles.rowCount === 0) await client.query(`create role ${role}`);
    const verifier = escapeLiteral(scramVerifier(app.password));
    await client.query(`alter role ${role} login nosuperuser createdb createrole password ${verifier}`);
    const databases = await client.query("select 1 from pg_database where datname = $1", [app.database]);
    if (databases.rowCount === 0) await client.query(`create database ${escapeIdentifier(app.database)} owner ${role}`);
  } finally {
    await client.end();
  }
}
