import cors from "cors";
import type { RequestHandler } from "express";
import { AppError } from "../shared/errors.ts";

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Lets the newsroom's own sites use a route from the browser and turns all others away. A request without an Origin isn't a browser's on
 * another site: scripts are held back by limits, not by this.
 */
export function fromOwnSites(options: {
  readonly publicUrl: string;
  /** Pages on this machine are let in too. */
  readonly development: boolean;
  readonly allowed: () => readonly string[];
}): RequestHandler {
  const own = new URL(options.publicUrl).origin;
  const isAllowed = (origin: string) =>
    origin === own || options.allowed().includes(origin) || (options.development && LOOPBACK.test(origin));
  const answer = cors({
    origin: (origin, done) => {
      if (origin === undefined || isAllowed(origin)) done(null, origin !== undefined);
      else
        done(
          new AppError(
            "forbidden",
            "forbidden",
            "This site is not among the newsroom's: add it to allowed_origins in newsroom.yaml.",
          ),
        );
    },
    methods: ["GET", "POST"],
    allowedHeaders: ["Content-Type", "Idempotency-Key"],
    exposedHeaders: ["Retry-After", "X-Request-Id"],
    maxAge: 600,
  });
  return answer;
}
