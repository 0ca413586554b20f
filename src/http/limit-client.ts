import type { RequestHandler } from "express";
import type { LimitName, Limits } from "./limiter.ts";
import { countClient } from "./rate-limit.ts";

/** Counts each request of a client before anything is done for it. @throws AppError `rate_limited` with Retry-After */
export function limitClient(limits: Limits, name: LimitName): RequestHandler {
  return async (request, _response, next) => {
    await countClient(limits, name, request);
    next();
  };
}
