import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier } from "pg";

/** Where the tests' databases live; global-setup.ts makes it, and every test file is told of it. */
export interface DatabaseServer {
  /** A database to connect to for creating others; its role may create databases and roles. */
  readonly url: string;
  /** A migrated database that nobody connects to, to be copied. The names of its copies begin with its own. */
  readonly template: string;
}

declare module "vitest" {
  interface ProvidedContext {
    databaseServer: DatabaseServer;
  }
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same server and role, another database. */
export function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

const INSUFFICIENT_PRIVILEGE = "42501";

/** Whoever is connected. Autovacuum alone may not be ended by a role like ours: it is waited for. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await execute(serverUrl, `drop database if exists ${escapeIdentifier(name)} with (force)`);
    } catch (error) {
      if (attempt === 100 || (error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
      await sleep(100);
    }
  }
}
