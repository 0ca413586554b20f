import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { audienceCsv, audiencePage } from "./audience.ts";
import { daysOf, fileName, periodOf } from "./period.ts";
import { audienceCsvQuery, audienceQuery, recurringCsvQuery, recurringQuery } from "./query-schema.ts";
import { recurringCsv, recurringRows, wholeMonths } from "./recurring.ts";
import { sendFile } from "./send-file.routes.ts";

const DEFAULT_LIMIT = 100;

type AudienceDeps = Pick<Deps, "db" | "log" | "newsroom" | "now">;

/** Sums that name nobody: recurring gifts by month, and where gifts come from. `may` lets those pass who may see sums. */
export function audienceRoutes(deps: AudienceDeps, may: RequestHandler): Router {
  const router = express.Router();

  router.get("/v1/reports/recurring", may, async (request, response) => {
    const { months, timeZone } = monthsOf(deps, parse(recurringQuery, request.query));
    const rows = await recurringRows(deps.db, months, timeZone);
    response.json({ rows, next_cursor: null, ...months.days, time_zone: timeZone });
  });

  router.get("/v1/reports/recurring.csv", may, async (request, response) => {
    const { bom, ...days } = parse(recurringCsvQuery, request.query);
    const { months, timeZone } = monthsOf(deps, days);
    await sendFile(deps, request, response, {
      name: fileName("recurring", months.days),
      bom,
      write: async (sink) => await recurringCsv(sink, await recurringRows(deps.db, months, timeZone)),
    });
  });

  router.get("/v1/reports/audience", may, async (request, response) => {
    const { by, limit, cursor, ...days } = parse(audienceQuery, request.query);
    const { period, timeZone } = periodOf(deps, days);
    const page = await audiencePage(deps.db, { by, period, timeZone }, cursor ?? null, limit ?? DEFAULT_LIMIT);
    response.json({ ...page, by, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/audience.csv", may, async (request, response) => {
    const { by, bom, ...days } = parse(audienceCsvQuery, request.query);
    const { period, timeZone } = periodOf(deps, days);
    await sendFile(deps, request, response, {
      name: fileName(`audience_by_${by}`, period),
      bom,
      write: async (sink) => await audienceCsv(deps.db, sink, { by, period, timeZone }),
    });
  });
  return router;
}

function monthsOf(deps: AudienceDeps, days: Parameters<typeof periodOf>[1]) {
  const { period, timeZone } = periodOf(deps, days);
  return { months: wholeMonths(period, deps.now(), timeZone), timeZone };
}
