import express, { type Router } from "express";
import { readToken } from "../mail/links.ts";
import { copyFor } from "../newsroom.ts";
import { AppError } from "../shared/errors.ts";
import { turnOptionalMailOff } from "./addresses.queries.ts";
import { linkedGift, type PageDeps } from "./linked-gift.routes.ts";
import { noticePage } from "./notice.page.ts";

/** Turns off the mails that a reader can do without; those about money that is owed or taken go on. */
export function mailOffRoutes(deps: PageDeps): Router {
  const router = express.Router();
  router.get(
    "/mail/off/:token",
    linkedGift(deps, "unsubscribe", (_gift, place) => {
      const { mail_off: words } = copyFor(place.newsroom, place.locale).gift;
      return { page: noticePage(place, { heading: words.heading, text: [words.text], button: words.button }) };
    }),
  );
  router.post(
    "/mail/off/:token",
    linkedGift(deps, "unsubscribe", async (gift, place) => {
      await turnOptionalMailOff(deps.db, gift.id);
      const { mail_off: words } = copyFor(place.newsroom, place.locale).gift;
      return { page: noticePage(place, { heading: words.done_heading, text: [words.done_text] }) };
    }),
  );
  // Mail programs that don't post by themselves open the address of List-Unsubscribe in a browser.
  router.get("/v1/mail/off/:token", (request, response) => {
    response.redirect(303, `/mail/off/${encodeURIComponent(request.params.token)}`);
  });
  // What a mail program posts by itself (RFC 8058): any body will do, the token says it all.
  router.post("/v1/mail/off/:token", async (request, response) => {
    const id = readToken(deps.vault, "unsubscribe", request.params.token);
    if (id === null)
      throw new AppError("not_found", "not_found", "This link isn't complete. Take it from the mail anew.");
    await turnOptionalMailOff(deps.db, id);
    response.status(204).end();
  });
  return router;
}
