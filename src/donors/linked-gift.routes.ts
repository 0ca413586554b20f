import type { Request, RequestHandler, Response } from "express";
import type { Deps } from "../deps.ts";
import type { Html } from "../http/html.ts";
import { type LinkPurpose, readToken } from "../mail/links.ts";
import { pickLocale } from "../newsroom.ts";
import { localeFor } from "../pages/reader.ts";
import { findGift, type ReadersGift } from "./gifts.queries.ts";
import { expiredPage, type Place } from "./notice.page.ts";

export type PageDeps = Pick<Deps, "db" | "vault" | "newsroom" | "config">;

/** What a page answers; 200 unless it says otherwise. */
export interface Answer {
  readonly status?: number;
  readonly page: Html;
}

/** A handler for `…/:token`: looks up the gift that the token names, in its own language; any other token gets a page that leads to a new link. */
export function linkedGift(
  deps: PageDeps,
  purpose: LinkPurpose,
  answer: (gift: ReadersGift, place: Place) => Promise<Answer | string> | Answer,
): RequestHandler<{ token: string }> {
  return async (request, response) => {
    const id = readToken(deps.vault, purpose, request.params.token);
    const gift = id === null ? null : await findGift(deps.db, id);
    if (gift === null) {
      sendExpired(deps, request, response);
      return;
    }
    response.locals.donation_id = gift.id;
    const newsroom = deps.newsroom();
    const place = { config: deps.config, newsroom, locale: pickLocale(newsroom, gift.locale) };
    const said = await answer(gift, place);
    if (typeof said === "string") response.redirect(303, said);
    else sendPage(response, said);
  };
}

type Asked = Pick<Request, "query" | "acceptsLanguages">;

export function sendExpired(deps: Pick<PageDeps, "newsroom" | "config">, request: Asked, response: Response): void {
  sendPage(response, { status: 404, page: expiredPage(placeOf(deps, request)) });
}

/** In the language that the address (or `asked` instead of it) or else the browser asks for. */
export function placeOf(
  deps: Pick<PageDeps, "newsroom" | "config">,
  request: Asked,
  asked: string | null = null,
): Place {
  const newsroom = deps.newsroom();
  const locale = localeFor(newsroom, asked === null ? request.query : { locale: asked }, request.acceptsLanguages());
  return { config: deps.config, newsroom, locale };
}

export function sendPage(response: Response, { status = 200, page }: Answer): void {
  if (status === 503) response.set("Retry-After", "5");
  response.status(status).set("Cache-Control", "no-store").type("html").send(page.text);
}
