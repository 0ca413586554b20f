import type { ErrorRequestHandler, RequestHandler } from "express";
import { databaseTrouble } from "../shared/database-trouble.ts";
import { AppError, type ErrorKind } from "../shared/errors.ts";
import type { Logger } from "../shared/log.ts";

const STATUS: Readonly<Record<ErrorKind, { readonly status: number; readonly title: string }>> = {
  invalid: { status: 400, title: "The request is not valid" },
  unauthorized: { status: 401, title: "Not signed in" },
  forbidden: { status: 403, title: "Not allowed" },
  not_found: { status: 404, title: "Not found" },
  conflict: { status: 409, title: "In conflict with another request" },
  too_large: { status: 413, title: "Too large" },
  unprocessable: { status: 422, title: "The request can't be fulfilled" },
  rate_limited: { status: 429, title: "Too many requests" },
  unavailable: { status: 503, title: "Not available now" },
};

const INTERNAL = "internal";
/** A database that restarts or is failed over is back within seconds, as a rule. */
const RETRY_AFTER_SECONDS = 5;

export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The one place where an error becomes an answer (RFC 9457). What isn't an AppError says its request id and nothing else, and is logged. */
export function problemOf(thrown: unknown, requestId: string, log: Logger): Problem {
  const error = toAppError(thrown);
  if (isOurFault(error)) log.error({ request_id: requestId, err: thrown }, "a request failed unexpectedly");
  const status = statusOf(error);
  const code = error?.code ?? INTERNAL;
  const body = JSON.stringify({
    type: `urn:reader-donations:problem:${code}`,
    title: error === null ? "Something went wrong on our side" : STATUS[error.kind].title,
    status,
    code,
    detail:
      error?.message ?? "It has been logged under the request id. Nothing was charged by this request; try again.",
    request_id: requestId,
    ...(error?.errors === undefined ? {} : { errors: error.errors }),
  });
  const retry = error?.retryAfterSeconds;
  return {
    status,
    body,
    headers: {
      ...(retry === undefined ? {} : { "Retry-After": String(retry) }),
      "Content-Type": "application/problem+json; charset=utf-8",
      "Content-Length": String(Buffer.byteLength(body)),
      "Cache-Control": "no-store",
    },
  };
}

export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const { status, headers, body } = problemOf(error, String(response.locals.request_id ?? ""), log);
    if (response.headersSent) next(error);
    else response.status(status).set(headers).send(body);
  };
}

export const notFound: RequestHandler = () => {
  throw new AppError(
    "not_found",
    "not_found",
    "There is nothing at this address, or not for this method. The README lists what there is.",
  );
};

/** What nobody who asks can mend: it is logged. */
export function isOurFault(error: AppError | null): boolean {
  return error === null || error.code === INTERNAL;
}

/** @returns the HTTP status of an error, 500 for what isn't known */
export function statusOf(error: AppError | null): number {
  return error === null ? 500 : STATUS[error.kind].status;
}

/**
 * Errors of ours as they are, those of Express and its body parsers by their `type` and status, a database that is away as `unavailable`; null
 * for all else.
 */
export function toAppError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (databaseTrouble(error) !== null) return unavailable(error);
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return null;
  if (error.status < 400 || error.status >= 500) return null;
  const type = "type" in error ? error.type : undefined;
  if (type === "entity.too.large") {
    return tooLarge("limit" in error ? Number(error.limit) : Number.NaN);
  }
  if (type === "entity.parse.failed") {
    return new AppError(
      "invalid",
      "invalid_request",
      "The body is no valid JSON. Check its quotes, commas and brackets.",
      {
        errors: [{ path: "", message: "Expected JSON." }],
      },
    );
  }
  return new AppError(
    "invalid",
    "invalid_request",
    "The request can't be read: check its address, encoding, length and headers.",
  );
}

export function tooLarge(limitBytes: number): AppError {
  const kilobytes = limitBytes / 1024;
  const most = kilobytes >= 1024 ? `${kilobytes / 1024} MB` : `${kilobytes} KB`;
  const detail = Number.isInteger(kilobytes) ? `This address takes at most ${most}.` : "This address takes less.";
  return new AppError("too_large", "payload_too_large", `The body is too large. ${detail} Send less.`);
}

function unavailable(cause: unknown): AppError {
  const detail = "The service can't answer just now. Nothing was charged by this request; try again in some seconds.";
  return new AppError("unavailable", INTERNAL, detail, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
}
