import { promises as fs } from "node:fs";
import path from "node:path";
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
  const { error, results } = await migrator(db).migrateToLatest();
  if (error !== undefined) throw error;
  await runMigrations({ pgPool: poolOf(db), logger: new Logger(() => () => {}) });
  const advice = await prepareFinanceReader(db);
  if (advice !== null) advise(advice);
  return (results ?? []).filter((result) => result.status === "Success").map((result) => result.migrationName);
}

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
