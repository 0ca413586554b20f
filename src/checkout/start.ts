import { v7 } from "uuid";
import type { Deps } from "../deps.ts";
import { encodeAttribution } from "../donations/attribution.ts";
import { type RemindedGift, remindedGift } from "../donations/reminded.queries.ts";
import type { NewDonation } from "../donations/types.ts";
import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { consentStatement } from "../pages/consent.ts";
import { attributionColumns } from "../shared/attribution.ts";
import { AppError } from "../shared/errors.ts";
import { CHECKOUT_RESUMABLE_MS } from "../shared/limits.ts";
import type { CheckoutBody } from "./body.ts";
import { callStripe, type Pending, type Started, startedOf } from "./call.ts";
import { findKey, giveBackLease, insertCheckout, readCheckout, takeLease } from "./checkout.queries.ts";
import { assertAccepted, type Terms } from "./rules.ts";
import { sessionParams } from "./session-params.ts";

export type CheckoutDeps = Pick<Deps, "db" | "stripe" | "vault" | "now" | "log" | "config" | "newsroom" | "limits">;

export interface CheckoutRequest {
  readonly body: CheckoutBody;
  /** The client's Idempotency-Key. */
  readonly key: string | null;
  /** Where the CDN sees the reader, if it says so. */
  readonly country: string | null;
}

/**
 * Starts a donation: writes it down, asks Stripe for a session, keeps the answer. With a client's key it can be repeated at any point,
 * after a crash too, and ends with one session.
 * @throws AppError with the contract's codes
 */
export async function startCheckout(deps: CheckoutDeps, request: CheckoutRequest): Promise<Started> {
  const newsroom = deps.newsroom();
  const key = hashesOf(deps, request);
  const terms = await acceptedTerms(deps, newsroom, request, key);
  if (terms === null) return await repeat(deps, key as KeyHashes);
  const id = v7();
  const reminded = await remindedGift(deps, request.body.reminder_token);
  const { params, ...prepared } = prepare(deps, newsroom, id, request.body, terms, reminded);
  if (await insertCheckout(deps.db, { ...prepared, key })) {
    const written = { donation_id: id, attempt: 1, params, resumable_until: prepared.checkout.resumable_until };
    return await finish(deps, id, key?.key_hash ?? null, written);
  }
  if (key === null) throw new Error("A checkout without a client's key was not written.");
  return await repeat(deps, key);
}

/** Null where the newsroom's rules refuse what they took when this key was first used: a repeat gets the answer of then. */
async function acceptedTerms(
  deps: CheckoutDeps,
  newsroom: NewsroomConfig,
  request: CheckoutRequest,
  key: KeyHashes | null,
): Promise<Terms | null> {
  try {
    return assertAccepted(newsroom, request.body, request.country);
  } catch (error) {
    if (key !== null && (await findKey(deps.db, key.key_hash)) !== undefined) return null;
    throw error;
  }
}

interface KeyHashes {
  readonly key_hash: Buffer;
  readonly request_hash: Buffer;
}

/** The key is the client's own text and may hold anything, so it is kept as a hash, like the body it came with. */
function hashesOf(deps: CheckoutDeps, request: CheckoutRequest): KeyHashes | null {
  if (request.key === null) return null;
  return {
    key_hash: deps.vault.hash("idempotency-key", request.key),
    request_hash: deps.vault.hash("idempotency-request", JSON.stringify(request.body)),
  };
}

/** The key was used before: its answer, or its work taken up where it stopped. */
async function repeat(deps: CheckoutDeps, key: KeyHashes): Promise<Started> {
  const holder = await findKey(deps.db, key.key_hash);
  if (holder === undefined) throw inProgress();
  if (!holder.request_hash.equals(key.request_hash)) {
    const detail = "This Idempotency-Key was used for another request. Make a new key for each new request.";
    throw new AppError("unprocessable", "idempotency_key_reused", detail);
  }
  const stored = await readCheckout(deps.db, holder.donation_id);
  if (stored !== undefined && stored.state !== "prepared") return startedOf(deps, stored);
  if (!(await takeLease(deps.db, key.key_hash))) throw inProgress();
  return await finish(deps, holder.donation_id, key.key_hash, null);
}

function inProgress(): AppError {
  const detail = "The same request is being worked on. Send it again in a moment, with the same key.";
  return new AppError("conflict", "request_in_progress", detail, { retryAfterSeconds: 1 });
}

async function finish(
  deps: CheckoutDeps,
  id: string,
  keyHash: Buffer | null,
  written: Pending | null,
): Promise<Started> {
  try {
    return await callStripe(deps, id, written);
  } catch (error) {
    if (keyHash !== null) await giveBackLease(deps.db, keyHash);
    throw error;
  }
}

function prepare(
  deps: CheckoutDeps,
  newsroom: NewsroomConfig,
  id: string,
  body: CheckoutBody,
  terms: Terms,
  reminded: RemindedGift | null,
) {
  const now = deps.now();
  const locale = pickLocale(newsroom, body.locale);
  const expiresAt = new Date(+now + newsroom.checkout.session_minutes * 60_000);
  const donation = donationOf(id, body, terms, locale, now, reminded);
  const params = sessionParams(deps.config, newsroom, {
    id,
    frequency: body.frequency,
    currency: body.currency,
    total: terms.total,
    email: body.email,
    locale,
    attributionCode: encodeAttribution(deps.vault, id, donation),
    expiresAt,
  });
  return {
    params,
    donation,
    consent: {
      shown_at: now,
      terms_version: body.terms_version ?? newsroom.terms.version,
      terms_in_force: newsroom.terms.version,
      locale,
      statement: consentStatement(newsroom, copyFor(newsroom, locale), locale, body, terms.total),
    },
    checkout: {
      params_sealed: deps.vault.seal(JSON.stringify(params), `checkouts.params_sealed:${id}`),
      expires_at: expiresAt,
      resumable_until: new Date(Date.now() + CHECKOUT_RESUMABLE_MS),
    },
  };
}

function donationOf(
  id: string,
  body: CheckoutBody,
  terms: Terms,
  locale: string,
  now: Date,
  reminded: RemindedGift | null,
) {
  // By a reminder's link nothing else tells where the reader came from.
  const isTold = Object.values(body.attribution).some((value) => value !== undefined);
  const from = isTold || reminded === null ? body.attribution : reminded;
  return {
    id,
    created_at: now,
    origin: "checkout",
    frequency: body.frequency,
    currency: body.currency,
    amount: terms.total,
    chosen_amount: terms.chosen,
    fees_covered: body.cover_fees,
    locale,
    country: body.country ?? null,
    discreet: body.discreet,
    newsletter: body.newsletter,
    no_mail: body.no_mail,
    ...attributionColumns(from),
    reminder_id: reminded?.id ?? null,
    status: "created",
  } satisfies NewDonation;
}
