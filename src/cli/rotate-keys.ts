import { SetupError } from "../shared/errors.ts";
import { createKeyring } from "../vault/keyring.ts";
import { loadLookupKey } from "../vault/lookup-key.queries.ts";
import { type Rotated, rotateKeys } from "../vault/rotate.ts";
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
  const rotated = await rotateKeys(db, vault, keyring);
  for (const { column, rows } of rotated) console.log(`${column}: ${rows} sealed anew`);
  const faults = rotated.flatMap(faultsOf);
  if (faults.length > 0) throw new SetupError([...faults, "The older keys must stay until these are mended."]);
  console.log(
    "Done. Run it once more after every process has been restarted with the new key; if it finds nothing, the older keys may go. " +
      "Keep them in a safe as long as books may have to be rebuilt from Stripe: attribution codes there are sealed under them.",
  );
}

const NAMED = 10;

function faultsOf({ column, unreadable }: Rotated): readonly string[] {
  const named = unreadable.slice(0, NAMED).map(({ id, reason }) => `${column} of ${id} doesn't open: ${reason}`);
  const more = unreadable.length - named.length;
  return more === 0 ? named : [...named, `${column}: ${more} more don't open.`];
}
