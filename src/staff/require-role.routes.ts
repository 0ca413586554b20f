import type { Request, RequestHandler, Response } from "express";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import type { Staff } from "../http/staff.ts";
import { AppError } from "../shared/errors.ts";
import { isAllowed, type Role } from "../shared/roles.ts";
import { readCookie } from "./session/cookies.ts";
import { readSession } from "./session/sessions.ts";
import { readToken } from "./tokens.ts";

type GuardDeps = Pick<Deps, "db"> & { readonly config?: Pick<Config, "publicUrl"> };

/**
 * Lets staff of these roles pass, and `admin` always: by a bearer token or, for looking alone and if `config` is given, as a signed-in
 * browser. `response.locals.staff` then says who it is; `staff_role` and, of a token, `staff_token_id` say the same in parts.
 */
export function requireRole(deps: GuardDeps, roles: readonly Role[]): RequestHandler {
  return async (request, response, next) => {
    const staff = await whoAsks(deps, request, response);
    if (!isAllowed(staff.role, roles)) {
      throw new AppError(
        "forbidden",
        "forbidden",
        `${staff.kind === "token" ? "This token's role" : "Your role"} may not see this. It takes one of: ${[...new Set([...roles, "admin"])].join(", ")}.`,
      );
    }
    enter(response, staff);
    next();
  };
}

/** Notes who asks for the handlers behind a guard. */
export function enter(response: Response, staff: Staff): void {
  response.locals.staff = staff;
  response.locals.staff_role = staff.role;
  if (staff.kind === "token") response.locals.staff_token_id = staff.id;
}

async function whoAsks(deps: GuardDeps, request: Request, response: Response): Promise<Staff> {
  const header = request.get("authorization");
  if (header === undefined) {
    const session = await sessionOf(deps, request);
    if (session !== null) return session;
  }
  const text = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  const token = text === undefined ? null : await readToken(deps.db, text);
  if (token !== null) return { ...token, kind: "token" };
  response.set("WWW-Authenticate", "Bearer");
  throw new AppError(
    "unauthorized",
    "unauthorized",
    text === undefined
      ? "This address is for staff. Sign in at /finance, or send a header “Authorization: Bearer TOKEN”; `npm run donations -- token create` makes a token."
      : "The token is unknown, has expired or was revoked. Ask for a new one.",
  );
}

/** What another site makes a browser ask for isn't asked for by whoever sits before it: an export would be theirs by the books. */
async function sessionOf({ db, config }: GuardDeps, request: Request): Promise<Staff | null> {
  const looks = request.method === "GET" || request.method === "HEAD";
  if (config === undefined || !looks || request.get("sec-fetch-site") === "cross-site") return null;
  return await readSession(db, readCookie(config, request.get("cookie"), "session"));
}
