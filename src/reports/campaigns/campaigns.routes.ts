import express, { type Router } from "express";
import type { Deps } from "../../deps.ts";
import { campaignProgress } from "./progress.ts";

/**
 * `GET /v1/campaigns/:slug/progress`, for a ticker. It is the same for everybody and may be shown anywhere, so caches may keep it: for a
 * minute, and Express answers 304 by ETag.
 */
export function campaignRoutes(deps: Pick<Deps, "db" | "newsroom">): Router {
  const router = express.Router();
  const progress = campaignProgress(deps);
  router.get("/v1/campaigns/:slug/progress", async (request, response) => {
    const answer = await progress(request.params.slug);
    // It tells caches to ask here, which they have: Express would send the whole answer again (so does Node's fetch make it).
    delete request.headers["cache-control"];
    response.set({ "Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*" }).json(answer);
  });
  return router;
}
