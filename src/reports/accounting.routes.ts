import express, { type RequestHandler, type Router } from "express";
import type { Deps } from "../deps.ts";
import { parse } from "../http/parse.ts";
import { AppError } from "../shared/errors.ts";
import {
  balanceCsvQuery,
  balanceQuery,
  disputesCsvQuery,
  disputesQuery,
  journalCsvQuery,
  journalQuery,
  payoutCsvQuery,
  payoutPath,
  payoutQuery,
  payoutsCsvQuery,
  payoutsQuery,
} from "./accounting-query-schema.ts";
import { balanceCsv, balanceReport } from "./balance.ts";
import { disputesCsv, disputesPage } from "./disputes.ts";
import { disputesFilter } from "./disputes-filter.ts";
import type { JournalScope } from "./journal/entries.ts";
import { journalCsv, journalPage } from "./journal/generic.ts";
import { packageFile } from "./journal/packages.ts";
import { payoutCsv, payoutPage, payoutsCsv, payoutsPage } from "./payouts.ts";
import { daysOf, fileName, periodOf } from "./period.ts";
import { sendFile } from "./send-file.routes.ts";
import type { InSlot } from "./slots.ts";

const DEFAULT_LIMIT = 100;

type AccountingDeps = Pick<Deps, "db" | "log" | "newsroom" | "now">;

/** What an accountant closes a month with: payouts, balance, journal and disputes. `may` lets those pass who may see gifts; exports wait for a slot. */
export function accountingRoutes(deps: AccountingDeps, may: RequestHandler, inSlot: InSlot): Router {
  const router = express.Router();

  router.get("/v1/reports/payouts", may, async (request, response) => {
    const { currency, limit, cursor, ...days } = parse(payoutsQuery, request.query);
    const { period, timeZone } = periodOf(deps, days);
    const page = await payoutsPage(deps.db, { period, currency }, cursor ?? null, limit ?? DEFAULT_LIMIT);
    response.json({ ...page, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/payouts.csv", may, async (request, response) => {
    const { currency, bom, ...days } = parse(payoutsCsvQuery, request.query);
    const { period } = periodOf(deps, days);
    await sendFile(deps, request, response, {
      name: fileName("payouts", period),
      bom,
      write: (sink) => inSlot(() => payoutsCsv(deps.db, sink, { period, currency })),
    });
  });

  router.get("/v1/reports/payouts/:id.csv", may, async (request, response) => {
    const { id } = parse(payoutPath, request.params);
    const { bom } = parse(payoutCsvQuery, request.query);
    const write = { name: `payout_${id}.csv`, bom };
    await sendFile(deps, request, response, { ...write, write: (sink) => inSlot(() => payoutCsv(deps.db, sink, id)) });
  });

  router.get("/v1/reports/payouts/:id", may, async (request, response) => {
    const { id } = parse(payoutPath, request.params);
    const { limit, cursor } = parse(payoutQuery, request.query);
    const { payout, ...page } = await payoutPage(deps.db, id, cursor ?? null, limit ?? DEFAULT_LIMIT);
    response.json({ ...payout, ...page });
  });

  router.get("/v1/reports/balance", may, async (request, response) => {
    const { period, timeZone } = periodOf(deps, parse(balanceQuery, request.query));
    response.json({ rows: await balanceReport(deps.db, period), next_cursor: null, ...daysOf(period, timeZone) });
  });

  router.get("/v1/reports/balance.csv", may, async (request, response) => {
    const { bom, ...days } = parse(balanceCsvQuery, request.query);
    const { period } = periodOf(deps, days);
    const write = { name: fileName("balance", period), bom };
    await sendFile(deps, request, response, { ...write, write: (sink) => balanceCsv(deps.db, sink, period) });
  });

  router.get("/v1/reports/disputes", may, async (request, response) => {
    const { limit, cursor, ...query } = parse(disputesQuery, request.query);
    response.json(await disputesPage(deps.db, disputesFilter(deps, query), cursor ?? null, limit ?? DEFAULT_LIMIT));
  });

  router.get("/v1/reports/disputes.csv", may, async (request, response) => {
    const { bom, ...query } = parse(disputesCsvQuery, request.query);
    const filter = disputesFilter(deps, query);
    await sendFile(deps, request, response, {
      name: `disputes${query.from === undefined ? "" : `_from_${query.from}`}${query.to === undefined ? "" : `_to_${query.to}`}.csv`,
      bom,
      write: (sink) => inSlot(() => disputesCsv(deps.db, sink, filter)),
    });
  });

  router.get("/v1/reports/journal", may, async (request, response) => {
    const { currency, limit, cursor, from, to } = parse(journalQuery, request.query);
    const scope = journalOf(deps, { from, to }, currency);
    const page = await journalPage(deps.db, scope, cursor ?? null, limit ?? DEFAULT_LIMIT);
    response.json({ ...page, ...daysOf(scope.period, scope.timeZone) });
  });

  router.get("/v1/reports/journal.csv", may, async (request, response) => {
    const { format, currency, part, bom, from, to } = parse(journalCsvQuery, request.query);
    const scope = journalOf(deps, { from, to }, currency);
    if (format !== "generic") {
      const made = await inSlot(() => packageFile(deps.db, scope, format, { part, madeAt: new Date() }));
      if (bom && made.charset !== "utf-8") throw noMark();
      response.set("X-Part", `${made.part}/${made.parts}`);
      await sendFile(deps, request, response, { ...made, bom, write: (sink) => sink(made.content) });
      return;
    }
    if (part !== undefined) throw noParts();
    await sendFile(deps, request, response, {
      name: fileName("journal", scope.period),
      bom,
      write: (sink) => inSlot(() => journalCsv(deps.db, sink, scope)),
    });
  });
  return router;
}

type Days = Parameters<typeof periodOf>[1];

function journalOf(deps: Pick<Deps, "newsroom" | "now">, days: Days, currency: string | undefined): JournalScope {
  return { ...periodOf(deps, days), currency, accounting: deps.newsroom().accounting };
}

function noMark(): AppError {
  return new AppError("invalid", "invalid_request", "A DATEV file is in CP1252 and has no byte order mark.", {
    errors: [{ path: "bom", message: "Expected 0, or none: the mark belongs to UTF-8." }],
  });
}

function noParts(): AppError {
  return new AppError("invalid", "invalid_request", "The generic journal is one file.", {
    errors: [{ path: "part", message: "Expected none: only files for packages have parts." }],
  });
}
