import express, { type Router } from "express";
import { listAudit } from "../audit/list.queries.ts";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { type StaffGuards, staffOf } from "../http/staff.ts";
import { rolesOf } from "../pages/finance/sections.ts";
import { periodStart } from "../shared/period.ts";
import { auditPage } from "./audit.page.ts";
import { auditQuery } from "./audit-query.ts";
import { placeOf } from "./place.ts";

const PAGE = 100;

/** What staff have read, taken out and changed; for administrators. */
export function auditRoutes(deps: Pick<Deps, "db" | "config" | "newsroom">, guards: StaffGuards): Router {
  const router = express.Router();
  router.get("/finance/audit", guards.page(rolesOf("/finance/audit")), async (request, response) => {
    const query = parse(auditQuery, request.query);
    const { time_zone } = deps.newsroom();
    const { before, from, to, ...filter } = query;
    const days = {
      from: from === undefined ? undefined : periodStart(from, time_zone),
      to: to === undefined ? undefined : periodStart(to, time_zone),
    };
    const rows = await listAudit(deps.db, { ...filter, ...days }, { before: before ?? null, limit: PAGE + 1 });
    const page = auditPage(placeOf(deps), staffOf(response), {
      query,
      rows: rows.slice(0, PAGE),
      more: rows.length > PAGE,
    });
    response.type("html").send(page.text);
  });
  return router;
}
