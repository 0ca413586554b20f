import type { RequestHandler } from "express";
import type { Config } from "../config.ts";
import { AppError } from "../shared/errors.ts";

/** A browser on this machine names the page that asks; a page from elsewhere has no business with the sandbox. */
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** Lets through what the service's own pages send, and what no page has sent. */
export function ownPages(config: Pick<Config, "publicUrl">, refusal: string): RequestHandler {
  const own = new URL(config.publicUrl).origin;
  return (request, _response, next) => {
    const { origin } = request.headers;
    if (origin === undefined || origin === own || LOOPBACK.test(origin)) return next();
    throw new AppError("forbidden", "forbidden", refusal);
  };
}
