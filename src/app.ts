import type { RequestListener } from "node:http";
import express, { type RequestHandler, type Router } from "express";
import { actorOf, auditExport } from "./audit/audit-export.routes.ts";
import { recordAudit } from "./audit/record.queries.ts";
import { checkoutRoutes } from "./checkout/checkout.routes.ts";
import { giveRoutes } from "./checkout/give.routes.ts";
import { thanksRoutes } from "./checkout/thanks.routes.ts";
import type { Deps } from "./deps.ts";
import { donorRoutes } from "./donors/donor.routes.ts";
import { supportRoutes } from "./donors/support/support.routes.ts";
import { healthRoutes, type Readiness } from "./http/health.routes.ts";
import { limitClient } from "./http/limit-client.ts";
import { metricsRoutes } from "./http/metrics.routes.ts";
import { fromOwnSites } from "./http/origin.ts";
import { notFound, problemHandler } from "./http/problem.ts";
import { requestLog } from "./http/request-log.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { isWebhook, webhookListener } from "./inbox/webhook.listener.ts";
import { assetRoutes } from "./pages/assets.routes.ts";
import { reminderRoutes } from "./reminders/reminders.routes.ts";
import { campaignRoutes } from "./reports/campaigns/campaigns.routes.ts";
import { reportPages } from "./reports/pages/pages.routes.ts";
import { receiptRoutes } from "./reports/receipts/receipts.routes.ts";
import { reportRoutes } from "./reports/reports.routes.ts";
import { viewRoutes } from "./reports/views/views.routes.ts";
import type { Role } from "./shared/roles.ts";
import { auditRoutes } from "./staff/audit.routes.ts";
import { pageErrors, staffGuards } from "./staff/guards.routes.ts";
import { homeRoutes } from "./staff/home.routes.ts";
import { requireRole } from "./staff/require-role.routes.ts";
import { signInRoutes } from "./staff/sign-in.routes.ts";

export interface AppParts {
  readonly deps: Deps;
  /** On a pool of its own, so that a long report never keeps a reader waiting. */
  readonly reports: Deps;
  readonly readiness: Readiness;
  /** An event was kept: the worker of this process, if it has one, may look. */
  readonly onReceived: () => void;
  /** Where a form may lead: Stripe's pages. */
  readonly stripeOrigins: readonly string[];
  /** The sandbox's own. */
  readonly extra: readonly Router[];
}

/** The webhook, which reads raw bytes, in front of all that Express serves. */
export function createApp(parts: AppParts): RequestListener {
  const webhook = webhookListener(parts.deps, parts.onReceived);
  const rest = expressApp(parts);
  return (request, response) => (isWebhook(request) ? webhook(request, response) : rest(request, response));
}

/** Who is mounted where, and in what order. */
function expressApp({ deps, reports, readiness, stripeOrigins, extra }: AppParts): RequestListener {
  const { config, log } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", "simple");
  if (config.trustProxy !== null) app.set("trust proxy", config.trustProxy);

  app.use(requestLog(log));
  app.use(healthRoutes(readiness));
  app.use(metricsRoutes(deps));
  app.use(securityHeaders(stripeOrigins));
  const ownSites = fromOwnSites({
    publicUrl: config.publicUrl,
    development: config.environment === "development",
    allowed: () => deps.newsroom().allowed_origins,
  });
  app.use(checkoutRoutes(deps, ownSites));
  app.use(assetRoutes());
  app.use(giveRoutes(deps));
  app.use(thanksRoutes(deps));
  app.use(donorRoutes(deps, ownSites, [limitClient(deps.limits, "donor_link_client")]));
  app.use(reminderRoutes(deps, ownSites));
  app.use(viewRoutes(deps, ownSites));
  app.use(campaignRoutes(reports));
  const guards = staffGuards(deps);
  const allow = (roles: readonly Role[]) => express.Router().use(requireRole(deps, roles), auditExport(deps));
  app.use(signInRoutes(deps, guards));
  app.use(homeRoutes(guards));
  app.use(reportPages(reports, guards));
  app.use(auditRoutes(deps, guards));
  app.use(supportRoutes(deps, guards));
  app.use(reportRoutes(reports, allow));
  app.use(
    receiptRoutes(deps, {
      allow: (roles) => byHeader(requireRole(deps, roles), guards.page(roles)),
      onNameRead: async ({ staff, donor_id: subject, purpose }) => {
        await recordAudit(deps.db, { actor: actorOf(staff), action: "name_read", subject, detail: { purpose } });
      },
    }),
  );
  app.use("/finance", notFound, pageErrors(deps));
  for (const routes of extra) app.use(routes);

  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

/** Tools say who they are in a header; a browser that doesn't is led to where it signs in. */
function byHeader(token: RequestHandler, page: RequestHandler): RequestHandler {
  return (request, response, next) =>
    (request.get("authorization") === undefined ? page : token)(request, response, next);
}
