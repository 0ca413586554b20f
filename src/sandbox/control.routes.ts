import { setTimeout as sleep } from "node:timers/promises";
import express, { type Request, type Response, type Router } from "express";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { isHeld } from "../mail/send.ts";
import { ownPages } from "./own-pages.routes.ts";
import {
  failedEvents,
  failedMails,
  heldBack,
  hurryRetries,
  mailsOnTheirWay,
  remindersDue,
  type Waiting,
  waiting,
} from "./quiet.queries.ts";
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

type ControlDeps = Pick<Deps, "db" | "now" | "config" | "newsroom" | "mail">;

/** What only the sandbox has: moving time, for Stripe and for the product. */
export function controlRoutes(deps: ControlDeps, stripe: StripeStandIn, catchUpMs = CATCH_UP_MS): Router {
  const router = express.Router();
  const parsers = [express.json({ strict: false }), express.urlencoded({ extended: false })];
  const own = ownPages(deps.config, "Pages of other sites can't move the sandbox's time.");
  router.post("/sandbox/stripe/advance", own, parsers, async (request: Request, response: Response) => {
    // The demo article has a button for it.
    const isForm = request.is("application/x-www-form-urlencoded") !== false;
    const sent = isForm ? { days: Number(request.body?.days) } : (request.body ?? {});
    const { days = 0, hours = 0, seconds = 0 } = parse(advanceBody, sent);
    const milliseconds = (days * 86_400 + hours * 3_600 + seconds) * 1000;
    const { events } = await stripe.advance(milliseconds, { finishDrafts: true });
    await hurryRetries(deps.db, milliseconds);
    const left = await leftAfter(catchUpMs, deps, stripe);
    if (isForm) response.redirect(303, "/");
    else {
      const settled = left === null;
      response.json({ now: deps.now().toISOString(), events, settled, ...(settled ? {} : { waiting_for: left }) });
    }
  });
  return router;
}

type Left = Readonly<Record<string, { readonly count: number; readonly ids: readonly string[] }>>;

/**
 * Waits until what happened meanwhile is in the books and in the mailbox, so that whoever advanced can read them at once; not for what has failed and isn't
 * due again, nor for mail that is held back or was refused for now.
 * @returns what is not in them, in the end
 */
async function leftAfter(ms: number, deps: ControlDeps, stripe: StripeStandIn): Promise<Left | null> {
  const deadline = performance.now() + ms;
  await Promise.race([stripe.settled(), sleep(ms, undefined, { ref: false })]);
  for (let quiet = 0; quiet < 2; ) {
    const mails = isHeld(deps)
      ? []
      : [...(await remindersDue(deps.db, deps.now())), ...(await mailsOnTheirWay(deps.db))];
    const left = [...(await waiting(deps.db)), ...mails];
    if (performance.now() > deadline) {
      return { ...undelivered(stripe), ...byWhat([...left, ...(await notWaitedFor(deps))]) };
    }
    quiet = left.length === 0 ? quiet + 1 : 0;
    await sleep(100);
  }
  const others = await notWaitedFor(deps);
  return others.length === 0 ? null : byWhat(others);
}

async function notWaitedFor(deps: ControlDeps): Promise<readonly Waiting[]> {
  const held = isHeld(deps) ? await heldBack(deps.db, deps.now()) : await failedMails(deps.db);
  return [...(await failedEvents(deps.db)), ...held];
}

function byWhat(left: readonly Waiting[]): Left {
  return Object.fromEntries(left.map(({ what, count, ids }) => [what, { count, ids }]));
}

/** Events that the product hasn't taken from Stripe. */
function undelivered(stripe: StripeStandIn): Left {
  const ids = stripe.deliveries.list().flatMap((each) => (each.state === "pending" ? [each.event_id] : []));
  return ids.length === 0 ? {} : { deliveries: { count: ids.length, ids: ids.slice(0, 10) } };
}
