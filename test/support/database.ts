import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import { escapeIdentifier } from "pg";
import { inject } from "vitest";
import { createDatabase, createPool } from "../../src/db/client.ts";
import type { DB } from "../../src/db/schema.ts";
import { dropDatabase, execute, urlOf } from "./database-server.ts";

export interface TestDatabase {
  readonly url: string;
  readonly db: Kysely<DB>;
  /** Closes `db` and removes the database, whoever is connected. */
  drop(): Promise<void>;
}

/** A new, migrated, empty database that nobody else uses: one for each test file, or for each test that needs its own. */
export async function testDatabase(options: { connections?: number } = {}): Promise<TestDatabase> {
  const server = inject("databaseServer");
  const name = `${server.template}_${randomBytes(6).toString("hex")}`;
  await copyTemplate(server.url, server.template, name);
  const url = urlOf(server.url, name);
  // A broken idle connection says nothing that the next query would not: tests that break them on purpose stay quiet.
  const pool = createPool({ url, max: options.connections ?? 10, name: "tests", onError: () => {} });
  const db = createDatabase(pool);
  return {
    url,
    db,
    drop: async () => {
      await db.destroy();
      await dropDatabase(server.url, name);
    },
  };
}

const OBJECT_IN_USE = "55006";

/** Postgres refuses to copy a database while somebody is connected to it, if only for a moment. */
async function copyTemplate(serverUrl: string, template: string, name: string): Promise<void> {
  const statement = `create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)} strategy file_copy`;
  for (let attempt = 1; ; attempt++) {
    try {
      return await execute(serverUrl, statement);
    } catch (error) {
      if (attempt === 10 || (error as { code?: string }).code !== OBJECT_IN_USE) throw error;
      await sleep(50 * attempt);
    }
  }
}
