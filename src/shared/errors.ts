/** What went wrong, by the consequence it has for whoever asked. One place (http/problem.ts) maps kinds to HTTP. */
export type ErrorKind =
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unprocessable"
  | "rate_limited"
  | "unavailable";

/** A fault in one field of a request; `path` as in `attribution.campaign`, `message` without the value that was sent. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

interface AppErrorOptions {
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * An error that a caller can act on. `code` is stable and documented in the contract; `message` says what was wrong,
 * what was expected and what to do next, and never repeats anything personal: it is shown and logged as it stands.
 */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.kind = kind;
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** A fault in how the service is set up; the process stops with exit code 1 and prints every line. */
export class SetupError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "SetupError";
    this.faults = faults;
  }
}
