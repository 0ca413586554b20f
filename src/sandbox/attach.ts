import type { Config, DataKey } from "../config.ts";
import { fileClock } from "./clock.ts";
import { readRunFile } from "./run-file.ts";
import { sandboxDataKeys } from "./secrets.ts";

export interface Attached {
  readonly config: Config;
  readonly now: () => Date;
  readonly loadKeys: () => readonly DataKey[];
  /** Whether a running `npm start` was found on this DATA_DIR. */
  readonly running: boolean;
  close(): void;
}

/**
 * Fills in, from a running `npm start` of the same DATA_DIR, whatever the environment leaves unset. The address that links lead to is the
 * start's, too, unless this process listens itself.
 */
export function attach(config: Config, { listens = false } = {}): Attached {
  const running = readRunFile(config.dataDir);
  const clock = running === null ? null : fileClock(config.dataDir);
  return {
    config:
      running === null
        ? config
        : {
            ...config,
            databaseUrl: config.databaseUrl ?? running.database_url,
            stripe: stripeOf(config, running),
            smtpUrl: config.smtpUrl ?? running.smtp_url,
            publicUrl: listens || !hasUsualAddress(config) ? config.publicUrl : running.public_url,
          },
    now: () => clock?.now() ?? new Date(),
    loadKeys: config.dataKeys === null ? sandboxDataKeys(config.dataDir) : () => config.dataKeys ?? [],
    running: running !== null,
    close: () => clock?.close(),
  };
}

/** What PUBLIC_URL is where it isn't set. */
function hasUsualAddress({ publicUrl, port }: Config): boolean {
  return publicUrl === `http://localhost:${port}`;
}

function stripeOf(config: Config, running: NonNullable<ReturnType<typeof readRunFile>>): Config["stripe"] {
  const { stripe } = config;
  const webhookSecrets = stripe.webhookSecrets.length > 0 ? stripe.webhookSecrets : running.stripe_webhook_secrets;
  if (stripe.secretKey !== null) return { ...stripe, webhookSecrets };
  return {
    secretKey: running.stripe_secret_key,
    webhookSecrets,
    apiBase: running.stripe_api_base === null ? null : new URL(running.stripe_api_base),
  };
}
