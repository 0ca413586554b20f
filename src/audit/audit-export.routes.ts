import type { RequestHandler } from "express";
import type { Deps } from "../deps.ts";
import { type Staff, staffOf } from "../http/staff.ts";
import { type Actor, recordAudit } from "./record.queries.ts";

/** What of a query is kept: periods, filters and forms, none of which is about a reader. */
const KEPT = new Set([
  ...["from", "to", "interval", "by", "year", "month", "state", "status", "frequency", "currency", "country"],
  ...["format", "part", "limit", "bom"],
]);
/** That there was such a filter is kept, not which: beside a donor's id elsewhere in the table it would be a reading history. */
const NAMED = new Set(["article_id", "campaign", "placement", "variant"]);
/** No address and no free text. */
const PLAIN = /^[\w./:-]{1,80}$/;

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
  if (typeof value !== "string" || !(KEPT.has(name) || NAMED.has(name))) return [];
  return [[name, KEPT.has(name) && PLAIN.test(value) ? value : "(not kept)"]];
}

function pathOf(path: string): string {
  return /^[\w./:-]{1,200}$/.test(path) ? path : "(not kept)";
}
