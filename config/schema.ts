import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate, PostgresDialect } from "kysely-codegen";
import pg from "pg";
import { createDatabase, createPool } from "../src/db/client.ts";
import { migrateToLatest } from "../src/db/migrate.ts";
import { startEmbeddedPostgres } from "../src/sandbox/postgres/start.ts";

/**
 * `npm run schema` writes src/db/schema.ts, the types of what the migrations make; with `--check` it compares instead and
 * exits with 1 when they differ. Works on a scratch database of an embedded server, or of the one at DATABASE_URL.
 */

const typesFile = fileURLToPath(new URL("../src/db/schema.ts", import.meta.url));

/** The types of the database at `url`, as the driver delivers them (see src/db/client.ts: an unsafe int8 throws). */
export async function typesOf(url: string): Promise<string> {
  const pool = createPool({ url, max: 2, name: "schema types", onError: ignore });
  const db = createDatabase(pool);
  try {
    const dialect = new PostgresDialect({ numericParser: "string", dateParser: "timestamp" });
    return await generate({
      db,
      dialect,
      outFile: null,
      typeMapping: { int8: "number" },
      typeOnlyImports: true,
      // The views of `reporting` are read by others, and here as rows of their own kind.
      excludePattern: "{graphile_worker,reporting}.*",
    });
  } finally {
    await db.destroy();
  }
}

/** What the checked-in types ought to be. @param serverUrl a role there that may create databases */
export async function typesOfMigrations(serverUrl: string): Promise<string> {
  const name = `schema_types_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await execute(serverUrl, `create database ${name}`);
  try {
    await migrate(url.href);
    return await typesOf(url.href);
  } finally {
    await execute(serverUrl, `drop database ${name} with (force)`);
  }
}

/** The first line that differs, for a message; undefined when both are the same. */
export function firstDifference(checkedIn: string, generated: string): string | undefined {
  if (checkedIn === generated) return undefined;
  const before = checkedIn.split("\n");
  const after = generated.split("\n");
  const line = after.findIndex((text, index) => text !== before[index]);
  const at = line === -1 ? after.length : line;
  return `line ${at + 1}: has ${JSON.stringify(before[at] ?? "")}, the migrations make ${JSON.stringify(after[at] ?? "")}`;
}

async function main(args: readonly string[]): Promise<number> {
  const generated = await onSomeServer(typesOfMigrations);
  if (!args.includes("--check")) {
    await writeFile(typesFile, generated);
    return 0;
  }
  const difference = firstDifference(await readFile(typesFile, "utf8").catch(() => ""), generated);
  if (difference === undefined) return 0;
  console.error(`src/db/schema.ts is stale at ${difference}.\nRun \`npm run schema\` and commit what it writes.`);
  return 1;
}

async function onSomeServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") return use(given);
  const dataDir = await mkdtemp(join(tmpdir(), "schema-types-"));
  try {
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    try {
      return await use(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function migrate(url: string): Promise<void> {
  const db = createDatabase(createPool({ url, max: 2, name: "schema types", onError: ignore }));
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The statement in flight reports a broken connection; the pool has nothing to add. */
function ignore(): void {}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
