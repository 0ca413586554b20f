import { promises as fs } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Logger, runMigrations } from "graphile-worker";
import type { Kysely } from "kysely";
import { FileMigrationProvider, Migrator } from "kysely/migration";
import { SetupError } from "../shared/errors.ts";
import { poolOf } from "./client.ts";
import { prepareFinanceReader } from "./finance-reader.queries.ts";
import type { DB } from "./schema.ts";

const migrationFolder = fileURLToPath(new URL("../../migrations", import.meta.url));

function migrator(db: Kysely<DB>): Migrator {
  return new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder }) });
}

/**
 * Applies what is missing, in one transaction, then the job queue's own, and lets `finance_reader` read the views; several processes may do it
 * at once. `advise` is told what an administrator has to do where a privilege is missing. @returns the names applied
 */
export async function migrateToLatest(
  db: Kysely<DB>,
  advise: (advice: string) => void = () => {},
): Promise<readonly string[]> {
  const applied = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    try {
      const { error, results = [] } = await migrator(db).migrateToLatest();
      for (const { status, migrationName } of results) if (status === "Success") applied.add(migrationName);
      if (error !== undefined) throw error;
      await runMigrations({ pgPool: poolOf(db), logger: new Logger(() => () => {}) });
      break;
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !CHANGED_MEANWHILE.has((error as { code?: string }).code ?? "")) throw error;
      await sleep(PAUSE_MS * attempt);
    }
  }
  const advice = await prepareFinanceReader(db);
  if (advice !== null) advise(advice);
  return [...applied];
}

/**
 * Undefined table, column, schema. The migrator looks at all tables of the database before it waits for its lock, and those of the jobs' queue
 * may be changed by another process at that moment: Postgres then misses what it has just listed.
 */
const CHANGED_MEANWHILE = new Set(["42P01", "42703", "3F000"]);
const MOST_ATTEMPTS = 8;
const PAUSE_MS = 100;

/** @throws SetupError when the database lacks a migration: only `npm start` and `migrate` apply them. */
export async function assertMigrated(db: Kysely<DB>): Promise<void> {
  const missing = await missingMigrations(db);
  if (missing.length === 0) return;
  throw new SetupError([
    `The database lacks ${missing.length} migration(s), the first of them ${missing[0]}. Run \`npm run donations -- migrate\`, then start again.`,
  ]);
}

export async function missingMigrations(db: Kysely<DB>): Promise<readonly string[]> {
  const all = await migrator(db).getMigrations();
  return all.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
}
