import express, { type Router } from "express";
import { giveLink, isRunning } from "../mail/gift-links.ts";
import { copyFor } from "../newsroom.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { type FixDeps, pageToPay } from "./fix.ts";
import type { ReadersGift } from "./gifts.queries.ts";
import { type Answer, linkedGift, type PageDeps } from "./linked-gift.routes.ts";
import { amountOf, noticePage, type Place } from "./notice.page.ts";

/** Leads to Stripe's page for a payment that failed or that the bank wants confirmed; its address is fetched when the button is pressed. */
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
      const url = await pageToPay(deps, gift);
      if (url === undefined) return unavailable(place, gift);
      return url ?? nothingOwed(place);
    }),
  );
  return router;
}

function askPage(place: Place, gift: ReadersGift, alert: string | null) {
  const { fix } = copyFor(place.newsroom, place.locale).gift;
  const values = { amount: amountOf(place, gift), newsroom: place.newsroom.newsroom.name };
  return noticePage(place, { heading: fix.heading, alert, text: [fillHtml(fix.text, values)], button: fix.button });
}

function unavailable(place: Place, gift: ReadersGift): Answer {
  const { fix } = copyFor(place.newsroom, place.locale).gift;
  return { status: 503, page: askPage(place, gift, fix.unavailable) };
}

function nothingOwed(place: Place): Answer {
  const { fix } = copyFor(place.newsroom, place.locale).gift;
  return { page: noticePage(place, { heading: fix.nothing_heading, text: [fix.nothing_text] }) };
}

function over(place: Place, gift: ReadersGift): Answer {
  const { fix, stop } = copyFor(place.newsroom, place.locale).gift;
  const again = { url: giveLink(place.config, place.newsroom, gift), text: stop.again };
  return { page: noticePage(place, { heading: stop.over_heading, text: [fix.over_text], links: [again] }) };
}
