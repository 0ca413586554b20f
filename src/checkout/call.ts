import { AppError } from "../shared/errors.ts";
import { CHECKOUT_RESUMABLE_MS, CHECKOUT_TIMEOUT_MS, STRIPE_CALL_TIMEOUT_MS } from "../shared/limits.ts";
import { type StripeFailure, stripeFailure } from "../stripe/failures.ts";
import type { Stripe } from "../stripe/types.ts";
import { beginAttempt, readCheckout, type StoredCheckout, storeAnswer, storeRefusal } from "./checkout.queries.ts";
import type { CheckoutDeps } from "./start.ts";

/** What the widget gets: the donation's id and where to send the reader. */
export interface Started {
  readonly id: string;
  readonly url: string;
  readonly expires_at: Date;
}

/** Less time than this is not worth another call. */
const SHORTEST_CALL_MS = 500;
/** Kept free at the end for our own last steps. */
const RESERVE_MS = 500;
/** Before the second call; twice as long before each further one. */
const FIRST_PAUSE_MS = 250;
/** Refusals that another try with the same gift can't change; all others are ours to mend, and the next repeat tries anew. */
const FINAL = new Set(["amount_too_small", "amount_too_large", "email_invalid"]);

/** What is to be sent, as it is stored. */
export interface Pending {
  readonly donation_id: string;
  /** From 1 on; part of the key by which Stripe knows a repeat. */
  readonly attempt: number;
  readonly params: Stripe.Checkout.SessionCreateParams;
  readonly resumable_until: Date;
}

/**
 * Sends the stored parameters until Stripe has answered or ten seconds have passed. The same attempt goes out again after anything that
 * leaves its fate unknown; only a replayed failure gets a new attempt, which is written down first.
 * @param written what the caller has stored itself a moment ago, or null to read it
 */
export async function callStripe(deps: CheckoutDeps, id: string, written: Pending | null): Promise<Started> {
  const deadline = performance.now() + CHECKOUT_TIMEOUT_MS - RESERVE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const pending = pause === FIRST_PAUSE_MS && written !== null ? written : await readPending(deps, id);
    if ("url" in pending) return pending;
    if (Date.now() > +pending.resumable_until) return await refuse(deps, id, "too_old");

    const timeout = Math.min(STRIPE_CALL_TIMEOUT_MS, deadline - performance.now());
    if (timeout < SHORTEST_CALL_MS) throw unavailable();
    try {
      const session = await deps.stripe.api.checkout.sessions.create(pending.params, {
        idempotencyKey: `checkout:${id}:${pending.attempt}`,
        timeout: Math.floor(timeout),
        maxNetworkRetries: 0,
      });
      return await keepAnswer(deps, id, session);
    } catch (error) {
      const failure = stripeFailure(error);
      if (failure === null) throw error;
      const level = failure.kind === "unknown" || failure.kind === "replayed_failure" ? "warn" : "error";
      deps.log[level](
        { donation_id: id, attempt: pending.attempt, failure: failure.kind, err: error },
        "Stripe did not start a checkout",
      );
      await afterFailure(deps, pending, failure);
      if (deadline - performance.now() < pause + SHORTEST_CALL_MS) throw unavailable();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** What is to be sent, or the answer that has come meanwhile. */
async function readPending(deps: CheckoutDeps, id: string): Promise<Pending | Started> {
  const stored = await readCheckout(deps.db, id);
  if (stored === undefined) throw new Error("A checkout that was written can't be read.");
  if (stored.state !== "prepared") return startedOf(deps, stored);
  const params = deps.vault.open(stored.params_sealed as Buffer, `checkouts.params_sealed:${id}`);
  return { ...stored, params: JSON.parse(params) };
}

/** Returns if another call makes sense. */
async function afterFailure(deps: CheckoutDeps, pending: Pending, failure: StripeFailure): Promise<void> {
  switch (failure.kind) {
    case "unknown":
      return;
    case "replayed_failure":
      await nextAttempt(deps, pending);
      return;
    case "misconfigured":
      throw unavailable();
    case "refused":
      if (failure.param === "expires_at") return await nextAttempt(deps, pending);
      if (failure.code !== null && FINAL.has(failure.code)) await refuse(deps, pending.donation_id, failure.code);
      await nextAttempt(deps, pending);
      throw unavailable();
  }
}

/** A new key, and a new closing time: the old one may be too near by now. */
async function nextAttempt(deps: CheckoutDeps, { donation_id: id, attempt, params }: Pending): Promise<void> {
  const expiresAt = new Date(+deps.now() + deps.newsroom().checkout.session_minutes * 60_000);
  const again = { ...params, expires_at: Math.floor(+expiresAt / 1000) };
  await beginAttempt(deps.db, {
    donation_id: id,
    attempt: attempt + 1,
    params_sealed: deps.vault.seal(JSON.stringify(again), `checkouts.params_sealed:${id}`),
    expires_at: expiresAt,
    resumable_until: new Date(Date.now() + CHECKOUT_RESUMABLE_MS),
  });
}

async function keepAnswer(deps: CheckoutDeps, id: string, session: Stripe.Checkout.Session): Promise<Started> {
  if (session.url === null) throw new Error("Stripe's session has no page.");
  const expiresAt = new Date(session.expires_at * 1000);
  await storeAnswer(deps.db, {
    donation_id: id,
    session_id: session.id,
    url_sealed: deps.vault.seal(session.url, `checkouts.url_sealed:${id}`),
    expires_at: expiresAt,
  });
  return { id, url: session.url, expires_at: expiresAt };
}

async function refuse(deps: CheckoutDeps, id: string, refusal: string): Promise<never> {
  await storeRefusal(deps.db, id, refusal);
  throw refusalOf(refusal);
}

/** The answer of a checkout that has one: the same each time it is asked for. */
export function startedOf(deps: CheckoutDeps, stored: StoredCheckout): Started {
  if (stored.state === "refused" || stored.url_sealed === null) throw refusalOf(stored.refusal ?? "unknown");
  const url = deps.vault.open(stored.url_sealed, `checkouts.url_sealed:${stored.donation_id}`);
  return { id: stored.donation_id, url, expires_at: stored.expires_at };
}

function refusalOf(refusal: string): AppError {
  switch (refusal) {
    case "amount_too_small":
      return new AppError(
        "unprocessable",
        "amount_below_minimum",
        "Stripe takes no amount as small as this. Choose a larger one.",
        {
          errors: [{ path: "amount", message: "Choose a larger amount." }],
        },
      );
    case "amount_too_large":
      return new AppError(
        "unprocessable",
        "amount_above_maximum",
        "Stripe takes no amount as large as this. Choose a smaller one.",
        {
          errors: [{ path: "amount", message: "Choose a smaller amount." }],
        },
      );
    case "email_invalid":
      return new AppError(
        "invalid",
        "invalid_request",
        "Stripe can't use this e-mail address. Correct it or leave it out.",
        {
          errors: [{ path: "email", message: "Expected an address that can receive mail." }],
        },
      );
    case "too_old":
      return new AppError(
        "unprocessable",
        "idempotency_key_reused",
        "This key was first used more than 23 hours ago. Make a new one.",
      );
    default:
      return unavailable();
  }
}

function unavailable(): AppError {
  const detail =
    "The payment service can't be reached now. Nothing was charged; send the same request again in a few seconds.";
  return new AppError("unavailable", "payment_provider_unavailable", detail, { retryAfterSeconds: 5 });
}
