import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { dropDatabase, execute, urlOf } from "../support/database-server.ts";

/** What one sees of the tables while another changes them differs from run to run, so there are many, a moment apart. */
test("of many that migrate an empty database, a moment apart, none fails, and each migration is applied once", async () => {
  const server = inject("databaseServer");
  const name = `${server.template}_empty_${randomBytes(4).toString("hex")}`;
  await execute(server.url, `create database ${name}`);
  onTestFinished(() => dropDatabase(server.url, name));
  const migrate = async (inMs: number) => {
    await sleep(inMs);
    const db = createDatabase(
      createPool({ url: urlOf(server.url, name), max: 2, name: "migrates", onError: () => undefined }),
    );
    try {
      return await migrateToLatest(db);
    } finally {
      await db.destroy();
    }
  };
  const applied = await Promise.all(Array.from({ length: 16 }, (_, index) => migrate(index * 60)));
  const names = applied.flat();
  expect(names[0]).toBe("0001-first");
  expect(new Set(names).size).toBe(names.length);
});
