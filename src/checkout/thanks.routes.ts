import { setTimeout as sleep } from "node:timers/promises";
import express, { type Request, type Response, type Router } from "express";
import type { Deps } from "../deps.ts";
import { toAppError } from "../http/problem.ts";
import { type Frequency, pickLocale } from "../newsroom.ts";
import { typed } from "../pages/form-values.ts";
import { localeFor } from "../pages/reader.ts";
import { findDonation, shownStatus } from "./checkout.routes.ts";
import { cancelledPage, type Gift, thanksPage, unknownPage } from "./thanks.page.ts";

/** Stripe's word usually comes within a second of the reader: worth a moment, so that few are told to wait. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 200;

type ThanksDeps = Pick<Deps, "db" | "config" | "newsroom">;

/** Where Stripe sends readers back to. Whatever the address adds (Stripe's session_id), the donation's own state is what is said. */
export function thanksRoutes(deps: ThanksDeps): Router {
  const router = express.Router();

  router.get("/thanks/:id", async (request, response) => {
    const fromStripe = typed(request.query, "session_id", 300) !== "";
    const found = await find(deps, request, response, fromStripe ? PATIENCE_MS : 0);
    if (found === null) return;
    const seen = Number.parseInt(typed(request.query, "n", 3), 10);
    response.send(thanksPage(found.place, found.gift, Number.isNaN(seen) ? 0 : Math.max(0, seen)).text);
  });

  router.get("/cancelled/:id", async (request, response) => {
    const found = await find(deps, request, response, 0);
    if (found === null) return;
    // Paid in another tab, or expired meanwhile: then leaving the payment page is not what there is to tell.
    const isOpen = found.gift.status === "open";
    response.send((isOpen ? cancelledPage(found.place, found.gift) : thanksPage(found.place, found.gift, 0)).text);
  });
  return router;
}

async function find(deps: ThanksDeps, request: Request, response: Response, patienceMs: number) {
  const { config } = deps;
  const newsroom = deps.newsroom();
  response.set("Cache-Control", "no-store").type("html");
  try {
    const donation = await findSettled(deps, request.params.id, patienceMs);
    const gift: Gift = {
      id: donation.id,
      status: shownStatus(donation.status) as Gift["status"],
      frequency: donation.frequency as Frequency,
      amount: donation.amount,
      currency: donation.currency,
      articleUrl: donation.article_url,
      hasEnded: donation.subscription_status === "canceled",
    };
    return { place: { config, newsroom, locale: pickLocale(newsroom, donation.locale) }, gift };
  } catch (error) {
    if (toAppError(error)?.kind !== "not_found") throw error;
    const locale = localeFor(newsroom, request.query, request.acceptsLanguages());
    response.status(404).send(unknownPage({ config, newsroom, locale }).text);
    return null;
  }
}

/** The donation once it is no longer open, or as it is when patience runs out. */
async function findSettled(deps: ThanksDeps, id: string | string[] | undefined, patienceMs: number) {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const donation = await findDonation(deps, id);
    if (shownStatus(donation.status) !== "open" || performance.now() + LOOK_EVERY_MS > deadline) return donation;
    await sleep(LOOK_EVERY_MS);
  }
}
