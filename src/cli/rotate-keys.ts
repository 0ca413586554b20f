import { createKeyring } from "../vault/keyring.ts";
import { loadLookupKey } from "../vault/lookup-key.queries.ts";
import { rotateKeys } from "../vault/rotate.ts";
import { createVault } from "../vault/vault.ts";
import type { CommandContext } from "./command.ts";

/**
 * Seals every stored value under the first data key, while the service runs. In production the operator has put the new key first in
 * DATA_KEYS and restarted; in the sandbox, where the keys live in DATA_DIR, this makes the new key too.
 */
export async function rotateKeysCommand({ db, settings }: CommandContext): Promise<void> {
  const { config } = settings;
  if (config.environment === "development" && config.dataKeys === null) {
    const { addSandboxDataKey } = await import("../sandbox/secrets.ts");
    addSandboxDataKey(config.dataDir);
  }
  const keyring = createKeyring(settings.loadKeys);
  const vault = createVault(keyring, await loadLookupKey(db, keyring));
  for (const { column, rows } of await rotateKeys(db, vault, keyring)) console.log(`${column}: ${rows} sealed anew`);
  console.log(
    "Done. Run it once more after every process has been restarted with the new key; if it finds nothing, the older keys may go. " +
      "Keep them in a safe as long as books may have to be rebuilt from Stripe: attribution codes there are sealed under them.",
  );
}
