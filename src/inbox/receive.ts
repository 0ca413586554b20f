import type { Deps } from "../deps.ts";
import { type SignatureFault, signatureFault } from "../stripe/signature.ts";
import { readEnvelope, refusal } from "./envelope.ts";
import type { NewEvent } from "./store.queries.ts";

interface Received {
  readonly body: Buffer;
  readonly signature: string | undefined;
}

const REFUSED: Readonly<Record<SignatureFault, string>> = {
  unsigned: "The Stripe-Signature header is missing or not as Stripe writes it.",
  unknown_secret:
    "The Stripe-Signature header fits none of the webhook secrets. Compare STRIPE_WEBHOOK_SECRET with the endpoint's.",
  clock:
    "The secret fits, and the signature was made more than five minutes ago or ahead. Set this machine's clock; Stripe signs each delivery anew.",
};

/** Verifies an event and keeps it; resolves once it is durable, and nothing else happens before Stripe's 2xx. @returns its id */
export async function receiveEvent(
  deps: Pick<Deps, "config" | "log" | "stripe" | "vault">,
  keep: (event: NewEvent) => Promise<void>,
  received: Received,
): Promise<string> {
  const fault = signatureFault(deps.config.stripe.webhookSecrets, received.body, received.signature);
  if (fault !== null) {
    deps.log.warn({ fault }, "a webhook was refused");
    throw refusal(REFUSED[fault]);
  }
  const envelope = readEnvelope(received.body);
  if (envelope.livemode !== deps.stripe.livemode) {
    const [sent, used] = envelope.livemode ? ["live", "test"] : ["test", "live"];
    throw refusal(
      `This is a ${sent}-mode event, and this service uses a ${used}-mode key. Point the endpoint elsewhere.`,
    );
  }
  const sealed = deps.vault.seal(received.body, `stripe_events.payload_sealed:${envelope.id}`);
  await keep({ ...envelope, payload_sealed: sealed });
  return envelope.id;
}
