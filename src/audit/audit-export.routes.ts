import type { RequestHandler, Response } from "express";
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
 * Makes ready that it is written down, on the primary database, that a file leaves: one with `.csv` or `.zip` at the end of its path. Whoever
 * sends it calls `recordExport` right before the first byte, so that what is refused leaves no entry. A file that would go out without
 * one doesn't: its answer is an error. Stands behind a guard.
 */
export function auditExport(deps: Pick<Deps, "db">): RequestHandler {
  return (request, response, next) => {
    if (/\.(?:csv|zip)$/i.test(request.path)) {
      let recorded = request.method === "HEAD";
      response.locals.recordExport = async () => {
        if (recorded) return;
        await recordAudit(deps.db, {
          actor: actorOf(staffOf(response)),
          action: "export",
          subject: pathOf(request.path),
          detail: Object.fromEntries(Object.entries(request.query).flatMap(kept)),
        });
        recorded = true;
      };
      holdBack(response, () => recorded);
    }
    next();
  };
}

/** Writes down that the file of this answer leaves; nothing of a HEAD does. @throws Error on a route that isn't behind `auditExport` */
export async function recordExport(response: Response): Promise<void> {
  const record: unknown = response.locals.recordExport;
  if (typeof record !== "function") throw new Error("A file is sent by a route that isn't behind auditExport.");
  await record();
}

function holdBack(response: Response, isRecorded: () => boolean): void {
  const writeHead = response.writeHead;
  response.writeHead = function (this: Response, ...head: unknown[]) {
    const status = typeof head[0] === "number" ? head[0] : response.statusCode;
    if (status < 300 && !isRecorded()) throw new Error("A file would have been sent that was not written down.");
    return Reflect.apply(writeHead, this, head) as Response;
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
