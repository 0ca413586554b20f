import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Keyring } from "./keyring.ts";
import { open, seal } from "./vault.ts";

const LOOKUP_KEY_CONTEXT = "vault_lookup_key.wrapped:1";

/** The key of all keyed hashes: random, made by whichever process comes first, and stored wrapped. */
export async function loadLookupKey(db: Kysely<DB>, keyring: Keyring): Promise<Buffer> {
  const existing = await select(db);
  if (existing !== undefined) return open(keyring, existing, LOOKUP_KEY_CONTEXT);
  await db
    .insertInto("vault_lookup_key")
    .values({ id: 1, wrapped: seal(keyring, randomBytes(32), LOOKUP_KEY_CONTEXT) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const wrapped = await select(db);
  if (wrapped === undefined) throw new Error("The lookup key was stored and can't be read back.");
  return open(keyring, wrapped, LOOKUP_KEY_CONTEXT);
}

async function select(db: Kysely<DB>): Promise<Buffer | undefined> {
  const row = await db.selectFrom("vault_lookup_key").select("wrapped").where("id", "=", 1).executeTakeFirst();
  return row?.wrapped;
}
