import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { z } from "zod";
import { formBody } from "../http/form-body.ts";
import { parse } from "../http/parse.ts";
import { readToken } from "../mail/links.ts";
import { typed } from "../pages/form-values.ts";
import { AppError } from "../shared/errors.ts";
import { REQUEST_BODY_LIMIT_BYTES } from "../shared/limits.ts";
import { findLink } from "./addresses.queries.ts";
import { giftsPage } from "./gifts.page.ts";
import { giftsOf } from "./gifts.queries.ts";
import { type PageDeps, placeOf, sendExpired, sendPage } from "./linked-gift.routes.ts";
import { linkSentPage, myGiftPage } from "./my-gift.page.ts";
import { type LinkDeps, sendLink } from "./send-link.ts";

type MyGiftDeps = PageDeps & LinkDeps;

/** Any address that a reader may have given to Stripe; whether it exists, the mail shows. */
const address = z
  .string()
  .trim()
  .max(254)
  .refine((text) => /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(text) && text.isWellFormed(), "Expected an e-mail address.");
const linkBody = z.strictObject({ email: address, locale: z.string().max(35).optional() });

/** Readers who have no mail at hand: a page that asks for their address, and one with all gifts of that address. */
export function myGiftRoutes(deps: MyGiftDeps, ownSites: RequestHandler, limits: readonly RequestHandler[]): Router {
  const router = express.Router();
  router.get("/my-gift", (request, response) => sendPage(response, { page: myGiftPage(placeOf(deps, request)) }));
  router.options("/v1/donor-links", ownSites);
  router.post(
    "/v1/donor-links",
    ownSites,
    express.json({ limit: REQUEST_BODY_LIMIT_BYTES, strict: false }),
    formBody(REQUEST_BODY_LIMIT_BYTES),
    ...limits,
    (request, response) => answer(deps, request, response),
  );
  router.get("/gifts/:token", async (request, response) => {
    const mail = readToken(deps.vault, "manage", request.params.token);
    const link = mail === null ? null : await findLink(deps.db, mail);
    if (link === null) {
      sendExpired(deps, request, response);
      return;
    }
    const gifts = await giftsOf(deps.db, link.to_hash);
    sendPage(response, { page: giftsPage(placeOf(deps, request, link.locale), deps.vault, gifts) });
  });
  return router;
}

/** 202 before anything is looked up, so that neither the answer nor its time tells whether there is a gift. */
function answer(deps: MyGiftDeps, request: Request, response: Response): void {
  const isForm = request.is("application/x-www-form-urlencoded") !== false;
  if (!isForm && !request.is("application/json")) {
    const detail = "Send the body as application/json, or as a form (application/x-www-form-urlencoded).";
    throw new AppError("invalid", "invalid_request", detail);
  }
  const fields = isForm ? { email: request.body?.email, locale: request.body?.locale } : request.body;
  const sent = isForm ? linkBody.safeParse(fields).data : parse(linkBody, fields);
  const place = placeOf(deps, request, typed(fields, "locale", 35));
  if (sent === undefined) {
    sendPage(response, { status: 400, page: myGiftPage(place, typed(fields, "email", 254)) });
    return;
  }
  if (isForm) sendPage(response, { status: 202, page: linkSentPage(place) });
  else response.status(202).set("Cache-Control", "no-store").json({ accepted: true });
  const locale = isForm || sent.locale !== undefined ? place.locale : null;
  sendLink(deps, sent.email, locale).catch((error: unknown) =>
    deps.log.error({ request_id: response.locals.request_id, err: error }, "a link to a reader's gifts was not sent"),
  );
}
