import { createDatabase, createPool } from "./db/client.ts";
import type { Deps } from "./deps.ts";
import { createLimits } from "./http/limiter.ts";
import { createMailer } from "./mail/mailer.ts";
import type { WatchedNewsroom } from "./newsroom.ts";
import { asSetupError, databaseUrlOf, type Settings } from "./settings.ts";
import { LIMITER_TIMEOUT_MS, POOL_SIZE } from "./shared/limits.ts";
import type { Logger } from "./shared/log.ts";
import { createStripeClient, stripeKeyOf } from "./stripe/client.ts";
import { createKeyring, type Keyring } from "./vault/keyring.ts";
import { loadLookupKey } from "./vault/lookup-key.queries.ts";
import { createVault } from "./vault/vault.ts";

export interface Composed {
  readonly deps: Deps;
  readonly keyring: Keyring;
  close(): Promise<void>;
}

interface Parts {
  readonly name: string;
  readonly connections: number;
  /** The database's address; DATABASE_URL unless given. */
  readonly url?: string | null;
  readonly log: Logger;
  readonly newsroom: WatchedNewsroom;
}

/** Builds the dependencies of one side of the service on a pool of its own. */
export async function compose(settings: Settings, parts: Parts): Promise<Composed> {
  const { config } = settings;
  const { log } = parts;
  const onError = oncePerSecond((error) =>
    log.warn({ err: error, pool: parts.name }, "idle database connections broke; the pool makes new ones"),
  );
  const pool = createPool({
    url: parts.url ?? databaseUrlOf(config),
    max: parts.connections,
    name: `reader-donations ${parts.name}`,
    onError,
  });
  const db = createDatabase(pool);
  const limiterPool = createPool({
    url: databaseUrlOf(config),
    max: POOL_SIZE.limiter,
    connectMs: LIMITER_TIMEOUT_MS,
    name: `reader-donations ${parts.name} limits`,
    onError,
  });
  try {
    const keyring = createKeyring(settings.loadKeys);
    const mail = createMailer({ smtpUrl: config.smtpUrl, name: new URL(config.publicUrl).hostname });
    const vault = createVault(keyring, await loadLookupKey(db, keyring));
    const deps: Deps = {
      db,
      stripe: createStripeClient({ secretKey: stripeKeyOf(config), apiBase: config.stripe.apiBase }),
      now: settings.now,
      log,
      config,
      newsroom: parts.newsroom.current,
      vault,
      mail,
      limits: createLimits({ pool: limiterPool, vault, log }),
    };
    const close = async () => {
      mail.close();
      await Promise.all([db.destroy(), limiterPool.end()]);
    };
    return { deps, keyring, close };
  } catch (error) {
    await Promise.all([db.destroy(), limiterPool.end()]);
    throw asSetupError(error);
  }
}

/** When a server goes, all of a pool's connections break in one moment. */
function oncePerSecond(tell: (error: Error) => void): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + 1_000;
    tell(error);
  };
}
