import express, { type Router } from "express";
import { type StaffGuards, staffOf } from "../http/staff.ts";
import { homeOf } from "../pages/finance/sections.ts";
import { ROLES } from "../shared/roles.ts";

/** `/finance` leads each role to the pages that it may see; whoever may see the overview goes on to it. */
export function homeRoutes(guards: StaffGuards): Router {
  const router = express.Router();
  router.get("/finance", guards.page(ROLES), (_request, response, next) => {
    const home = homeOf(staffOf(response).role);
    if (home === "/finance") next();
    else response.redirect(303, home);
  });
  return router;
}
