import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { POOL_SIZE } from "../shared/limits.ts";
import { localDate, type Period } from "../shared/period.ts";
import type { Role } from "../shared/roles.ts";
import { accountingRoutes } from "./accounting.routes.ts";
import { summaryCsv } from "./exports.ts";
import { paymentsPage } from "./payments.ts";
import { paymentsCsv } from "./payments-csv.ts";
import { reportPeriod } from "./period.ts";
import {
  type Interval,
  paymentsCsvQuery,
  paymentsQuery,
  reconciliationCsvQuery,
  reconciliationQuery,
  summaryCsvQuery,
  summaryQuery,
} from "./query-schema.ts";
import { reading } from "./reading.queries.ts";
import { reconciliationCsv, reconciliationPage } from "./reconciliation.ts";
import { sendCsv } from "./send-csv.routes.ts";
import { slots } from "./slots.ts";
import { readSummary } from "./summary.queries.ts";

const DEFAULT_LIMIT = 100;
/** Each holds a connection while it is downloaded; one of the pool's is always left for the other reports. */
const EXPORTS_AT_ONCE = POOL_SIZE.reports - 1;
const EXPORT_PATIENCE_MS = 20_000;

/**
 * The reports for staff, as JSON and (`.csv` on the path) as files with the same filters. `allow` lets the roles pass that it is given.
 * `db` may be a replica's: nothing is written. An export holds one of its connections while it is downloaded.
 */
export function reportRoutes(
  deps: Pick<Deps, "db" | "log" | "newsroom" | "now">,
  allow: (roles: readonly Role[]) => RequestHandler,
): Router {
  const router = express.Router();
  const sums = allow(["finance", "audience"]);
  const gifts = allow(["finance"]);
  const inSlot = slots(EXPORTS_AT_ONCE, EXPORT_PATIENCE_MS);
  router.use("/v1/reports", notCached);
  router.use(accountingRoutes(deps, gifts, inSlot));

  router.get("/v1/reports/summary", sums, async (request, response) => {
    const { interval, ...days } = parse(summaryQuery, request.query);
    const { period, timeZone } = periodOf(deps, days, interval);
    const rows = await reading(deps.db, (trx) => readSummary(trx, period, interval, timeZone));
    response.json({ rows, next_cursor: null, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/summary.csv", sums, async (request, response) => {
    const { interval, bom, ...days } = parse(summaryCsvQuery, request.query);
    const { period, timeZone } = periodOf(deps, days, interval);
    await sendCsv(deps, request, response, {
      name: fileName("summary", period),
      bom,
      write: async (sink) => await summaryCsv(deps.db, sink, period, interval, timeZone),
    });
  });

  router.get("/v1/reports/payments", gifts, async (request, response) => {
    const { from, to, limit, cursor, ...filters } = parse(paymentsQuery, request.query);
    const { period, timeZone } = periodOf(deps, { from, to });
    const page = await paymentsPage(deps.db, { ...filters, period }, cursor ?? null, limit ?? DEFAULT_LIMIT);
    response.json({ ...page, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/payments.csv", gifts, async (request, response) => {
    const { from, to, limit, cursor, bom, ...filters } = parse(paymentsCsvQuery, request.query);
    const { period } = periodOf(deps, { from, to });
    const part = { after: cursor ?? null, most: limit ?? Number.POSITIVE_INFINITY };
    await sendCsv(deps, request, response, {
      name: fileName("payments", period),
      bom,
      write: async (sink) => await inSlot(async () => await paymentsCsv(deps.db, sink, { ...filters, period }, part)),
    });
  });

  router.get("/v1/reports/reconciliation", gifts, async (request, response) => {
    const { state, limit, cursor } = parse(reconciliationQuery, request.query);
    response.json(await reconciliationPage(deps.db, { state }, cursor ?? null, limit ?? DEFAULT_LIMIT));
  });

  router.get("/v1/reports/reconciliation.csv", gifts, async (request, response) => {
    const { state, bom } = parse(reconciliationCsvQuery, request.query);
    await sendCsv(deps, request, response, {
      name: `reconciliation_${localDate(deps.now(), deps.newsroom().time_zone)}.csv`,
      bom,
      write: async (sink) => await inSlot(async () => await reconciliationCsv(deps.db, sink, { state })),
    });
  });
  return router;
}

const notCached: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "private, no-store");
  next();
};

function periodOf(
  deps: Pick<Deps, "newsroom" | "now">,
  days: { readonly from?: string | undefined; readonly to?: string | undefined },
  interval?: Interval,
): { readonly period: Period; readonly timeZone: string } {
  const timeZone = deps.newsroom().time_zone;
  return { period: reportPeriod(days, deps.now(), timeZone, interval), timeZone };
}

/** Which days an answer is about, since they need not have been asked for. */
function daysOf(period: Period, timeZone: string) {
  return { from: period.from, to: period.to, time_zone: timeZone };
}

/** The days of the name are those of the query: the second one is no longer in it. */
function fileName(report: string, period: Period): string {
  return `${report}_${period.from}_${period.to}.csv`;
}
