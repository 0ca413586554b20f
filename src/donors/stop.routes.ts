import express, { type Router } from "express";
import { giveLink, isRunning } from "../mail/gift-links.ts";
import { copyFor } from "../newsroom.ts";
import { fillHtml } from "../pages/fill-html.ts";
import type { ReadersGift } from "./gifts.queries.ts";
import { type Answer, linkedGift, type PageDeps } from "./linked-gift.routes.ts";
import { amountOf, noticePage, type Place } from "./notice.page.ts";
import { type StopDeps, stopGift } from "./stop.ts";

/** Stops a gift by the link of a mail, without signing in. Only the button does: mail scanners follow links. */
export function stopRoutes(deps: PageDeps & StopDeps): Router {
  const router = express.Router();
  router.get(
    "/gifts/stop/:token",
    linkedGift(deps, "stop-gift", (gift, place) => {
      if (isUnknown(gift)) return unavailable(place, gift);
      return isRunning(gift) ? { page: askPage(place, gift, null) } : over(place, gift);
    }),
  );
  router.post(
    "/gifts/stop/:token",
    linkedGift(deps, "stop-gift", async (gift, place) => {
      if (gift.frequency === "once") return over(place, gift);
      if (isUnknown(gift) || !(await stopGift(deps, gift))) return unavailable(place, gift);
      return stopped(place, gift);
    }),
  );
  return router;
}

/** A regular gift whose subscription hasn't been heard of yet: nothing true can be said. */
function isUnknown(gift: ReadersGift): boolean {
  return gift.frequency !== "once" && gift.stripe_subscription === null;
}

function askPage(place: Place, gift: ReadersGift, alert: string | null) {
  const { stop } = copyFor(place.newsroom, place.locale).gift;
  const values = { amount: amountOf(place, gift), newsroom: place.newsroom.newsroom.name };
  return noticePage(place, {
    heading: stop.heading,
    alert,
    text: [fillHtml(stop.text, values)],
    button: stop.button,
  });
}

function unavailable(place: Place, gift: ReadersGift): Answer {
  const { stop } = copyFor(place.newsroom, place.locale).gift;
  return { status: 503, page: askPage(place, gift, stop.unavailable) };
}

function stopped(place: Place, gift: ReadersGift): Answer {
  const { stop } = copyFor(place.newsroom, place.locale).gift;
  const text = fillHtml(stop.done_text, { newsroom: place.newsroom.newsroom.name });
  return {
    page: noticePage(place, {
      heading: stop.done_heading,
      text: [text, gift.is_processing ? stop.on_its_way : null],
      links: [again(place, gift)],
    }),
  };
}

function over(place: Place, gift: ReadersGift): Answer {
  const { stop } = copyFor(place.newsroom, place.locale).gift;
  return {
    page: noticePage(place, { heading: stop.over_heading, text: [stop.over_text], links: [again(place, gift)] }),
  };
}

function again(place: Place, gift: ReadersGift) {
  const { stop } = copyFor(place.newsroom, place.locale).gift;
  return { url: giveLink(place.config, place.newsroom, gift), text: stop.again };
}
