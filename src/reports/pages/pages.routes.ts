import express, { type Response, type Router } from "express";
import type { Deps } from "../../deps.ts";
import type { Html } from "../../http/html.ts";
import { type StaffGuards, staffOf } from "../../http/staff.ts";
import { financeLayout } from "../../pages/finance/layout.page.ts";
import { rolesOf } from "../../pages/finance/sections.ts";
import { isTest } from "../../pages/layout.page.ts";
import { AppError } from "../../shared/errors.ts";
import { type Asked, ask, filled } from "./ask.ts";
import { audiencePage } from "./audience.page.ts";
import { balancePage } from "./balance.page.ts";
import { disputesPage } from "./disputes.page.ts";
import { exportTarget, journalFaults } from "./export-target.ts";
import { exportsBody, exportsPage } from "./exports.page.ts";
import { keptCounts } from "./kept-counts.ts";
import { overviewPage } from "./overview.page.ts";
import { payoutPage } from "./payout.page.ts";
import { payoutsPage } from "./payouts.page.ts";
import { reconciliationPage } from "./reconciliation.page.ts";
import { recurringPage } from "./recurring.page.ts";
import { remindersPage } from "./reminders.page.ts";
import type { PageDeps, ReportPage } from "./report-page.ts";

/** The reports as pages. `db` may be a replica's: nothing is written. */
export function reportPages(
  reports: Pick<Deps, "db" | "config" | "newsroom" | "now" | "log">,
  guards: StaffGuards,
): Router {
  const router = express.Router();
  const deps: PageDeps = { ...reports, recurring: keptCounts(reports) };

  const send = (
    response: Response,
    page: Pick<ReportPage<unknown>, "title" | "section">,
    body: Html,
    tools: Html | null,
  ) => {
    const { title, section: here } = page;
    const newsroom = deps.newsroom();
    const frame = { title, here, staff: staffOf(response), newsroom, test: isTest(deps.config), tools };
    response.type("html").send(financeLayout(frame, body).text);
  };

  function mount<Question>(page: ReportPage<Question>): void {
    router.get(page.path, guards.page(rolesOf(page.section)), async (request, response) => {
      const asked = ask<Question>({ ...request.query, ...request.params }, (sent) => page.read(deps, sent));
      const filters = page.filters?.(deps, asked);
      if (asked.question === null) {
        if (filters === undefined) throw faulty(asked);
        response.status(400);
        send(response, page, filters, null);
        return;
      }
      const { body, tools = null, again } = await page.show(deps, asked.question, asked);
      if (again !== undefined) response.set("Refresh", String(again));
      send(response, page, join(filters, body), tools);
    });
  }

  mount(overviewPage);
  mount(recurringPage);
  mount(payoutsPage);
  mount(payoutPage);
  mount(balancePage);
  mount(reconciliationPage);
  mount(audiencePage);
  mount(disputesPage);
  mount(remindersPage);
  mount(exportsPage);

  router.get("/finance/exports/:name", guards.page(rolesOf("/finance/exports")), async (request, response) => {
    const name = String(request.params.name);
    const asked = ask(request.query, (sent) => ({ target: exportTarget(deps, name, sent) }));
    if (asked.question?.target === null) throw new AppError("not_found", "not_found", "There is no such export.");
    const faults =
      asked.question !== null && name === "journal" ? await journalFaults(deps, filled(request.query)) : asked.faults;
    if (asked.question !== null && faults.length === 0) {
      response.redirect(303, asked.question.target);
      return;
    }
    response.status(400);
    send(response, exportsPage, await exportsBody(deps, { name, typed: asked.typed, faults }), null);
  });
  return router;
}

function join(filters: Html | undefined, body: Html): Html {
  return filters === undefined ? body : { ...body, text: filters.text + body.text };
}

/** On a page without a form there is nothing to mend but its address. */
function faulty({ faults }: Asked<unknown>): AppError {
  return new AppError("invalid", "invalid_request", "There is no page at this address.", { errors: faults });
}
