import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import express from "express";
import { auditExport } from "../../src/audit/audit-export.routes.ts";
import type { Deps } from "../../src/deps.ts";
import { notFound, problemHandler } from "../../src/http/problem.ts";
import { requestLog } from "../../src/http/request-log.ts";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { reportRoutes } from "../../src/reports/reports.routes.ts";
import { createLog } from "../../src/shared/log.ts";
import type { Role } from "../../src/shared/roles.ts";
import { requireRole } from "../../src/staff/require-role.routes.ts";
import { createToken } from "../../src/staff/tokens.ts";
import { serveApp } from "./serve-app.ts";

const SHIPPED = loadNewsroom(fileURLToPath(new URL("../../config/newsroom.yaml", import.meta.url)));

export interface ReportsApp {
  readonly url: string;
  /** What was logged. */
  readonly lines: string[];
  token(role: Role): Promise<string>;
  /** GET as finance, unless another token is given. */
  get(path: string, token?: string | null, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

interface Options {
  readonly db: Deps["db"];
  /** What the reports are read from, if not from `db`. */
  readonly replica?: Deps["db"];
  readonly timeZone?: string;
  readonly accounting?: NewsroomConfig["accounting"];
  readonly now?: () => Date;
}

/** The reports behind their tokens, as the app mounts them, on a port of their own. */
export async function reportsApp({
  db,
  replica = db,
  timeZone = "Europe/Berlin",
  accounting = SHIPPED.accounting,
  now = () => new Date(),
}: Options): Promise<ReportsApp> {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLog({ destination });
  const newsroom = (): NewsroomConfig => ({ ...SHIPPED, accounting, time_zone: timeZone });
  const app = express();
  app.set("query parser", "simple");
  app.use(requestLog(log));
  const allow = (roles: readonly Role[]) => express.Router().use(requireRole({ db }, roles), auditExport({ db }));
  app.use(reportRoutes({ db: replica, log, newsroom, now }, allow));
  app.use(notFound);
  app.use(problemHandler(log));
  const served = await serveApp(app);
  const finance = await createToken(db, { role: "finance" });
  return {
    url: served.url,
    lines,
    token: (role) => createToken(db, { role }),
    get: (path, token = finance, init = {}) =>
      fetch(served.url + path, { ...init, headers: token === null ? {} : { authorization: `Bearer ${token}` } }),
    close: served.close,
  };
}
