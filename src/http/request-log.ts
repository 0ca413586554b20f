import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import type { Logger } from "../shared/log.ts";

/** What a request's line in the log says of it. */
export interface About {
  readonly request_id: string;
  event_id?: string;
  donation_id?: string;
}

/**
 * Gives a request its id and logs one line at its end. `route` is asked then: the route's pattern, never its address, which may hold a token.
 * @returns what the line will say; whoever handles the request adds to it
 */
export function beginRequest(
  log: Logger,
  request: IncomingMessage,
  response: ServerResponse,
  route: () => string | null,
): About {
  const startedAt = performance.now();
  const about: About = { request_id: randomUUID() };
  response.setHeader("X-Request-Id", about.request_id);
  response.once("close", () => {
    const { request_id, ...more } = about;
    log.info({
      request_id,
      method: request.method,
      route: route(),
      status: response.writableFinished ? response.statusCode : "aborted",
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      ...more,
    });
  });
  return about;
}

/** The same for what Express serves: handlers add to `response.locals`. */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const pattern = () => (typeof request.route?.path === "string" ? request.route.path : null);
    const about = beginRequest(log, request, response, pattern);
    response.locals.request_id = about.request_id;
    response.prependOnceListener("close", () => {
      const { event_id, donation_id } = response.locals;
      if (event_id !== undefined) about.event_id = event_id;
      if (donation_id !== undefined) about.donation_id = donation_id;
    });
    next();
  };
}
