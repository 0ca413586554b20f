import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { SetupError } from "../shared/errors.ts";
import type { Keyring } from "./keyring.ts";
import { open, seal } from "./vault.ts";

const LOOKUP_KEY_CONTEXT = "vault_lookup_key.wrapped:1";

/** The key of all keyed hashes: random, made by whichever process comes first, and stored wrapped. */
export async function loadLookupKey(db: Kysely<DB>, keyring: Keyring): Promise<Buffer> {
  const existing = await select(db);
  if (existing !== undefined) return unwrap(keyring, existing);
  await db
    .insertInto("vault_lookup_key")
    .values({ id: 1, wrapped: seal(keyring, randomBytes(32), LOOKUP_KEY_CONTEXT) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const wrapped = await select(db);
  if (wrapped === undefined) throw new Error("The lookup key was stored and can't be read back.");
  return unwrap(keyring, wrapped);
}

/** @throws SetupError when the keys in use aren't those of this database */
function unwrap(keyring: Keyring, wrapped: Buffer): Buffer {
  try {
    return open(keyring, wrapped, LOOKUP_KEY_CONTEXT);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError([
      "DATA_KEYS: a key has the right id but doesn't open what this database holds. Give the key that it was written with.",
    ]);
  }
}

async function select(db: Kysely<DB>): Promise<Buffer | undefined> {
  const row = await db.selectFrom("vault_lookup_key").select("wrapped").where("id", "=", 1).executeTakeFirst();
  return row?.wrapped;
}
