import express, { type Router } from "express";
import { fixLink, giveLink, isRunning } from "../mail/gift-links.ts";
import { copyFor } from "../newsroom.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { type FixDeps, pageToFix } from "./fix.ts";
import type { ReadersGift } from "./gifts.queries.ts";
import { type Answer, linkedGift, type PageDeps } from "./linked-gift.routes.ts";
import { amountOf, noticePage, type Place } from "./notice.page.ts";

/**
 * Leads to Stripe's page for a payment that failed or that the bank wants confirmed, or where nothing is owed to the one for another card; its
 * address is fetched when the button is pressed.
 */
export function fixRoutes(deps: PageDeps & FixDeps): Router {
  const router = express.Router();
  router.get(
    "/gifts/fix/:token",
    linkedGift(deps, "fix-payment", (gift, place) =>
      isRunning(gift) ? { page: askPage(place, gift, null) } : over(place, gift),
    ),
  );
  router.post(
    "/gifts/fix/:token",
    linkedGift(deps, "fix-payment", async (gift, place) => {
      if (!isRunning(gift)) return over(place, gift);
      const returnUrl = fixLink(deps.config, deps.vault, gift.id);
      const back = { locale: place.locale, returnUrl, doneUrl: `${returnUrl}/done` };
      return (await pageToFix(deps, gift, back)) ?? unavailable(place, gift);
    }),
  );
  router.get(
    "/gifts/fix/:token/done",
    linkedGift(deps, "fix-payment", (gift, place) => (isRunning(gift) ? done(place, gift) : over(place, gift))),
  );
  return router;
}

function askPage(place: Place, gift: ReadersGift, alert: string | null) {
  const { fix } = copyFor(place.newsroom, place.locale).gift;
  return noticePage(place, { heading: fix.heading, alert, text: [about(place, gift, fix.text)], button: fix.button });
}

function unavailable(place: Place, gift: ReadersGift): Answer {
  const { fix } = copyFor(place.newsroom, place.locale).gift;
  return { status: 503, page: askPage(place, gift, fix.unavailable) };
}

function done(place: Place, gift: ReadersGift): Answer {
  const { fix } = copyFor(place.newsroom, place.locale).gift;
  return { page: noticePage(place, { heading: fix.done_heading, text: [about(place, gift, fix.done_text)] }) };
}

function about(place: Place, gift: ReadersGift, text: string) {
  return fillHtml(text, { amount: amountOf(place, gift), newsroom: place.newsroom.newsroom.name });
}

function over(place: Place, gift: ReadersGift): Answer {
  const { fix, stop } = copyFor(place.newsroom, place.locale).gift;
  const again = { url: giveLink(place.config, place.newsroom, gift), text: stop.again };
  return { page: noticePage(place, { heading: stop.over_heading, text: [fix.over_text], links: [again] }) };
}
