import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Vault } from "../vault/vault.ts";
import type { Donation } from "./types.ts";

/** What a database that has never seen the donation needs to know of it, and Stripe must not. */
export type Remembered = Pick<
  Donation,
  | "chosen_amount"
  | "fees_covered"
  | "locale"
  | "country"
  | "discreet"
  | "newsletter"
  | "article_id"
  | "article_url"
  | "campaign"
  | "placement"
  | "variant"
  | "referrer"
  | "utm_source"
  | "utm_medium"
  | "utm_campaign"
  | "utm_content"
  | "utm_term"
  | "no_mail"
>;

/** New ones come last: codes that are out there go by the place. */
const KEYS = [
  "chosen_amount",
  "fees_covered",
  "locale",
  "country",
  "discreet",
  "newsletter",
  "article_id",
  "article_url",
  "campaign",
  "placement",
  "variant",
  "referrer",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_content",
  "utm_term",
  "no_mail",
] as const satisfies readonly (keyof Remembered)[];

/**
 * The opaque code that travels in Stripe's metadata: an article's address under a donor's name would be a reading history. It opens
 * with the data keys alone, so keep a retired key for as long as books may have to be rebuilt from Stripe.
 */
export function encodeAttribution(vault: Vault, donationId: string, remembered: Remembered): string {
  const text = JSON.stringify(KEYS.map((key) => remembered[key]));
  return vault.seal(deflateRawSync(text).toString("base64"), contextOf(donationId)).toString("base64url");
}

/** @returns null when the code can't be opened: the gift still counts, its attribution is unknown. */
export function decodeAttribution(vault: Vault, donationId: string, code: string): Remembered | null {
  try {
    const text = inflateRawSync(
      Buffer.from(vault.open(Buffer.from(code, "base64url"), contextOf(donationId)), "base64"),
    );
    const values: unknown[] = JSON.parse(text.toString("utf8"));
    return Object.fromEntries(KEYS.map((key, index) => [key, values[index] ?? null])) as Remembered;
  } catch {
    return null;
  }
}

function contextOf(donationId: string): string {
  return `stripe.metadata.attribution:${donationId}`;
}
