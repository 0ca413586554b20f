import express, { type Router } from "express";
import type { Deps } from "../deps.ts";
import { readGauges } from "./metrics.queries.ts";
import { metricsText } from "./metrics.ts";

/** `/metrics` for Prometheus: counts of the whole installation, computed when asked, so any one process may be scraped. */
export function metricsRoutes(deps: Pick<Deps, "db" | "now">): Router {
  const router = express.Router();
  router.get("/metrics", async (_request, response) => {
    response
      .set("Cache-Control", "no-store")
      .type("text/plain; version=0.0.4; charset=utf-8")
      .send(metricsText(await readGauges(deps.db, deps.now())));
  });
  return router;
}
