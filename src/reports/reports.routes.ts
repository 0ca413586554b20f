import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { AppError } from "../shared/errors.ts";
import { POOL_SIZE } from "../shared/limits.ts";
import { localDate } from "../shared/period.ts";
import type { Role } from "../shared/roles.ts";
import { accountingRoutes } from "./accounting.routes.ts";
import { audienceRoutes } from "./audience.routes.ts";
import { closedMonths } from "./close/closed.queries.ts";
import { summaryReport } from "./close/summary-report.ts";
import { evidenceZip } from "./evidence/archive.ts";
import { summaryCsv } from "./exports.ts";
import { paymentsPage } from "./payments.ts";
import { paymentsCsv } from "./payments-csv.ts";
import { daysOf, fileName, periodOf } from "./period.ts";
import {
  noQuery,
  paymentsCsvQuery,
  paymentsQuery,
  reconciliationCsvQuery,
  reconciliationQuery,
  remindersCsvQuery,
  remindersQuery,
  summaryCsvQuery,
  summaryQuery,
} from "./query-schema.ts";
import { reading } from "./reading.queries.ts";
import { reconciliationCsv, reconciliationPage } from "./reconciliation.ts";
import { reminderRows, remindersCsv } from "./reminders.ts";
import { sendFile } from "./send-file.routes.ts";
import { slots } from "./slots.ts";

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
  router.use(audienceRoutes(deps, sums));
  router.use(accountingRoutes(deps, gifts, inSlot));

  router.get("/v1/reports/summary", sums, async (request, response) => {
    const { interval, ...days } = parse(summaryQuery, request.query);
    const { period, timeZone } = periodOf(deps, days, interval);
    const rows = await reading(deps.db, (trx) => summaryReport(trx, period, interval, timeZone));
    response.json({ rows, next_cursor: null, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/summary.csv", sums, async (request, response) => {
    const { interval, bom, ...days } = parse(summaryCsvQuery, request.query);
    const { period, timeZone } = periodOf(deps, days, interval);
    await sendFile(deps, request, response, {
      name: fileName("summary", period),
      bom,
      write: async (sink) => await summaryCsv(deps.db, sink, period, interval, timeZone),
    });
  });

  router.get("/v1/reports/closed-months", gifts, async (request, response) => {
    parse(noQuery, request.query);
    response.json({ rows: (await closedMonths(deps.db)).toReversed(), next_cursor: null });
  });

  router.get("/v1/reports/closed-months/:month/evidence.zip", gifts, async (request, response) => {
    parse(noQuery, request.query);
    const month = String(request.params.month);
    if (!(await closedMonths(deps.db)).some((one) => one.month === month)) throw notClosed();
    await sendFile(deps, request, response, {
      name: `evidence_${month}.zip`,
      type: "application/zip",
      write: async (sink) =>
        await inSlot(async () => {
          for await (const piece of evidenceZip(deps.db, month)) await sink(piece);
        }),
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
    await sendFile(deps, request, response, {
      name: fileName("payments", period),
      bom,
      write: async (sink) => await inSlot(async () => await paymentsCsv(deps.db, sink, { ...filters, period }, part)),
    });
  });

  router.get("/v1/reports/reminders", sums, async (request, response) => {
    const { by, ...days } = parse(remindersQuery, request.query);
    const { period, timeZone } = periodOf(deps, days);
    const rows = await reminderRows(deps.db, period, by, timeZone);
    response.json({ rows, next_cursor: null, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/reminders.csv", sums, async (request, response) => {
    const { by, bom, ...days } = parse(remindersCsvQuery, request.query);
    const { period, timeZone } = periodOf(deps, days);
    await sendFile(deps, request, response, {
      name: fileName("reminders", period),
      bom,
      write: async (sink) => await remindersCsv(deps.db, sink, period, by, timeZone),
    });
  });

  router.get("/v1/reports/reconciliation", gifts, async (request, response) => {
    const { state, limit, cursor } = parse(reconciliationQuery, request.query);
    response.json(await reconciliationPage(deps.db, { state }, cursor ?? null, limit ?? DEFAULT_LIMIT));
  });

  router.get("/v1/reports/reconciliation.csv", gifts, async (request, response) => {
    const { state, bom } = parse(reconciliationCsvQuery, request.query);
    await sendFile(deps, request, response, {
      name: `reconciliation_${localDate(deps.now(), deps.newsroom().time_zone)}.csv`,
      bom,
      write: async (sink) => await inSlot(async () => await reconciliationCsv(deps.db, sink, { state })),
    });
  });
  return router;
}

function notClosed(): AppError {
  return new AppError("not_found", "not_found", "There is no closed month of this name. Months are named as 2026-10.");
}

const notCached: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "private, no-store");
  next();
};
