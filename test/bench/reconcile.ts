import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { type Row, row } from "./measure.ts";
import type { Stage } from "./stage.ts";

const PAYMENTS = 100_000;

interface Measured {
  readonly seconds: number;
  readonly rss_mb: number;
  readonly calls: number;
  readonly remaining: number | null;
}

/** 100,000 payments at the simulated Stripe, in a process of its own: an empty database is filled from it, then compared with it. */
export async function reconcileRows(stage: Pick<Stage, "databaseUrl">): Promise<readonly Row[]> {
  const stripe = fork(new URL("./stripe-of-many.ts", import.meta.url), [String(PAYMENTS)]);
  try {
    const [port] = (await once(stripe, "message")) as [number];
    const databaseUrl = await emptyDatabase(stage.databaseUrl);
    const environment = {
      ...process.env,
      DATABASE_URL: databaseUrl,
      STRIPE_SECRET_KEY: "sk_test_bench",
      STRIPE_API_BASE: `http://127.0.0.1:${port}`,
      DATA_KEYS: `bench:${randomBytes(32).toString("base64")}`,
    };
    const filled = await measure("backfill", environment);
    const compared = await measure("reconcile", environment);
    if (compared.remaining !== 0) throw new Error(`The bench's books differ from Stripe: ${compared.remaining}.`);
    return [
      described("backfill into an empty database", filled, ""),
      described("reconcile", compared, "; aim: at most 60 s and 200 MB"),
    ];
  } finally {
    await ended(stripe);
  }
}

function described(what: string, { seconds, rss_mb, calls }: Measured, aim: string): Row {
  const about = `${seconds.toFixed(1)} s, ${calls} calls to Stripe, ${rss_mb.toFixed(0)} MB at most${aim}`;
  return {
    ...row(`${PAYMENTS} payments`, what, [seconds * 1000], null, about),
    per_second: Math.round(PAYMENTS / seconds),
  };
}

async function measure(verb: string, env: NodeJS.ProcessEnv): Promise<Measured> {
  // As `npm run donations` starts it: garbage is collected soon, for half of the memory.
  const execArgv = ["--optimize-for-size"];
  const child = fork(new URL("./reconcile-child.ts", import.meta.url), [verb], { env, execArgv });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${verb} ended with ${code} before it was done.`);
  });
  const [measured] = (await Promise.race([once(child, "message"), failed])) as [Measured];
  failed.catch(() => undefined);
  return measured;
}

async function emptyDatabase(url: string): Promise<string> {
  const pool = createPool({ url, max: 1, name: "bench", onError: console.error });
  await pool.query("create database reconcile_bench");
  await pool.end();
  const address = new URL(url);
  address.pathname = "/reconcile_bench";
  const db = createDatabase(createPool({ url: address.href, max: 1, name: "bench", onError: console.error }));
  await migrateToLatest(db);
  await db.destroy();
  return address.href;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, "exit");
  child.kill();
  await exit;
}
