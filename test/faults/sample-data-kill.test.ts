import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBooks } from "../../src/donations/rebuild.ts";
import { makeSampleData } from "../../src/sandbox/sample/make.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { PROJECT, runNode } from "../support/run-node.ts";
import { sampleRows } from "../support/sample.ts";

const ARGS = ["src/cli/main.ts", "sample-data", "--payments", "3000", "--years", "2"];

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const environment = () => ({
  NODE_ENV: "development",
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
  DATABASE_URL: app.databaseUrl,
  STRIPE_SECRET_KEY: "sk_test_any",
  STRIPE_API_BASE: app.standIn.url,
  DATA_KEYS: `${app.settings.loadKeys()[0]?.id}:${app.settings.loadKeys()[0]?.key.toString("base64")}`,
});

/** Kills the command as soon as the query finds something. */
async function killedOnce(condition: ReturnType<typeof sql>): Promise<void> {
  const child = spawn(process.execPath, ARGS, {
    cwd: PROJECT,
    env: { ...process.env, ...environment() },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  while (child.exitCode === null && (await condition.execute(app.db)).rows.length === 0) await sleep(5);
  child.kill("SIGKILL");
  await ended;
}

test("killed while it loads and while it derives, then let run: the same books as without", {
  timeout: 90_000,
}, async () => {
  await killedOnce(sql`select from cursors where name like 'sample_data %' and position is not null`);
  const [loaded] = (
    await sql<{ payments: number; charges: number }>`
      select (select count(*) from payments) as payments, (select count(*) from stripe_charges) as charges
    `.execute(app.db)
  ).rows;
  expect(loaded?.payments).toBe(0);
  expect(loaded?.charges).toBeGreaterThan(0);
  await killedOnce(sql`select from payments limit 1`);

  const last = await runNode(ARGS, environment());
  expect(last.stderr).not.toMatch(/failed/);
  expect(last.code).toBe(0);
  expect(last.stdout).toMatch(/^3000 payments that never were/);
  expect((await runNode(ARGS, environment())).stdout).toMatch(/^Nothing to do/);

  expect(await checkBooks(app.deps, (difference) => expect(difference).toBeNull())).toBeGreaterThan(500);
  const { rows } = await sql<{ name: string }>`select name from cursors where name like 'sample_data {%'`.execute(
    app.db,
  );
  const { until } = JSON.parse(rows[0]?.name.slice("sample_data ".length) ?? "") as { until: string };
  const undisturbed = await startApp();
  try {
    await makeSampleData({ ...undisturbed.deps, now: () => new Date(until) }, { payments: 3000, years: 2 });
    expect(await sampleRows(app.db)).toEqual(await sampleRows(undisturbed.db));
  } finally {
    await undisturbed.close();
  }
});

test("says what it expects, and nothing of code", async () => {
  for (const args of [["--payments", "many"], ["--months", "3"], ["now"]]) {
    const { code, stderr } = await runNode(["src/cli/main.ts", "sample-data", ...args], environment());
    expect(stderr).toMatch(/--payments: expected|Use: sample-data/);
    expect(stderr).not.toMatch(/^\s+at |\.ts:\d/m);
    expect(code).toBe(1);
  }
});
