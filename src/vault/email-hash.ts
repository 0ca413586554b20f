import type { Vault } from "./vault.ts";

/** Finds an address again. One reader may write one address in several ways; case and surrounding space don't make two of them. */
export function emailHash(vault: Pick<Vault, "hash">, email: string): Buffer {
  return vault.hash("email", email.trim().toLowerCase().normalize("NFC"));
}
