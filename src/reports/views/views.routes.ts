import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../../deps.ts";
import { limitClient } from "../../http/limit-client.ts";
import { parse } from "../../http/parse.ts";
import { AppError } from "../../shared/errors.ts";
import { createViewCounter } from "./count-views.ts";
import { viewBody } from "./view-body.ts";

/** Far more than the longest body. */
const BODY_LIMIT_BYTES = 4 * 1024;

/** `POST /v1/widget-views`: counts that the form was shown, opened or continued with. Of the reader nothing is looked at or kept. */
export function viewRoutes(deps: Pick<Deps, "db" | "newsroom" | "now" | "limits">, ownSites: RequestHandler): Router {
  const router = express.Router();
  const count = createViewCounter(deps);
  router.options("/v1/widget-views", ownSites);
  router.post(
    "/v1/widget-views",
    ownSites,
    limitClient(deps.limits, "widget_view_client"),
    express.json({ limit: BODY_LIMIT_BYTES, strict: false }),
    async (request, response) => {
      if (!request.is("application/json")) throw notJson();
      await count(parse(viewBody, request.body));
      response.set("Cache-Control", "no-store").status(204).end();
    },
  );
  return router;
}

function notJson(): AppError {
  return new AppError("invalid", "invalid_request", "Send the view as JSON, with Content-Type: application/json.");
}
