import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../deps.ts";
import { fixRoutes } from "./fix.routes.ts";
import { mailOffRoutes } from "./mail-off.routes.ts";
import { myGiftRoutes } from "./my-gift.routes.ts";
import { stopRoutes } from "./stop.routes.ts";

type DonorDeps = Pick<Deps, "db" | "stripe" | "vault" | "now" | "newsroom" | "config" | "log">;

/** Where mails lead to. @param limits what holds back those who ask for links again and again */
export function donorRoutes(deps: DonorDeps, ownSites: RequestHandler, limits: readonly RequestHandler[] = []): Router {
  const router = express.Router();
  // Whoever has one of these addresses can use it: it goes to no other site.
  router.use(["/gifts", "/mail/off"], (_request, response, next) => {
    response.set("Referrer-Policy", "no-referrer");
    next();
  });
  router.use(stopRoutes(deps));
  router.use(fixRoutes(deps));
  router.use(mailOffRoutes(deps));
  router.use(myGiftRoutes(deps, ownSites, limits));
  return router;
}
