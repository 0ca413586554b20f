import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import type { Logger } from "../shared/log.ts";

/** Gives each request its id and logs one line at its end: the route's pattern, never its address, which may hold a token. */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const id = randomUUID();
    response.locals.request_id = id;
    response.set("X-Request-Id", id);
    response.once("close", () => {
      const { event_id, donation_id } = response.locals;
      log.info({
        request_id: id,
        method: request.method,
        route: typeof request.route?.path === "string" ? request.route.path : null,
        status: response.writableFinished ? response.statusCode : "aborted",
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        ...(event_id === undefined ? {} : { event_id }),
        ...(donation_id === undefined ? {} : { donation_id }),
      });
    });
    next();
  };
}
