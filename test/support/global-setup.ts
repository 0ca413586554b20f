import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Client, escapeIdentifier } from "pg";
import type { TestProject } from "vitest/node";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { dropDatabase, execute, urlOf } from "./database-server.ts";
import { fastFolder } from "./fast-folder.ts";

/**
 * One database server for the whole run: an embedded Postgres of its own, or the one of TEST_DATABASE_URL (15 or newer, a
 * role that may create databases and roles). Nothing of it is left when the run ends.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env.TEST_DATABASE_URL;
  const server = external ? { url: external, stop: async () => {} } : await startEmbedded();
  const template = `donations_test_${randomBytes(4).toString("hex")}`;
  const teardown = async () => {
    if (external) await dropCopies(server.url, template);
    await server.stop();
  };
  try {
    await makeTemplate(server.url, template);
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide("databaseServer", { url: server.url, template });
  return teardown;
}

async function startEmbedded(): Promise<{ url: string; stop: () => Promise<void> }> {
  const { startEmbeddedPostgres } = await import("../../src/sandbox/postgres/start.ts");
  const folder = await fastFolder();
  await removeLeftovers(folder);
  const dataDir = await mkdtemp(join(folder, `${PREFIX}${process.pid}-`));
  // If this process is ended without a teardown.
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  process.once("exit", remove);
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      remove();
      process.removeListener("exit", remove);
    },
  };
}

async function makeTemplate(serverUrl: string, template: string): Promise<void> {
  await execute(serverUrl, `create database ${escapeIdentifier(template)}`);
  const url = urlOf(serverUrl, template);
  const db = createDatabase(createPool({ url, max: 2, name: "tests", onError: () => {} }));
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
  // What nobody can connect to can always be copied.
  await execute(
    serverUrl,
    `alter database ${escapeIdentifier(template)} with is_template true allow_connections false`,
  );
}

async function dropCopies(serverUrl: string, template: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  const copies = await client.query("select datname from pg_database where starts_with(datname, $1)", [`${template}_`]);
  await client.end();
  for (const { datname } of copies.rows) await dropDatabase(serverUrl, datname);
  await execute(serverUrl, `alter database ${escapeIdentifier(template)} with is_template false`);
  await dropDatabase(serverUrl, template);
}

const PREFIX = "reader-donations-test-";

/** Removes the data of runs that were killed; their names begin with the process that made them. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
