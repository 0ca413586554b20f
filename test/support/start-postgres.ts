import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../../src/sandbox/postgres/start.ts";

/**
 * A program for tests that kill it, or run it in other circumstances: starts an embedded Postgres in the folder of its
 * first argument, on the port of its second, and prints how that went. On SIGINT it works on for a moment, as a service
 * that drains does, and then stops it. A line on its input makes it fail without stopping anything.
 */
const [dataDir = "", port] = process.argv.slice(2);
const log: string[] = [];
const begin = performance.now();

try {
  const postgres = await startEmbeddedPostgres({
    dataDir,
    ...(port ? { port: Number(port) } : {}),
    log: (line) => log.push(line.msg),
  });
  const ms = performance.now() - begin;
  process.once("SIGINT", async () => {
    await sleep(300);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query("select 'drained' as word");
    await client.end();
    process.stdout.write(`${rows[0].word}\n`);
    await Promise.all([postgres.stop(), postgres.stop()]);
    process.exit(0);
  });
  process.stdin.once("data", () => {
    throw new Error("asked to fail");
  });
  process.stdout.write(`${JSON.stringify({ ...postgres, ms, log })}\n`);
} catch (error) {
  process.stdout.write(`failed: ${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
  process.exit(1);
}
