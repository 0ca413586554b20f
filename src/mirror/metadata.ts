import type { Stripe } from "../stripe/types.ts";

/** Stripe takes 500 characters a value; a longer code goes on under the next key. */
const CHUNK = 500;
const CODE_KEYS = ["attribution", ...Array.from({ length: 14 }, (_, index) => `attribution_${index + 2}`)];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const FREQUENCIES = new Set(["once", "monthly", "annual"]);

/** What Stripe is told of a gift: written and read here alone, so that no name can differ between the two. */
export interface GiftMetadata {
  readonly donation_id: string | null;
  readonly frequency: string | null;
  readonly attribution_code: string | null;
}

export function toMetadata(gift: {
  donation_id: string;
  frequency: string;
  attribution_code: string;
}): Stripe.MetadataParam {
  const metadata: Record<string, string> = { donation_id: gift.donation_id, frequency: gift.frequency };
  const chunks = gift.attribution_code.match(new RegExp(`.{1,${CHUNK}}`, "gs")) ?? [];
  if (chunks.length > CODE_KEYS.length)
    throw new RangeError("An attribution code is longer than Stripe's metadata can carry.");
  for (const [index, chunk] of chunks.entries()) metadata[CODE_KEYS[index] as string] = chunk;
  return metadata;
}

/** An object is ours only by a donation id of the right form; a shop's own metadata of the same name is not. */
export function readMetadata(metadata: Stripe.Metadata | null | undefined): GiftMetadata {
  const id = metadata?.donation_id;
  if (metadata === null || metadata === undefined || id === undefined || !UUID.test(id)) {
    return { donation_id: null, frequency: null, attribution_code: null };
  }
  const frequency = metadata.frequency ?? "";
  const code = CODE_KEYS.map((key) => metadata[key] ?? "").join("");
  return {
    donation_id: id,
    frequency: FREQUENCIES.has(frequency) ? frequency : null,
    attribution_code: code === "" ? null : code,
  };
}
