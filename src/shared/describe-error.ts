import { AppError, SetupError } from "./errors.ts";

/** Errors whose messages are our own or the engine's and can't quote what somebody sent. */
const OWN_WORDS = new Set(["AppError", "SetupError", "Error", "TypeError", "RangeError", "AssertionError"]);

export interface DescribedError {
  readonly type: string;
  readonly message?: string;
  readonly code?: string;
  readonly stack?: string;
  readonly faults?: readonly string[];
}

/**
 * An error as it may be logged or stored. Messages of Postgres, Stripe, JSON and validation errors quote the value that they refuse
 * (an address, a row's contents), so of those only the type, the code and the place are kept.
 */
export function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const type = error.name === "error" ? "DatabaseError" : error.name;
  const code = codeOf(error);
  const isOurs =
    error instanceof AppError || error instanceof SetupError || (OWN_WORDS.has(error.name) && !("severity" in error));
  return {
    type,
    ...(isOurs ? { message: error.message } : {}),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof SetupError ? { faults: error.faults } : {}),
    ...(error.stack === undefined ? {} : { stack: framesOf(error.stack) }),
  };
}

function codeOf(error: Error): string | undefined {
  if (!("code" in error)) return undefined;
  return typeof error.code === "string" && /^[\w.-]{1,64}$/.test(error.code) ? error.code : undefined;
}

/** The message stands at the top of a stack, on as many lines as it has. */
function framesOf(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .join("\n");
}
