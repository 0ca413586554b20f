import { setTimeout as sleep } from "node:timers/promises";
import express, { type Request, type Response, type Router } from "express";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { isQuiet } from "./quiet.queries.ts";
import type { StripeStandIn } from "./stripe/server.ts";

const advanceBody = z
  .strictObject({
    days: z.int().min(0).max(3660).optional(),
    hours: z.int().min(0).max(87_840).optional(),
    seconds: z.int().min(0).max(316_224_000).optional(),
  })
  .refine((body) => Object.keys(body).length > 0, "Expected days, hours or seconds.");

/** Longest that an answer waits for the books to have caught up. */
const CATCH_UP_MS = 30_000;

/** What only the sandbox has: moving time, for Stripe and for the product. */
export function controlRoutes(deps: Pick<Deps, "db" | "now">, stripe: StripeStandIn): Router {
  const router = express.Router();
  const parsers = [express.json(), express.urlencoded({ extended: false })];
  router.post("/sandbox/stripe/advance", parsers, async (request: Request, response: Response) => {
    // The demo article has a button for it.
    const isForm = request.is("application/x-www-form-urlencoded") !== false;
    const sent = isForm ? { days: Number(request.body?.days) } : (request.body ?? {});
    const { days = 0, hours = 0, seconds = 0 } = parse(advanceBody, sent);
    const { events } = await stripe.advance((days * 86_400 + hours * 3_600 + seconds) * 1000, { finishDrafts: true });
    const settled = await caughtUp(deps, stripe);
    if (isForm) response.redirect(303, "/");
    else response.json({ now: deps.now().toISOString(), events, settled });
  });
  return router;
}

/** Waits until what happened meanwhile is in the books, so that whoever advanced can read them at once. */
async function caughtUp(deps: Pick<Deps, "db">, stripe: StripeStandIn): Promise<boolean> {
  const deadline = performance.now() + CATCH_UP_MS;
  await Promise.race([stripe.settled(), sleep(CATCH_UP_MS, undefined, { ref: false })]);
  for (let quiet = 0; quiet < 2; ) {
    if (performance.now() > deadline) return false;
    quiet = (await isQuiet(deps.db)) ? quiet + 1 : 0;
    await sleep(100);
  }
  return true;
}
