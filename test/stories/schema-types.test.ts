import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { firstDifference, typesOf, typesOfMigrations } from "../../config/schema.ts";
import { testDatabase } from "../support/database.ts";
import { execute } from "../support/database-server.ts";

/** The checked-in types of the schema are what the migrations make, and the check that says so can fail. */

const checkedIn = await readFile(join(import.meta.dirname, "../../src/db/schema.ts"), "utf8");

test("the checked-in types are what the migrations make, and the scratch database is gone", async () => {
  const server = inject("databaseServer");
  expect(firstDifference(checkedIn, await typesOfMigrations(server.url))).toBeUndefined();

  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query("select datname from pg_database where datname like 'schema_types%'");
  await client.end();
  expect(rows).toEqual([]);
});

test("a column that the types lack is named, with its type as the driver delivers it", async () => {
  const { url, drop } = await testDatabase();
  await execute(
    url,
    `alter table donations add column added_amount bigint not null, add column added_at timestamptz,
       add column added_rate numeric not null, add column added_json jsonb not null`,
  );
  const generated = await typesOf(url);
  await drop();
  expect(generated).toMatch(/^ {2}added_amount: number;$/m);
  expect(generated).toMatch(/^ {2}added_at: Timestamp \| null;$/m);
  expect(generated).toMatch(/^ {2}added_rate: Numeric;$/m);
  expect(generated).toMatch(/^ {2}added_json: Json;$/m);
  expect(firstDifference(checkedIn, generated)).toMatch(
    /^line \d+: has ".*", the migrations make " {2}added_amount: number;"$/,
  );
});
