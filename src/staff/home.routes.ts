import express, { type Router } from "express";
import type { Deps } from "../deps.ts";
import { html } from "../http/html.ts";
import { type StaffGuards, staffOf } from "../http/staff.ts";
import { financeLayout } from "../pages/finance/layout.page.ts";
import { homeOf, rolesOf } from "../pages/finance/sections.ts";
import { isTest } from "../pages/layout.page.ts";
import { ROLES } from "../shared/roles.ts";
import { placeOf } from "./place.ts";

/** `/finance` leads each role to the pages that it may see. */
export function homeRoutes(deps: Pick<Deps, "config" | "newsroom">, guards: StaffGuards): Router {
  const router = express.Router();
  router.get("/finance", guards.page(ROLES), (_request, response, next) => {
    const home = homeOf(staffOf(response).role);
    if (home === "/finance") next();
    else response.redirect(303, home);
  });
  router.get("/finance", guards.page(rolesOf("/finance")), (_request, response) => {
    const { config, newsroom } = placeOf(deps);
    const page = {
      title: "Overview",
      here: "/finance",
      staff: staffOf(response),
      newsroom,
      test: isTest(config),
    } as const;
    response.type("html").send(financeLayout(page, html`<p>The reports are shown here.</p>`).text);
  });
  return router;
}
