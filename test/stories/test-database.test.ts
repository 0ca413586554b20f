import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { assertMigrated } from "../../src/db/migrate.ts";
import { testDatabase } from "../support/database.ts";

describe("a test's database", () => {
  test("is migrated, empty and its own", async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    try {
      await assertMigrated(one.db);
      await sql`create table mark (id int)`.execute(one.db);
      await expect(sql`select * from mark`.execute(other.db)).rejects.toMatchObject({ code: "42P01" });
    } finally {
      await Promise.all([one.drop(), other.drop()]);
    }
  });

  test("is used as a role that is no superuser, as in production", async () => {
    const { db, drop } = await testDatabase();
    try {
      const { rows } = await sql`select rolsuper from pg_roles where rolname = current_user`.execute(db);
      if (process.env.TEST_DATABASE_URL === undefined) expect(rows).toEqual([{ rolsuper: false }]);
    } finally {
      await drop();
    }
  });

  test("many are made at once", async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, () => testDatabase({ connections: 1 })));
    expect(new Set(databases.map(({ url }) => url)).size).toBe(8);
    await Promise.all(databases.map(({ drop }) => drop()));
  });
});
