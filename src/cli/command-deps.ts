import type { Deps } from "../deps.ts";
import { createMailer } from "../mail/mailer.ts";
import { loadNewsroom } from "../newsroom.ts";
import { createLog } from "../shared/log.ts";
import { createStripeClient, stripeKeyOf } from "../stripe/client.ts";
import { createKeyring } from "../vault/keyring.ts";
import { loadLookupKey } from "../vault/lookup-key.queries.ts";
import { createVault, type Vault } from "../vault/vault.ts";
import type { CommandContext } from "./command.ts";

/** What the service's own use cases take, for one command: warnings go to standard error, the results alone to standard output. */
export async function depsOf({ settings, db }: CommandContext): Promise<Omit<Deps, "limits">> {
  const { config, now } = settings;
  const newsroom = loadNewsroom(config.newsroomConfig);
  return {
    db,
    config,
    now,
    stripe: createStripeClient({ secretKey: stripeKeyOf(config), apiBase: config.stripe.apiBase }),
    log: createLog({ level: "warn", destination: process.stderr }),
    newsroom: () => newsroom,
    vault: await vaultOf({ settings, db }),
    mail: createMailer({ smtpUrl: config.smtpUrl, name: new URL(config.publicUrl).hostname }),
  };
}

/** What opens names and addresses, without a Stripe account. */
export async function vaultOf({ settings, db }: CommandContext): Promise<Vault> {
  const keyring = createKeyring(settings.loadKeys);
  return createVault(keyring, await loadLookupKey(db, keyring));
}
