import { timingSafeEqual } from "node:crypto";
import { parse, stringify } from "uuid";
import type { Vault } from "../vault/vault.ts";

/** What a signed link is good for: one of a purpose never serves another. */
export type LinkPurpose =
  | "stop-gift"
  | "fix-payment"
  /** Who asked for a reminder holds it, and may not be who reads its mails. */
  | "reminder"
  /** In the mail that asks to confirm, and nowhere else. */
  | "confirm-reminder"
  /** In a reminder's mail, and nowhere else. */
  | "reminder-mail"
  | "manage"
  | "unsubscribe"
  | "staff-sign-in";

const ID_BYTES = 16;
const EXPIRY_BYTES = 6;
const MAC_BYTES = 18;

/**
 * A token that names a row and proves that we made it, without a table: id, expiry (0: none) and a keyed hash, in base64url. The key
 * outlives every rotation of the data keys. @param expiresAt by the wall clock
 */
export function signToken(vault: Pick<Vault, "hash">, purpose: LinkPurpose, id: string, expiresAt?: Date): string {
  const expiry = Buffer.alloc(EXPIRY_BYTES);
  expiry.writeUIntBE(Math.floor(+(expiresAt ?? 0) / 1000), 0, EXPIRY_BYTES);
  const head = Buffer.concat([parse(id), expiry]);
  return Buffer.concat([head, macOf(vault, purpose, head)]).toString("base64url");
}

/** @returns the id, or null for a token that isn't ours, is for another purpose or has run out */
export function readToken(
  vault: Pick<Vault, "hash">,
  purpose: LinkPurpose,
  token: string,
  now = Date.now(),
): string | null {
  if (!/^[\w-]{54}$/.test(token)) return null;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length !== ID_BYTES + EXPIRY_BYTES + MAC_BYTES || bytes.toString("base64url") !== token) return null;
  const head = bytes.subarray(0, ID_BYTES + EXPIRY_BYTES);
  if (!timingSafeEqual(bytes.subarray(head.length), macOf(vault, purpose, head))) return null;
  const expiry = head.readUIntBE(ID_BYTES, EXPIRY_BYTES);
  return expiry === 0 || expiry * 1000 > now ? stringify(head.subarray(0, ID_BYTES)) : null;
}

function macOf(vault: Pick<Vault, "hash">, purpose: LinkPurpose, head: Buffer): Buffer {
  return vault.hash(`link:${purpose}`, head.toString("base64url")).subarray(0, MAC_BYTES);
}
