import { type Logger, pino } from "pino";
import { describeError } from "./describe-error.ts";

export type { Logger };

/** JSON lines on standard output. Logs carry ids only; errors go through `describeError`, under whichever of the two names. */
export function createLog(
  options: { readonly level?: string; readonly destination?: NodeJS.WritableStream } = {},
): Logger {
  const settings = {
    level: options.level ?? "info",
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError, error: describeError },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
