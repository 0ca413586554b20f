import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { firstDifference, typesOf, typesOfMigrations } from "../../config/schema.ts";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/sandbox/postgres/start.ts";

/** The checked-in types of the schema are what the migrations make, and the check that says so can fail. */

let dataDir: string;
let server: EmbeddedPostgres;
let checkedIn: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "schema-types-test-"));
  server = await startEmbeddedPostgres({ dataDir, durable: false });
  checkedIn = await readFile(join(import.meta.dirname, "../../src/db/schema.ts"), "utf8");
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("the checked-in types are what the migrations make", async () => {
  expect(firstDifference(checkedIn, await typesOfMigrations(server.url))).toBeUndefined();
});

test("a column that the types lack is named, with its type as the driver delivers it", async () => {
  const db = createDatabase(createPool({ url: server.url, max: 2, name: "test", onError: () => {} }));
  await migrateToLatest(db).finally(() => db.destroy());
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`alter table donations add column added_amount bigint not null,
    add column added_at timestamptz, add column added_rate numeric not null, add column added_json jsonb not null`);
  await client.end();
  const generated = await typesOf(server.url);
  expect(generated).toMatch(/^ {2}added_amount: number;$/m);
  expect(generated).toMatch(/^ {2}added_at: Timestamp \| null;$/m);
  expect(generated).toMatch(/^ {2}added_rate: Numeric;$/m);
  expect(generated).toMatch(/^ {2}added_json: Json;$/m);
  expect(firstDifference(checkedIn, generated)).toMatch(
    /^line \d+: has ".*", the migrations make " {2}added_amount: number;"$/,
  );
});

test("scratch databases are gone afterwards", async () => {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  const { rows } = await client.query("select datname from pg_database where datname like 'schema_types%'");
  await client.end();
  expect(rows).toEqual([]);
});
