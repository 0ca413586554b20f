import express, { type Router } from "express";
import type { Deps } from "../deps.ts";
import { WEBHOOK_BODY_LIMIT_BYTES } from "../shared/limits.ts";
import { refusal } from "./envelope.ts";
import { receiveEvent } from "./receive.ts";
import { createInboxWriter } from "./writer.ts";

/** Mounted before any JSON parser: the signature covers the bytes as they came. `onReceived` wakes the worker of this process. */
export function webhookRoutes(
  deps: Pick<Deps, "config" | "db" | "log" | "stripe" | "vault">,
  onReceived: () => void,
): Router {
  const keep = createInboxWriter(deps.db);
  const router = express.Router();
  router.post(
    "/webhooks/stripe",
    express.raw({ type: () => true, limit: WEBHOOK_BODY_LIMIT_BYTES }),
    async (request, response) => {
      if (!Buffer.isBuffer(request.body)) throw refusal("The body is empty. Send a signed Stripe event.");
      response.locals.event_id = await receiveEvent(deps, keep, {
        body: request.body,
        signature: request.get("stripe-signature"),
      });
      response.json({ received: true });
      onReceived();
    },
  );
  return router;
}
