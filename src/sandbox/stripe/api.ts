import type { IncomingHttpHeaders } from "node:http";
import { STRIPE_API_VERSION } from "../../stripe/types.ts";
import { apiError, parameterError, StripeError, unauthorized, unrecognizedUrl } from "./errors.ts";
import { expand } from "./expand.ts";
import type { Fault } from "./faults.ts";
import { decodeForm, type Form } from "./form.ts";
import { fingerprintOf, type Idempotency } from "./idempotency.ts";
import { newId } from "./ids.ts";
import { listOf, text } from "./params.ts";
import type { router } from "./routing.ts";
import type { World } from "./world.ts";

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface ApiDeps {
  readonly world: World;
  readonly idempotency: Idempotency;
  readonly route: ReturnType<typeof router>;
  readonly log: (line: object) => void;
}

const REFUSED_KEY =
  "This is the simulated Stripe: it refuses live keys. Use any key that begins with sk_test_ or rk_test_, and take this live key away from here.";

/** Answers one request to the API as Stripe would, durably: the answer is given after its effects are stored. */
export function answer(deps: ApiDeps, call: ApiCall, fault: Fault | undefined): Reply {
  const requestId = newId.request();
  const key = call.method === "POST" ? call.headers["idempotency-key"] : undefined;
  const common: Record<string, string> = {
    "Content-Type": "application/json",
    "Request-Id": requestId,
    "Stripe-Version": STRIPE_API_VERSION,
    ...(typeof key === "string" ? { "Idempotency-Key": key } : {}),
  };
  try {
    checkKey(call.headers.authorization);
    checkVersion(call.headers["stripe-version"]);
    if (fault?.kind === "status") throw new StripeError(fault.status, faultBody(fault.status), false);
    if (typeof key === "string" && key !== "") return keyed(deps, call, key, common, requestId, fault);
    if (fault?.kind === "replayed_500") throw apiError(500);
    return run(deps, call, requestId, null, common);
  } catch (error) {
    return failure(deps, error, common);
  }
}

function keyed(
  deps: ApiDeps,
  call: ApiCall,
  key: string,
  common: Record<string, string>,
  requestId: string,
  fault: Fault | undefined,
): Reply {
  const { world, idempotency } = deps;
  const fingerprint = fingerprintOf(call.path, call.body);
  const kept = idempotency.recall(key, fingerprint, world.now());
  if (kept !== undefined) {
    const headers = { ...common, "Idempotent-Replayed": "true", "Original-Request": kept.request_id };
    return { status: kept.status, headers, body: kept.body };
  }
  let reply: Reply;
  let keep = true;
  try {
    if (fault?.kind === "replayed_500") throw apiError(500);
    reply = run(deps, call, requestId, key, common);
  } catch (error) {
    keep = !(error instanceof StripeError) || error.replayable;
    reply = failure(deps, error, common);
  }
  if (keep) {
    const { status, body } = reply;
    idempotency.keep({ id: key, fingerprint, status, body, request_id: requestId, created: world.now() });
  }
  // The effects and the answer become durable together.
  world.store.commit();
  return reply;
}

function run(
  deps: ApiDeps,
  call: ApiCall,
  requestId: string,
  key: string | null,
  common: Record<string, string>,
): Reply {
  const { world } = deps;
  const match = deps.route(call.method, call.path);
  if (match === undefined) throw unrecognizedUrl(call.method, call.path);
  const form = decodeForm(call.method === "POST" || call.query === "" ? call.body : call.query);
  const paths = takeExpand(form);
  try {
    const object = world.causedBy({ id: requestId, idempotency_key: key }, () =>
      match.handler(world, { id: match.id, form }),
    );
    return { status: 200, headers: common, body: JSON.stringify(expand(world, object, paths)) };
  } finally {
    // With a key the answer is kept first.
    if (key === null) world.store.commit();
  }
}

/** Every endpoint takes `expand`; the others' schemas needn't know. */
function takeExpand(form: Form): string[] | undefined {
  if (form.expand === undefined) return undefined;
  const result = expandParam.safeParse(form.expand);
  if (!result.success) throw parameterError(null, "Invalid array", "expand");
  delete form.expand;
  return result.data;
}

const expandParam = listOf(text(500));

/** Bearer as the client sends it, or the key as the user name of Basic as curl does. */
function checkKey(authorization: string | undefined): void {
  const [scheme = "", credentials = ""] = (authorization ?? "").split(" ");
  const key = /^basic$/i.test(scheme)
    ? (Buffer.from(credentials, "base64").toString().split(":")[0] ?? "")
    : credentials;
  if (key === "") {
    throw unauthorized(
      null,
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (/^(sk|rk)_live_/.test(key)) throw unauthorized(null, REFUSED_KEY);
  if (/^pk_/.test(key))
    throw unauthorized(
      "secret_key_required",
      "This API call cannot be made with a publishable API key. Please use a secret API key.",
    );
  if (!/^(sk|rk)_test_./.test(key))
    throw unauthorized(null, "Invalid API Key provided: it begins neither with sk_test_ nor with rk_test_.");
}

/** What is answered has one shape only, so another version is refused rather than misread. */
function checkVersion(version: string | string[] | undefined): void {
  if (version === undefined || version === STRIPE_API_VERSION) return;
  throw parameterError(null, `Invalid Stripe API version: the simulated Stripe speaks ${STRIPE_API_VERSION} only.`);
}

function failure(deps: ApiDeps, error: unknown, common: Record<string, string>): Reply {
  const known = error instanceof StripeError ? error : apiError(500);
  if (known !== error) {
    deps.log({ msg: "the simulated Stripe failed", error: error instanceof Error ? error.stack : String(error) });
  }
  return { status: known.status, headers: common, body: JSON.stringify({ error: known.body }) };
}

function faultBody(status: number): StripeError["body"] {
  if (status === 429) {
    const message =
      "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.";
    return { type: "invalid_request_error", code: "rate_limit", message };
  }
  const type = status >= 500 ? "api_error" : status === 402 ? "card_error" : "invalid_request_error";
  return { type, message: `A fault was asked for: HTTP ${status}.` };
}
