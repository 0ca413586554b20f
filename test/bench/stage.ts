import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { watchNewsroom } from "../../src/newsroom.ts";
import { memoryClock } from "../../src/sandbox/clock.ts";
import { startEmbeddedPostgres } from "../../src/sandbox/postgres/start.ts";
import { startStripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { listen } from "../../src/serve.ts";
import type { Settings } from "../../src/settings.ts";
import { POOL_SIZE } from "../../src/shared/limits.ts";
import { createLog } from "../../src/shared/log.ts";
import { ensureProduct } from "../../src/stripe/product.ts";

export type Stage = Awaited<ReturnType<typeof setStage>>;

/** One line: the error holds the whole client, and with it the password. */
export function printBroken(error: Error): void {
  console.error(`A database connection broke: ${error.message}`);
}

/** The service as `npm start` runs it, on a durable database of its own, without the background side. */
export async function setStage() {
  const dataDir = await mkdtemp(join(tmpdir(), "reader-donations-bench-"));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const migrating = createDatabase(createPool({ url: postgres.url, max: 1, name: "bench", onError: printBroken }));
  await migrateToLatest(migrating);
  await migrating.destroy();

  const clock = memoryClock();
  const standIn = await startStripeStandIn({
    port: 0,
    stateFile: null,
    clock,
    webhook: null,
    environment: "development",
  });
  const secret = `whsec_sandbox${randomBytes(12).toString("hex")}`;
  const defaults = readConfig({ DATA_DIR: dataDir });
  const config: Config = {
    ...defaults,
    databaseUrl: postgres.url,
    newsroomConfig: resolve("config/newsroom.yaml"),
    // Each checkout of the bench is another client's.
    trustProxy: 1,
    stripe: { secretKey: "sk_test_bench", webhookSecrets: [secret], apiBase: new URL(standIn.url) },
  };
  const keys = [{ id: "bench", key: randomBytes(32) }];
  const settings: Settings = { config, now: () => clock.now(), loadKeys: () => keys };
  const log = createLog({ level: "silent" });
  const newsroom = watchNewsroom(config.newsroomConfig, log);
  const http = await compose(settings, { name: "http", connections: POOL_SIZE.http, log, newsroom });
  await ensureProduct(http.deps.stripe, newsroom.current().stripe_product);
  const app = createApp({
    deps: http.deps,
    reports: http.deps,
    readiness: { whyNot: async () => null },
    onReceived: () => undefined,
    stripeOrigins: [standIn.url],
    extra: [],
  });
  const server = await listen(app, "127.0.0.1", 0);
  return {
    deps: http.deps,
    port: server.port,
    databaseUrl: postgres.url,
    secret,
    /** For a process of its own on the same database, keys and secrets. */
    environment: (): NodeJS.ProcessEnv => ({
      ...process.env,
      DATABASE_URL: postgres.url,
      STRIPE_SECRET_KEY: "sk_test_bench",
      STRIPE_API_BASE: standIn.url,
      STRIPE_WEBHOOK_SECRET: secret,
      DATA_KEYS: `bench:${keys[0]?.key.toString("base64")}`,
    }),
    close: async () => {
      await server.close();
      await http.close();
      newsroom.close();
      await standIn.close();
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
