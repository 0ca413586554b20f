import Stripe from "stripe";
import { WEBHOOK_TOLERANCE_SECONDS } from "../shared/limits.ts";

/** Why a body isn't taken for Stripe's: nothing signed it that we know, or our clock and the signature's are too far apart. */
export type SignatureFault = "unsigned" | "unknown_secret" | "clock";

/**
 * Whether one of the secrets signed this body within the last five minutes by the wall clock. stripe-node accepts any
 * timestamp in the future, which would let a captured body be replayed for ever; here it may be five minutes ahead at most.
 */
export function isSignedBy(secrets: readonly string[], body: Buffer, header: string | undefined): boolean {
  return signatureFault(secrets, body, header) === null;
}

/** @returns null when the body is Stripe's */
export function signatureFault(
  secrets: readonly string[],
  body: Buffer,
  header: string | undefined,
): SignatureFault | null {
  if (header === undefined || !isWellFormed(header)) return "unsigned";
  const inTime = !isFarAhead(header);
  if (inTime && secrets.some((secret) => verifies(secret, body, header, WEBHOOK_TOLERANCE_SECONDS))) return null;
  return secrets.some((secret) => verifies(secret, body, header, ANY_AGE)) ? "clock" : "unknown_secret";
}

/** Seconds; zero would mean the same to stripe-node, but by accident. */
const ANY_AGE = Number.MAX_SAFE_INTEGER;

/** One time and a signature of it, as Stripe sends them; on others stripe-node fails in ways that look like faults of ours. */
function isWellFormed(header: string): boolean {
  const parts = header.split(",").map((part) => part.trim());
  const times = parts.filter((part) => part.startsWith("t="));
  return (
    times.length === 1 && /^t=\d{1,12}$/.test(times[0] ?? "") && parts.some((part) => /^v1=[0-9a-f]{64}$/.test(part))
  );
}

const verifier = Stripe.webhooks.signature ?? fail();

function fail(): never {
  throw new Error("This build of the stripe package can't verify signatures.");
}

function verifies(secret: string, body: Buffer, header: string, toleranceSeconds: number): boolean {
  try {
    return verifier.verifyHeader(body, header, secret, toleranceSeconds);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}

function isFarAhead(header: string): boolean {
  const timestamp = /(?:^|,)\s*t=(\d+)/.exec(header)?.[1];
  return timestamp !== undefined && Number(timestamp) > Date.now() / 1000 + WEBHOOK_TOLERANCE_SECONDS;
}
