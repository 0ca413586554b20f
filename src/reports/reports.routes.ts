import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import type { Role } from "../shared/roles.ts";
import { paymentsPage } from "./payments.ts";
import { reportPeriod } from "./period.ts";
import { paymentsQuery, summaryQuery } from "./query-schema.ts";
import { readSummary } from "./summary.queries.ts";

const DEFAULT_LIMIT = 100;

/** The reports for finance staff. `allow` lets the roles pass that it is given; nothing is kept in caches on the way. */
export function reportRoutes(
  deps: Pick<Deps, "db" | "newsroom" | "now">,
  allow: (roles: readonly Role[]) => RequestHandler,
): Router {
  const router = express.Router();
  router.use("/v1/reports", (_request, response, next) => {
    response.set("Cache-Control", "private, no-store");
    next();
  });

  router.get("/v1/reports/summary", allow(["finance", "audience"]), async (request, response) => {
    const query = parse(summaryQuery, request.query);
    const { time_zone } = deps.newsroom();
    const period = reportPeriod(query, deps.now(), time_zone);
    response.json({ rows: await readSummary(deps.db, period, query.interval, time_zone), next_cursor: null });
  });

  router.get("/v1/reports/payments", allow(["finance"]), async (request, response) => {
    const { from, to, limit, cursor, ...filters } = parse(paymentsQuery, request.query);
    const period = reportPeriod({ from, to }, deps.now(), deps.newsroom().time_zone);
    response.json(await paymentsPage(deps.db, { ...filters, period }, cursor ?? null, limit ?? DEFAULT_LIMIT));
  });
  return router;
}
