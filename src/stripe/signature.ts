import Stripe from "stripe";
import { WEBHOOK_TOLERANCE_SECONDS } from "../shared/limits.ts";

/**
 * Whether one of the secrets signed this body within the last five minutes by the wall clock. stripe-node accepts any
 * timestamp in the future, which would let a captured body be replayed for ever; here it may be five minutes ahead at most.
 */
export function isSignedBy(secrets: readonly string[], body: Buffer, header: string | undefined): boolean {
  if (header === undefined || isFarAhead(header)) return false;
  return secrets.some((secret) => verifies(secret, body, header));
}

const verifier = Stripe.webhooks.signature ?? fail();

function fail(): never {
  throw new Error("This build of the stripe package can't verify signatures.");
}

function verifies(secret: string, body: Buffer, header: string): boolean {
  try {
    return verifier.verifyHeader(body, header, secret, WEBHOOK_TOLERANCE_SECONDS);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}

function isFarAhead(header: string): boolean {
  const timestamp = /(?:^|,)\s*t=(\d+)/.exec(header)?.[1];
  return timestamp !== undefined && Number(timestamp) > Date.now() / 1000 + WEBHOOK_TOLERANCE_SECONDS;
}
