import { type Kysely, sql } from "kysely";
import { missingMigrations } from "./migrate.ts";
import type { DB } from "./schema.ts";

const ANSWER_WITHIN_MS = 2_000;

/** Why the database can't serve now, in words for an operator; null when it can. */
export async function databaseTrouble(db: Kysely<DB>): Promise<string | null> {
  try {
    const missing = await Promise.race([check(db), tooLate()]);
    return missing.length === 0 ? null : "the database lacks a migration";
  } catch {
    return "the database can't be reached";
  }
}

async function check(db: Kysely<DB>): Promise<readonly string[]> {
  await sql`select 1`.execute(db);
  return await missingMigrations(db);
}

function tooLate(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("too late")), ANSWER_WITHIN_MS).unref();
  });
}
