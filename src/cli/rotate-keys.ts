import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "../shared/errors.ts";
import { createKeyring } from "../vault/keyring.ts";
import { loadLookupKey } from "../vault/lookup-key.queries.ts";
import { type Rotated, rotateKeys } from "../vault/rotate.ts";
import { createVault } from "../vault/vault.ts";
import type { CommandContext, Run } from "./command.ts";

const USAGE = ["Use: rotate-keys [--new-key]", "     --new-key makes the key, where DATA_DIR keeps them (`npm start`)"];
const SAFE =
  "Keep them in a safe as long as books may have to be rebuilt from Stripe: attribution codes there are sealed under them.";
/** A running `npm start` has looked for a new key by then. */
const FOLLOWED_AFTER_MS = 1_500;

/**
 * Seals every stored value under the first data key, while the service runs. In production the operator has put the new key first in
 * DATA_KEYS and restarted; in the sandbox, where the keys live in DATA_DIR, `--new-key` makes the new key too.
 * @throws SetupError when an argument is wrong, or a value doesn't open
 */
export function rotateKeysCommand(args: readonly string[]): Run {
  const { newKey } = readFlags(args);
  return (context) => rotate(context, newKey);
}

async function rotate({ db, settings }: CommandContext, newKey: boolean): Promise<void> {
  const { config } = settings;
  const kept = config.environment === "development" && config.dataKeys === null;
  if (newKey) {
    if (!kept) {
      throw new SetupError(["--new-key: DATA_KEYS is set. Put the new key first in it and restart every process."]);
    }
    const { addSandboxDataKey } = await import("../sandbox/secrets.ts");
    console.log(`Made the data key ${addSandboxDataKey(config.dataDir)}.`);
    await sleep(FOLLOWED_AFTER_MS);
  }
  const keyring = createKeyring(settings.loadKeys);
  const vault = createVault(keyring, await loadLookupKey(db, keyring));
  const rotated = await rotateKeys(db, vault, keyring);
  for (const { column, rows } of rotated) console.log(`${column}: ${rows} sealed anew`);
  const faults = rotated.flatMap(faultsOf);
  if (faults.length > 0) throw new SetupError([...faults, "The older keys must stay until these are mended."]);
  console.log(
    rotated.every(({ rows }) => rows === 0)
      ? `Nothing to do: everything is under the data key ${keyring.current().id}. Once every process has it, the older keys may go. ${SAFE}`
      : `Done: everything is under the data key ${keyring.current().id}. ${kept ? "Run" : "Once every process has been restarted with it, run"} this again; if it finds nothing, the older keys may go. ${SAFE}`,
  );
}

function readFlags(args: readonly string[]): { readonly newKey: boolean } {
  const [flag, ...others] = args;
  if (others.length > 0 || (flag !== undefined && flag !== "--new-key")) throw new SetupError(USAGE);
  return { newKey: flag !== undefined };
}

const NAMED = 10;

function faultsOf({ column, unreadable }: Rotated): readonly string[] {
  const named = unreadable.slice(0, NAMED).map(({ id, reason }) => `${column} of ${id} doesn't open: ${reason}`);
  const more = unreadable.length - named.length;
  return more === 0 ? named : [...named, `${column}: ${more} more don't open.`];
}
