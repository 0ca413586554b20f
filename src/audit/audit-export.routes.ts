import type { RequestHandler } from "express";
import type { Deps } from "../deps.ts";
import { type Staff, staffOf } from "../http/staff.ts";
import { type Actor, recordAudit } from "./record.queries.ts";

/** Of these the value is kept: periods, forms and states. */
const KEPT = new Set([
  ...["from", "to", "interval", "by", "year", "month", "state", "status", "frequency", "currency", "country"],
  ...["format", "part", "limit", "bom"],
]);
/** Of these it is kept that there was one: their values are others' words. */
const NOTED = new Set(["campaign", "article_id", "placement", "variant"]);
/** No address and no free text. */
const PLAIN = /^[\w.:-]{1,40}$/;

/**
 * Writes down that a file leaves, before a byte of it does. Stands behind a guard. By itself it knows a file by `.csv` or `.zip` at the end
 * of the path; `always` is for routes whose files look otherwise.
 */
export function auditExport(deps: Pick<Deps, "db">, options: { readonly always?: boolean } = {}): RequestHandler {
  return async (request, response, next) => {
    const isFile = options.always === true || /\.(?:csv|zip)$/i.test(request.path);
    if (isFile && request.method !== "HEAD") {
      const detail = Object.fromEntries(Object.entries(request.query).flatMap(kept));
      await recordAudit(deps.db, {
        actor: actorOf(staffOf(response)),
        action: "export",
        subject: pathOf(request.path),
        detail,
      });
    }
    next();
  };
}

/** Whom an entry names for what staff do over HTTP. */
export function actorOf({ id, role, kind }: Staff): Actor {
  return { kind: kind === "token" ? "token" : "staff", id, role };
}

function kept([name, value]: readonly [string, unknown]): readonly (readonly [string, string])[] {
  if (NOTED.has(name)) return [[name, "(given)"]];
  if (!KEPT.has(name) || typeof value !== "string") return [];
  return [[name, PLAIN.test(value) ? value : "(given)"]];
}

function pathOf(path: string): string {
  return /^[\w./:-]{1,200}$/.test(path) ? path : "(not kept)";
}
