import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Deps } from "../deps.ts";
import { problemOf } from "../http/problem.ts";
import { readBody } from "../http/raw-body.ts";
import { beginRequest } from "../http/request-log.ts";
import { WEBHOOK_BODY_LIMIT_BYTES } from "../shared/limits.ts";
import { refusal } from "./envelope.ts";
import { receiveEvent } from "./receive.ts";
import { createInboxWriter } from "./writer.ts";

const ROUTE = "/webhooks/stripe";
const ACKNOWLEDGED = '{"received":true}';

type WebhookDeps = Pick<Deps, "config" | "db" | "log" | "stripe" | "vault">;

/** Whether a request is for Stripe's webhooks, whatever its query. */
export function isWebhook({ method, url = "" }: IncomingMessage): boolean {
  return method === "POST" && url.startsWith(ROUTE) && /^\/?(?:\?|$)/.test(url.slice(ROUTE.length));
}

/**
 * Takes Stripe's webhooks in front of Express, which would take half as long again for each (see `npm run bench`). The signature covers the bytes
 * as they came, so nothing parses them before. `onReceived` wakes the worker of this process.
 */
export function webhookListener(deps: WebhookDeps, onReceived: () => void): RequestListener {
  const keep = createInboxWriter(deps.db);
  return (request, response) => void answer(request, response);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const about = beginRequest(deps.log, request, response, () => ROUTE);
    try {
      const body = await readBody(request, WEBHOOK_BODY_LIMIT_BYTES);
      if (body.length === 0) throw refusal("The body is empty. Send a signed Stripe event.");
      const signature = request.headers["stripe-signature"];
      about.event_id = await receiveEvent(deps, keep, { body, signature: signature?.toString() });
      response.writeHead(200, {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": ACKNOWLEDGED.length,
      });
      response.end(ACKNOWLEDGED);
      onReceived();
    } catch (error) {
      const { status, headers, body } = problemOf(error, about.request_id, deps.log);
      // A client that is cut off in the middle of its body doesn't read why; the server's own time-out bounds how long it may go on.
      request.resume();
      response.writeHead(status, headers);
      response.end(body);
    }
  }
}
