/** Stripe's error types that the simulated Stripe answers with. */
type ErrorType = "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";

interface ErrorBody {
  type: ErrorType;
  code?: string;
  message: string;
  param?: string;
  doc_url?: string;
  charge?: unknown;
  decline_code?: unknown;
  payment_intent?: unknown;
  payment_method?: unknown;
}

/** An answer in Stripe's error shape. `replayable` tells whether it is kept under the request's idempotency key. */
export class StripeError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly replayable: boolean;

  constructor(status: number, body: ErrorBody, replayable: boolean) {
    super(body.message);
    this.name = "StripeError";
    this.status = status;
    this.body = body.code === undefined ? body : { ...body, doc_url: docUrl(body.code) };
    this.replayable = replayable;
  }
}

/**
 * A fault in a request's parameters, found before anything was done: not kept under the idempotency key.
 * https://docs.stripe.com/api/idempotent_requests
 */
export function parameterError(code: string | null, message: string, param?: string): StripeError {
  return new StripeError(400, invalidRequest(code, message, param), false);
}

/** A refusal by the endpoint itself: kept under the idempotency key. */
export function refusal(code: string | null, message: string, param?: string): StripeError {
  return new StripeError(400, invalidRequest(code, message, param), true);
}

/** An object that a parameter names and that doesn't exist. */
export function missing(what: string, id: string, param: string): StripeError {
  return refusal("resource_missing", `No such ${what}: '${id}'`, param);
}

/** An object that the path names and that doesn't exist. */
export function missingAtPath(what: string, id: string, param = "id"): StripeError {
  return new StripeError(404, invalidRequest("resource_missing", `No such ${what}: '${id}'`, param), true);
}

export function unauthorized(code: string | null, message: string): StripeError {
  return new StripeError(401, invalidRequest(code, message), false);
}

/** A parameter that Stripe has and this stand-in doesn't simulate: said plainly, so that nobody hunts for a typo. */
export function notSimulated(what: string, param?: string): StripeError {
  return parameterError(
    null,
    `The simulated Stripe does not simulate ${what}. Leave it out, or use Stripe's test mode.`,
    param,
  );
}

export function unrecognizedUrl(method: string, path: string): StripeError {
  const message = `Unrecognized request URL (${method}: ${path}). The simulated Stripe does not have this route.`;
  return new StripeError(404, { type: "invalid_request_error", message }, false);
}

export function idempotencyError(message: string): StripeError {
  return new StripeError(400, { type: "idempotency_error", message }, false);
}

export function keyInUse(): StripeError {
  const message =
    "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through). Please try again later.";
  return new StripeError(409, { type: "idempotency_error", code: "idempotency_key_in_use", message }, false);
}

export function apiError(status: number): StripeError {
  return new StripeError(status, { type: "api_error", message: "An error occurred with the simulated Stripe." }, true);
}

function invalidRequest(code: string | null, message: string, param?: string): ErrorBody {
  return {
    type: "invalid_request_error",
    ...(code === null ? {} : { code }),
    message,
    ...(param === undefined ? {} : { param }),
  };
}

function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`;
}
