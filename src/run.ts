import { createApp } from "./app.ts";
import { compose } from "./compose.ts";
import { type Config, readConfig } from "./config.ts";
import { createDatabase, createPool } from "./db/client.ts";
import { assertMigrated, migrateToLatest } from "./db/migrate.ts";
import { databaseTrouble } from "./db/ready.queries.ts";
import { type WatchedNewsroom, watchNewsroom } from "./newsroom.ts";
import type { SandboxStart } from "./sandbox-start.ts";
import { listen } from "./serve.ts";
import { asSetupError, databaseUrlOf, type Settings } from "./settings.ts";
import type { SetupError } from "./shared/errors.ts";
import { DRAIN_TIMEOUT_MS, POOL_SIZE } from "./shared/limits.ts";
import { createLog, type Logger } from "./shared/log.ts";
import { stripeOrigins } from "./stripe/pages.ts";
import { startWork, type Work } from "./work.ts";

export type Verb = "start" | "serve" | "work";

/** What is to be undone at the end, last things first. */
type Closers = (() => Promise<void> | void)[];

/**
 * Runs one side of the service or both until SIGTERM or SIGINT, then drains: readyz 503, stop claiming, close the listener, finish within
 * 25 seconds, close the pools.
 * @throws SetupError with every fault that keeps it from starting, or when a part of the sandbox is gone without which nothing goes on
 */
export async function run(verb: Verb): Promise<void> {
  const config = readConfig();
  const log = createLog();
  endOnCrash(log);
  const closers: Closers = [];
  let work: Work | null = null;
  let draining = false;
  let lost: SetupError | null = null;
  const { promise: end, resolve: endNow } = Promise.withResolvers<void>();
  try {
    const { settings, sandbox, standInTrouble } = await settingsOf(verb, config, log, closers);
    void sandbox?.sandbox.lost.then((why) => {
      lost = why;
      draining = true;
      endNow();
    });
    const newsroom = watchNewsroom(config.newsroomConfig, log);
    closers.push(() => newsroom.close());
    await prepareDatabase(verb, settings, log);
    if (verb !== "serve") work = await runWork({ settings, newsroom, log, closers });
    if (verb !== "work") {
      const around = { work, sandbox, standInTrouble, isDraining: () => draining };
      await runServe({ settings, newsroom, log, closers }, around);
    }
  } catch (error) {
    await work?.stop();
    await closeAll(closers, log);
    throw lost ?? error;
  }
  log.info({ verb }, "running");
  await Promise.race([stopSignal(), end]);
  draining = true;
  log.info("draining");
  const late = setTimeout(() => {
    log.error("what is under way did not end in time; it is left to be taken up again");
    process.exit(1);
  }, DRAIN_TIMEOUT_MS);
  await work?.stop();
  await closeAll(closers, log);
  clearTimeout(late);
  log.info("stopped");
  if (lost !== null) throw lost;
}

interface Settled {
  readonly settings: Settings;
  readonly sandbox: SandboxStart | null;
  /** Why a stand-in that this process leans on can't serve now, or null. */
  readonly standInTrouble: () => Promise<string | null>;
}

async function settingsOf(verb: Verb, config: Config, log: Logger, closers: Closers): Promise<Settled> {
  if (config.environment === "production") {
    const settings = { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] };
    return { settings, sandbox: null, standInTrouble: async () => null };
  }
  const { standInTrouble } = await import("./sandbox/stand-in-trouble.ts");
  if (verb !== "start") {
    const { attach } = await import("./sandbox/attach.ts");
    const attached = attach(config, { listens: verb === "serve" });
    closers.push(attached.close);
    return { settings: attached, sandbox: null, standInTrouble: () => standInTrouble(attached.config) };
  }
  const { sandboxStart } = await import("./sandbox-start.ts");
  const sandbox = await sandboxStart(config, log);
  closers.push(sandbox.sandbox.stop);
  const settings = sandbox.sandbox;
  return { settings, sandbox, standInTrouble: () => standInTrouble(settings.config) };
}

/** Only `npm start` migrates by itself: of several replicas, a newer one must not change the tables under the others. */
async function prepareDatabase(verb: Verb, settings: Settings, log: Logger): Promise<void> {
  const url = databaseUrlOf(settings.config);
  const db = createDatabase(createPool({ url, max: 1, name: "reader-donations start", onError: () => undefined }));
  try {
    if (verb === "start") await migrateToLatest(db, (advice) => log.warn(advice));
    else await assertMigrated(db);
  } catch (error) {
    throw asSetupError(error);
  } finally {
    await db.destroy();
  }
}

interface Running {
  readonly settings: Settings;
  readonly newsroom: WatchedNewsroom;
  readonly log: Logger;
  readonly closers: Closers;
}

interface Around {
  readonly work: Work | null;
  readonly sandbox: SandboxStart | null;
  readonly standInTrouble: () => Promise<string | null>;
  readonly isDraining: () => boolean;
}

async function runServe({ settings, newsroom, log, closers }: Running, around: Around): Promise<void> {
  const { config } = settings;
  const http = await compose(settings, { name: "http", connections: POOL_SIZE.http, log, newsroom });
  closers.push(http.close);
  const reportsPool = { name: "reports", connections: POOL_SIZE.reports, url: config.reportsDatabaseUrl };
  const reports = await compose(settings, { ...reportsPool, log, newsroom });
  closers.push(reports.close);
  const app = createApp({
    deps: http.deps,
    reports: reports.deps,
    readiness: {
      whyNot: async () =>
        around.isDraining() ? "draining" : ((await databaseTrouble(http.deps.db)) ?? (await around.standInTrouble())),
    },
    onReceived: () => around.work?.wake(),
    stripeOrigins: stripeOrigins(config.stripe.apiBase),
    extra: around.sandbox?.routes(http) ?? [],
  });
  const server = await listen(app, config.host, config.port);
  closers.push(server.close);
  await around.sandbox?.ready(http);
}

async function runWork({ settings, newsroom, log, closers }: Running): Promise<Work> {
  const url = settings.config.databaseDirectUrl;
  const composed = await compose(settings, { name: "work", connections: POOL_SIZE.work, url, log, newsroom });
  closers.push(composed.close);
  return startWork(composed.deps);
}

/** One that fails must not leave the others open. */
async function closeAll(closers: Closers, log: Logger): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      log.error({ err: error }, "a part could not be closed");
    }
  }
}

/** Node would print the whole error, and with it what a database or Stripe quotes of a reader. */
function endOnCrash(log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "the process ends: an error reached nobody who could handle it");
    process.exit(1);
  });
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
