import type { Kysely, Selectable } from "kysely";
import type { DB, Reminders } from "../db/schema.ts";
import { readToken } from "../mail/links.ts";
import { ATTRIBUTION_FIELDS } from "../shared/attribution.ts";
import type { Vault } from "../vault/vault.ts";

const COLUMNS = [
  "id",
  "locale",
  "frequency",
  "amount",
  "currency",
  "discreet",
  ...ATTRIBUTION_FIELDS,
] as const satisfies readonly (keyof Reminders)[];

/** What a reminder knows of the gift that its reader thought of, and of where they came from. */
export type RemindedGift = Pick<Selectable<Reminders>, (typeof COLUMNS)[number]>;

/** Null for a token that is broken or made up: it must not stand in the way of a gift. */
export async function remindedGift(
  { db, vault }: { readonly db: Kysely<DB>; readonly vault: Pick<Vault, "hash"> },
  token: string | undefined,
): Promise<RemindedGift | null> {
  const id = token === undefined ? null : readToken(vault, "reminder", token);
  if (id === null) return null;
  return (await db.selectFrom("reminders").select(COLUMNS).where("id", "=", id).executeTakeFirst()) ?? null;
}
