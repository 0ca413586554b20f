import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { actorOf } from "../audit/audit-export.routes.ts";
import { recordAudit } from "../audit/record.queries.ts";
import type { Deps } from "../deps.ts";
import { formBody } from "../http/form-body.ts";
import type { Html } from "../http/html.ts";
import { limitClient } from "../http/limit-client.ts";
import { fromOwnSites } from "../http/origin.ts";
import { type StaffGuards, staffOf } from "../http/staff.ts";
import { typed } from "../pages/form-values.ts";
import { localeFor } from "../pages/reader.ts";
import { canonicalEmail } from "../shared/email.ts";
import { REQUEST_BODY_LIMIT_BYTES, SESSION_LONGEST_MS, SIGN_IN_LINK_MS } from "../shared/limits.ts";
import { ROLES } from "../shared/roles.ts";
import { placeOf } from "./place.ts";
import { safeReturn } from "./return-path.ts";
import { cookie, readCookie } from "./session/cookies.ts";
import { endSession, isSecret, newSecret, readSession } from "./session/sessions.ts";
import { askedPage, askPage, enterPage, signedOutPage, uselessPage } from "./sign-in.page.ts";
import { type LinkState, linkState, mailSignInLink, signIn } from "./sign-in.ts";

type SignInDeps = Pick<Deps, "db" | "vault" | "config" | "newsroom" | "limits" | "log">;

const STATUS: Readonly<Record<Exclude<LinkState["is"], "good">, number>> = {
  unknown: 404,
  used: 410,
  expired: 410,
  other_browser: 403,
};

/** Signing in by a mailed link, and out. */
export function signInRoutes(deps: SignInDeps, guards: StaffGuards): Router {
  const router = express.Router();
  const ownPages = fromOwnPages(deps);

  router.get("/finance/sign-in", async (request, response) => {
    if (isElsewhere(deps, request)) {
      response.redirect(303, `${deps.config.publicUrl}${request.originalUrl}`);
      return;
    }
    const next = safeReturn(request.query.next);
    const session = await readSession(deps.db, readCookie(deps.config, request.get("cookie"), "session"));
    if (session === null) send(response, 200, askPage(placeOf(deps), next));
    else response.set("Cache-Control", "no-store").redirect(303, next);
  });

  const limit = limitClient(deps.limits, "staff_sign_in_client");
  router.post("/finance/sign-in", ownPages, limit, formBody(REQUEST_BODY_LIMIT_BYTES), (request, response) =>
    ask(deps, request, response),
  );

  router.get("/finance/sign-in/:token", async (request, response) => {
    const state = await linkState(deps, request.params.token, browserOf(deps, request));
    if (state.is === "good") send(response, 200, enterPage(placeOf(deps)));
    else send(response, STATUS[state.is], uselessPage(placeOf(deps), state.is));
  });

  router.post("/finance/sign-in/:token", ownPages, async (request, response) => {
    const state = await linkState(deps, String(request.params.token), browserOf(deps, request));
    if (state.is !== "good") {
      send(response, STATUS[state.is], uselessPage(placeOf(deps), state.is));
      return;
    }
    const secret = await signIn(deps, state.row);
    if (secret === null) {
      send(response, STATUS.used, uselessPage(placeOf(deps), "used"));
      return;
    }
    await endSession(deps.db, readCookie(deps.config, request.get("cookie"), "session"));
    response
      .append("Set-Cookie", cookie(deps.config, "session", secret, SESSION_LONGEST_MS / 1000))
      .append("Set-Cookie", cookie(deps.config, "browser", "", 0))
      .set("Cache-Control", "no-store")
      .redirect(303, safeReturn(state.row.return_to));
  });

  router.post("/finance/sign-out", ...guards.form(ROLES), async (request, response) => {
    await recordAudit(deps.db, {
      actor: actorOf(staffOf(response)),
      action: "sign_out",
      subject: staffOf(response).id,
    });
    await endSession(deps.db, readCookie(deps.config, request.get("cookie"), "session"));
    response.append("Set-Cookie", cookie(deps.config, "session", "", 0));
    send(response, 200, signedOutPage(placeOf(deps)));
  });
  return router;
}

/** On this machine: `127.0.0.1` and `localhost` have cookies of their own, and the link leads to what PUBLIC_URL says. */
function isElsewhere({ config }: Pick<Deps, "config">, request: Request): boolean {
  return config.environment === "development" && request.get("host") !== new URL(config.publicUrl).host;
}

/** Forms for staff stand on the service's own pages alone, whatever sites may show the donation form. */
export function fromOwnPages({ config }: Pick<Deps, "config">): RequestHandler {
  return fromOwnSites({ publicUrl: config.publicUrl, development: false, allowed: () => [] });
}

/** Answered before anything is looked up, so that neither the answer nor its time tells whether the address is known. */
function ask(deps: SignInDeps, request: Request, response: Response): void {
  const fields: Record<string, unknown> = request.body ?? {};
  const returnTo = safeReturn(fields.next);
  const text = typed(fields, "email", 254).trim();
  const email = canonicalEmail(text);
  if (email === null) {
    send(response, 400, askPage(placeOf(deps), returnTo, text));
    return;
  }
  const browser = browserOf(deps, request) ?? newSecret();
  response.append("Set-Cookie", cookie(deps.config, "browser", browser, SIGN_IN_LINK_MS / 1000));
  send(response, 202, askedPage(placeOf(deps)));
  const locale = localeFor(deps.newsroom(), {}, request.acceptsLanguages());
  mailSignInLink(deps, { email, browser, returnTo, locale }).catch((error: unknown) =>
    deps.log.error({ request_id: response.locals.request_id, err: error }, "a link to sign in was not sent"),
  );
}

/** Links that one browser has asked for one after the other all work in it. */
function browserOf({ config }: Pick<Deps, "config">, request: Request): string | null {
  const value = readCookie(config, request.get("cookie"), "browser");
  return value !== null && isSecret(value) ? value : null;
}

function send(response: Response, status: number, page: Html): void {
  response.status(status).set("Cache-Control", "no-store").type("html").send(page.text);
}
