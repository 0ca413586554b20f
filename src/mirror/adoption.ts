import { v5 } from "uuid";
import type { NewsroomConfig } from "../newsroom.ts";
import type { Stripe } from "../stripe/types.ts";
import { type GiftMetadata, readMetadata } from "./metadata.ts";

/** Fixed for ever: the same gift of an older system must get the same id in every rebuild. */
const NAMESPACE = "a3c5f1de-7b0e-5d43-8a51-93f0f3f1c2b7";

export type AdoptionRules = NewsroomConfig["adoption"];

interface Facts {
  /** The subscription, or the payment, that becomes a donation. */
  readonly id: string;
  readonly metadata: Stripe.Metadata | null;
  readonly items: readonly { readonly product: string | null; readonly price: string | null }[];
}

/** The gift that an object says it is: by our own metadata, else by the first rule that fits it, else none of ours. */
export function giftOf(rules: AdoptionRules, facts: Facts): GiftMetadata {
  const own = readMetadata(facts.metadata);
  if (own.donation_id !== null || !rules.some((rule) => fits(rule, facts))) return own;
  return { donation_id: adoptedId(facts.id), frequency: null, attribution_code: null };
}

/** Whether a donation came from an older system: nobody is to be mailed for its history. */
export function adoptedId(stripeId: string): string {
  return v5(stripeId, NAMESPACE);
}

function fits(rule: AdoptionRules[number], { metadata, items }: Facts): boolean {
  if (rule.product !== undefined && !items.some((item) => item.product === rule.product)) return false;
  if (rule.price !== undefined && !items.some((item) => item.price === rule.price)) return false;
  return Object.entries(rule.metadata ?? {}).every(([key, value]) => metadata?.[key] === value);
}
