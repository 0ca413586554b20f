import { AppError, SetupError } from "./errors.ts";

export interface DescribedError {
  readonly type: string;
  readonly message?: string;
  readonly code?: string;
  readonly stack?: string;
  readonly faults?: readonly string[];
}

/**
 * An error as it may be logged or stored. Messages of Postgres, Stripe, validation and many of the engine's own quote the value that they
 * refuse (an address, a row's contents), so a message is kept only where it is known to be in our words or to hold no value.
 */
export function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = codeOf(error);
  return {
    type: typeOf(error),
    ...(mayBeShown(error) ? { message: error.message } : {}),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof SetupError ? { faults: error.faults } : {}),
    ...(error.stack === undefined ? {} : { stack: framesOf(error, error.stack) }),
  };
}

/** Some libraries leave `name` at "Error" and are known by their class alone. */
function typeOf(error: Error): string {
  if (error.name === "error") return "DatabaseError";
  return error.name === "Error" ? error.constructor.name : error.name;
}

function mayBeShown(error: Error): boolean {
  if (error instanceof AppError || error instanceof SetupError) return true;
  switch (Object.getPrototypeOf(error)) {
    case Error.prototype:
      // The engine throws no plain Error. Node's own have a code, and those of system calls name nothing but hosts and files.
      if ("syscall" in error) return true;
      return isByLibrary(error) ? CONNECTION_MESSAGES.has(error.message) : !("code" in error);
    case TypeError.prototype:
    case RangeError.prototype:
      return !("code" in error) && !isByLibrary(error) && WITHOUT_VALUES.some((form) => form.test(error.message));
    default:
      return false;
  }
}

/** What an operator has to know of pg's plain Errors; another one of them quotes a parameter. */
const CONNECTION_MESSAGES: ReadonlySet<string> = new Set([
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "timeout exceeded when trying to connect",
  "Query read timeout",
  "Client has encountered a connection error and is not queryable",
  "Client was closed and is not queryable",
  "The server does not support SSL connections",
]);

/** The engine's quote values in most cases ("Invalid language tag: …"): these forms hold none. */
const WITHOUT_VALUES: readonly RegExp[] = [
  // A whole sentence is our own: the engine puts no full stop.
  /^[A-Z][^'"`:@]*\.$/,
  /^Cannot (?:read|set) properties of (?:undefined|null) \((?:reading|setting) '[\w$]{1,40}'\)$/,
  /^[A-Za-z_$][\w$.]* is not (?:a function|iterable|a constructor)$/,
  /^(?:Invalid time value|Invalid array length|Invalid string length|Maximum call stack size exceeded)$/,
];

function codeOf(error: Error): string | undefined {
  if (!("code" in error)) return undefined;
  return typeof error.code === "string" && /^[\w.-]{1,64}$/.test(error.code) ? error.code : undefined;
}

/** By the place where it was made. */
function isByLibrary(error: Error): boolean {
  const [first = ""] = framesOf(error, error.stack ?? "").split("\n");
  return /[\\/]node_modules[\\/]/.test(first);
}

/** The message stands at the top of a stack, on as many lines as it has, and a line of it may look like a frame. */
function framesOf(error: Error, stack: string): string {
  const at = stack.indexOf(error.message);
  return (at < 0 ? stack : stack.slice(at + error.message.length))
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .join("\n");
}
