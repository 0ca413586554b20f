import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import type { Deps } from "../deps.ts";
import { formBody } from "../http/form-body.ts";
import { html } from "../http/html.ts";
import { isOurFault, statusOf, toAppError } from "../http/problem.ts";
import type { Staff, StaffGuards } from "../http/staff.ts";
import { financeLayout } from "../pages/finance/layout.page.ts";
import { homeOf } from "../pages/finance/sections.ts";
import { isTest } from "../pages/layout.page.ts";
import { REQUEST_BODY_LIMIT_BYTES } from "../shared/limits.ts";
import { isAllowed, type Role } from "../shared/roles.ts";
import { placeOf } from "./place.ts";
import { enter } from "./require-role.routes.ts";
import { safeReturn } from "./return-path.ts";
import { readCookie } from "./session/cookies.ts";
import { isSame, readSession } from "./session/sessions.ts";
import { fromOwnPages } from "./sign-in.routes.ts";

type GuardDeps = Pick<Deps, "db" | "config" | "newsroom">;

/** The guards of the pages for staff. Bearer tokens open none of them: they are for tools. */
export function staffGuards(deps: GuardDeps): StaffGuards {
  const ownPages = fromOwnPages(deps);
  return {
    page: (roles) => pageGuard(deps, roles),
    form: (roles) => [ownPages, formBody(REQUEST_BODY_LIMIT_BYTES), pageGuard(deps, roles), csrfGuard(deps)],
  };
}

function pageGuard(deps: GuardDeps, roles: readonly Role[]): RequestHandler {
  return async (request, response, next) => {
    response.set("Cache-Control", "private, no-store");
    const staff = await readSession(deps.db, readCookie(deps.config, request.get("cookie"), "session"));
    if (staff === null) {
      response.redirect(303, signInPath(request));
      return;
    }
    enter(response, staff);
    if (isAllowed(staff.role, roles)) next();
    else
      refuse(
        deps,
        response,
        403,
        "This page is not for your role",
        `It is for other staff. You are signed in as ${staff.role}; an administrator can change that.`,
      );
  };
}

/** What was about to be posted is lost, so it isn't posted again after signing in: the page that it stood on is shown. */
function signInPath(request: Request): string {
  const next = request.method === "GET" ? safeReturn(request.originalUrl) : "/finance";
  return next === "/finance" ? "/finance/sign-in" : `/finance/sign-in?${new URLSearchParams({ next })}`;
}

function csrfGuard(deps: GuardDeps): RequestHandler {
  return (request, response, next) => {
    const { csrf, ...body } = (request.body ?? {}) as Record<string, unknown>;
    const staff = response.locals.staff as Required<Staff>;
    if (isSame(staff.csrf, csrf)) {
      request.body = body;
      next();
      return;
    }
    refuse(
      deps,
      response,
      403,
      "This form can’t be used any more",
      "It belongs to an earlier sign-in. Nothing has been changed: go back, load the page again, and send the form once more.",
    );
  };
}

/** Errors of pages under /finance as pages. What nobody who asks can mend goes on to be logged. */
export function pageErrors(deps: GuardDeps): ErrorRequestHandler {
  return async (thrown: unknown, request, response, next) => {
    const error = toAppError(thrown);
    if (response.headersSent || error === null || isOurFault(error) || request.accepts(["json", "html"]) !== "html") {
      next(thrown);
      return;
    }
    if (error.retryAfterSeconds !== undefined) response.set("Retry-After", String(error.retryAfterSeconds));
    await recognise(deps, request, response);
    const faults = (error.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
    refuse(deps, response, statusOf(error), "That didn’t work", [error.message, ...faults].join(" "));
  };
}

/** Who asks for what isn't there has passed no guard. */
async function recognise(deps: GuardDeps, request: Request, response: Response): Promise<void> {
  if (response.locals.staff !== undefined) return;
  const staff = await readSession(deps.db, readCookie(deps.config, request.get("cookie"), "session"));
  if (staff !== null) enter(response, staff);
}

function refuse(deps: GuardDeps, response: Response, status: number, title: string, text: string): void {
  const { config, newsroom } = placeOf(deps);
  const staff = (response.locals.staff as Staff | undefined) ?? null;
  const back = staff === null ? "/finance/sign-in" : homeOf(staff.role);
  const page = financeLayout(
    { title, here: null, staff, newsroom, test: isTest(config) },
    html`<div class="narrow"><p>${text}</p><p class="actions"><a href="${back}">${staff === null ? "Sign in" : "To your pages"}</a></p></div>`,
  );
  response.status(status).set("Cache-Control", "private, no-store").type("html").send(page.text);
}
