import type { Deps } from "../deps.ts";
import { isSignedBy } from "../stripe/signature.ts";
import { readEnvelope, refusal } from "./envelope.ts";
import type { NewEvent } from "./store.queries.ts";

interface Received {
  readonly body: Buffer;
  readonly signature: string | undefined;
}

/** Verifies an event and keeps it; resolves once it is durable, and nothing else happens before Stripe's 2xx. @returns its id */
export async function receiveEvent(
  deps: Pick<Deps, "config" | "stripe" | "vault">,
  keep: (event: NewEvent) => Promise<void>,
  received: Received,
): Promise<string> {
  if (
    !isWellFormed(received.signature) ||
    !isSignedBy(deps.config.stripe.webhookSecrets, received.body, received.signature)
  ) {
    throw refusal(
      "The Stripe-Signature header fits none of the webhook secrets. Compare STRIPE_WEBHOOK_SECRET with the endpoint's.",
    );
  }
  const envelope = readEnvelope(received.body);
  if (envelope.livemode !== deps.stripe.livemode) {
    const [sent, used] = envelope.livemode ? ["live", "test"] : ["test", "live"];
    throw refusal(
      `This is a ${sent}-mode event, and this service uses a ${used}-mode key. Point the endpoint elsewhere.`,
    );
  }
  const sealed = deps.vault.seal(received.body.toString("utf8"), `stripe_events.payload_sealed:${envelope.id}`);
  await keep({ ...envelope, payload_sealed: sealed });
  return envelope.id;
}

/** One time and a signature of it, as Stripe sends them; on others stripe-node fails in ways that look like faults of ours. */
function isWellFormed(header: string | undefined): boolean {
  const parts = header?.split(",").map((part) => part.trim()) ?? [];
  const times = parts.filter((part) => part.startsWith("t="));
  return (
    times.length === 1 && /^t=\d{1,12}$/.test(times[0] ?? "") && parts.some((part) => /^v1=[0-9a-f]{64}$/.test(part))
  );
}
