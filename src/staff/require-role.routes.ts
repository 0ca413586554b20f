import type { RequestHandler } from "express";
import type { Deps } from "../deps.ts";
import { AppError } from "../shared/errors.ts";
import type { Role } from "../shared/roles.ts";
import { readToken } from "./tokens.ts";

/** Lets staff of these roles pass, and `admin` always. `response.locals.staff_token_id` then says which token it was, `staff_role` whose. */
export function requireRole(deps: Pick<Deps, "db">, roles: readonly Role[]): RequestHandler {
  return async (request, response, next) => {
    const text = /^Bearer +(\S+) *$/i.exec(request.get("authorization") ?? "")?.[1];
    const token = text === undefined ? null : await readToken(deps.db, text);
    if (token === null) {
      response.set("WWW-Authenticate", "Bearer");
      throw new AppError(
        "unauthorized",
        "unauthorized",
        text === undefined
          ? "This address is for staff. Send a header “Authorization: Bearer TOKEN”; `npm run donations -- token create` makes a token."
          : "The token is unknown, has expired or was revoked. Ask for a new one.",
      );
    }
    if (token.role !== "admin" && !roles.includes(token.role)) {
      throw new AppError(
        "forbidden",
        "forbidden",
        `This token's role may not see this. It takes one of: ${[...new Set([...roles, "admin"])].join(", ")}.`,
      );
    }
    response.locals.staff_token_id = token.id;
    response.locals.staff_role = token.role;
    next();
  };
}
