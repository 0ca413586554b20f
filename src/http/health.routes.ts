import express, { type Router } from "express";

export interface Readiness {
  /** @returns why this process should get no requests now, or null */
  whyNot(): Promise<string | null>;
}

/** `/healthz`: the process is alive. `/readyz`: send it requests. */
export function healthRoutes(readiness: Readiness): Router {
  const router = express.Router();
  router.get("/healthz", (_request, response) => {
    response.set("Cache-Control", "no-store").json({ status: "alive" });
  });
  router.get("/readyz", async (_request, response) => {
    const reason = await readiness.whyNot();
    response
      .set("Cache-Control", "no-store")
      .status(reason === null ? 200 : 503)
      .json(reason === null ? { status: "ready" } : { status: "not_ready", reason });
  });
  return router;
}
