import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Config, DataKey } from "../config.ts";
import { SetupError } from "../shared/errors.ts";
import type { Logger } from "../shared/log.ts";
import { fileClock } from "./clock.ts";
import { openDataDir } from "./data-dir.ts";
import { holdsGifts } from "./gifts.queries.ts";
import type { MailCatcher } from "./mailbox/catcher.ts";
import { assertPortsFree } from "./ports.ts";
import { readRunFile, removeRunFile, writeRunFile } from "./run-file.ts";
import { keptSecret, sandboxDataKeys } from "./secrets.ts";
import { type StripeStandIn, startStripeStandIn } from "./stripe/server.ts";

export interface Sandbox {
  /** With everything filled in that was left unset. */
  readonly config: Config;
  readonly now: () => Date;
  readonly loadKeys: () => readonly DataKey[];
  /** Null when a real Stripe key is in use. */
  readonly stripe: StripeStandIn | null;
  /** Null when mail goes out through a real server. */
  readonly mail: MailCatcher | null;
  readonly embeddedDatabase: boolean;
  /** Resolves, with words for an operator, once a part has ended by itself without which nothing goes on. */
  readonly lost: Promise<SetupError>;
  stop(): Promise<void>;
}

/**
 * Stands in for whatever the environment leaves unset: the database, Stripe, the secrets. Everything lives in DATA_DIR.
 * @throws SetupError in production, and when a part can't start
 */
export async function startSandbox(config: Config, log: Logger): Promise<Sandbox> {
  if (config.environment === "production") throw new SetupError(["NODE_ENV: the sandbox never runs in production."]);
  assertAlone(config.dataDir);
  openDataDir(config.dataDir);
  await assertPortsFree(config);
  const lost = Promise.withResolvers<SetupError>();
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const clock = fileClock(config.dataDir, (warning) => log.warn(warning));
    stops.push(() => clock.close());
    const databaseUrl = config.databaseUrl ?? (await embeddedDatabase());
    const webhookSecrets =
      config.stripe.webhookSecrets.length > 0
        ? config.stripe.webhookSecrets
        : [keptSecret(config.dataDir, "webhook-secret", () => `whsec_sandbox${randomBytes(24).toString("base64url")}`)];
    const stateFile = join(config.dataDir, "stripe.jsonl");
    if (config.databaseUrl === null && config.stripe.secretKey === null) await assertRemembered(stateFile, databaseUrl);
    const stripe = config.stripe.secretKey === null ? await simulatedStripe(webhookSecrets[0] as string) : null;
    const mail = config.smtpUrl === null ? await caughtMail() : null;
    const smtpUrl = (config.smtpUrl ?? mail?.url) as string;
    const complete: Config = {
      ...config,
      databaseUrl,
      stripe: {
        secretKey: config.stripe.secretKey ?? "sk_test_sandbox",
        webhookSecrets,
        apiBase: stripe === null ? config.stripe.apiBase : new URL(stripe.url),
      },
      smtpUrl,
    };
    writeRunFile(config.dataDir, {
      public_url: config.publicUrl,
      database_url: databaseUrl,
      stripe_secret_key: complete.stripe.secretKey as string,
      stripe_api_base: complete.stripe.apiBase?.href ?? null,
      stripe_webhook_secrets: [...webhookSecrets],
      smtp_url: smtpUrl,
    });
    stops.push(() => removeRunFile(config.dataDir));
    return {
      config: complete,
      now: () => clock.now(),
      loadKeys: config.dataKeys === null ? sandboxDataKeys(config.dataDir) : () => config.dataKeys ?? [],
      stripe,
      mail,
      embeddedDatabase: config.databaseUrl === null,
      lost: lost.promise,
      stop,
    };

    async function caughtMail(): Promise<MailCatcher> {
      const { startMailCatcher } = await import("./mailbox/catcher.ts");
      const catcher = await startMailCatcher(join(config.dataDir, "mailbox.jsonl"));
      stops.push(() => catcher.close());
      return catcher;
    }

    async function simulatedStripe(secret: string): Promise<StripeStandIn> {
      const standIn = await startStripeStandIn({
        port: config.sandboxStripePort,
        stateFile,
        clock,
        webhook: null,
        environment: config.environment,
        log: (line) => log.info(line),
      });
      stops.push(() => standIn.close());
      standIn.setWebhook({ url: `http://${loopbackOf(config.host)}:${config.port}/webhooks/stripe`, secret });
      return standIn;
    }
  } catch (error) {
    await stop();
    throw error;
  }

  async function embeddedDatabase(): Promise<string> {
    const { startEmbeddedPostgres } = await import("./postgres/start.ts");
    const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log: (line) => log.debug(line) });
    stops.push(() => postgres.stop());
    void postgres.lost.then(lost.resolve);
    return postgres.url;
  }
}

/** Two starts would write over each other's simulated Stripe, also where the database isn't the embedded one. */
function assertAlone(dataDir: string): void {
  const other = readRunFile(dataDir);
  if (other === null) return;
  throw new SetupError([
    `DATA_DIR (${dataDir}) is in use: \`npm start\` runs on it as process ${other.pid}, at ${other.public_url}. Stop that one first, or set DATA_DIR to another folder.`,
  ]);
}

/** Gifts that the simulated Stripe has forgotten would never renew, and never be settled. */
async function assertRemembered(stateFile: string, databaseUrl: string): Promise<void> {
  const size = statSync(stateFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 || !(await holdsGifts(databaseUrl))) return;
  throw new SetupError([
    `${stateFile}: is missing or empty, and the database holds gifts that the simulated Stripe would not know. Restore it, or remove the whole DATA_DIR to begin anew.`,
  ]);
}

/** Where this machine reaches a server that listens on `host`. */
function loopbackOf(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
