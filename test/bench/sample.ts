import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { type Row, row } from "./measure.ts";
import { printBroken, type Stage } from "./stage.ts";

/** `SAMPLE_PAYMENTS=1000000 npm run bench -- sample` for as many as that. */
const PAYMENTS = Number(process.env.SAMPLE_PAYMENTS ?? 100_000);

interface Measured {
  readonly loading_seconds: number;
  readonly deriving_seconds: number;
  readonly rss_mb: number;
}

/** Sample data into an empty database, by a process of its own, as the command makes it. */
export async function sampleRows(stage: Pick<Stage, "databaseUrl" | "environment">): Promise<readonly Row[]> {
  const env = {
    ...stage.environment(),
    DATABASE_URL: await emptyDatabase(stage.databaseUrl),
    DATA_KEYS: `bench:${randomBytes(32).toString("base64")}`,
  };
  // As `npm run donations` starts it: garbage is collected soon, for half of the memory.
  const child = fork(new URL("./sample-child.ts", import.meta.url), [String(PAYMENTS)], {
    env,
    execArgv: ["--optimize-for-size"],
  });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`The sample data ended with ${code} before it was done.`);
  });
  const [measured] = (await Promise.race([once(child, "message"), failed])) as [Measured];
  failed.catch(() => undefined);
  const { loading_seconds, deriving_seconds, rss_mb } = measured;
  const seconds = loading_seconds + deriving_seconds;
  const about = `${loading_seconds.toFixed(1)} s to load, ${deriving_seconds.toFixed(1)} s to derive, ${rss_mb.toFixed(0)} MB at most`;
  return [
    {
      ...row("sample data", `${PAYMENTS} payments of three years`, [seconds * 1000], null, about),
      per_second: Math.round(PAYMENTS / seconds),
    },
  ];
}

async function emptyDatabase(url: string): Promise<string> {
  const pool = createPool({ url, max: 1, name: "bench", onError: printBroken });
  await pool.query("create database sample_bench");
  await pool.end();
  const address = new URL(url);
  address.pathname = "/sample_bench";
  const db = createDatabase(createPool({ url: address.href, max: 1, name: "bench", onError: printBroken }));
  await migrateToLatest(db);
  await db.destroy();
  return address.href;
}
