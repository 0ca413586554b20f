import { canonicalEmail } from "../shared/email.ts";
import type { Vault } from "./vault.ts";

/**
 * Finds an address again. One reader may write one address in several ways: case, surrounding space and the two forms of an international
 * domain don't make two of them.
 */
export function emailHash(vault: Pick<Vault, "hash">, email: string): Buffer {
  return vault.hash("email", (canonicalEmail(email) ?? email).trim().toLowerCase().normalize("NFC"));
}
