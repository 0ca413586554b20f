import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { isForm, wrongContentType } from "../http/content-type.ts";
import { seenCountry } from "../http/country.ts";
import { formBody } from "../http/form-body.ts";
import { parse } from "../http/parse.ts";
import { statusOf, toAppError } from "../http/problem.ts";
import { countClient } from "../http/rate-limit.ts";
import { giveLink } from "../mail/give-link.ts";
import { signToken } from "../mail/links.ts";
import { type FormValues, typed } from "../pages/form-values.ts";
import { localeFor } from "../pages/reader.ts";
import { REQUEST_BODY_LIMIT_BYTES } from "../shared/limits.ts";
import { standingOf } from "./address.queries.ts";
import { reminderBody } from "./body.ts";
import { cancelReminder } from "./cancel.ts";
import { bodyOfForm } from "./form.ts";
import { mendPage } from "./mend.page.ts";
import { markShown } from "./on-site.queries.ts";
import { reminderPage, SAID, type Said, unknownPage } from "./reminder.page.ts";
import { confirmReminder, restoreReminder } from "./restore.ts";
import { type ReminderDeps, type Scheduled, scheduleReminder } from "./schedule.ts";
import { type Found, findByToken, isAhead, viewOf } from "./view.ts";

/** "Remind me later": asked for by the widget (JSON) or by a page without scripts (a form), and what its links lead to. */
export function reminderRoutes(deps: ReminderDeps, ownSites: RequestHandler): Router {
  const router = express.Router();
  const form = formBody(REQUEST_BODY_LIMIT_BYTES);
  const site = anySite(ownSites);

  router.options("/v1/reminders", ownSites);
  router.post(
    "/v1/reminders",
    ownSites,
    express.json({ limit: REQUEST_BODY_LIMIT_BYTES, strict: false }),
    form,
    async (request, response) => {
      response.set("Cache-Control", "no-store");
      if (isForm(request.get("content-type"))) await answerForm(deps, request, response);
      else if (request.is("application/json")) response.status(201).json(await schedule(deps, request, request.body));
      else throw wrongContentType();
    },
  );

  router.get("/reminders/:token", async (request, response) => {
    await showPage(deps, request, response);
  });

  router.options("/v1/reminders/:token", ownSites);
  router.get("/v1/reminders/:token", site, async (request, response) => {
    const found = await findByToken(deps, request.params.token);
    response.set("Cache-Control", "no-store").json(viewOf(deps, found));
  });

  const cancel = changer(deps, "cancelled", (found) => cancelReminder(deps, found));
  const restore = changer(deps, "restored", (found) => restoreReminder(deps, found));
  const confirm = changer(deps, "confirmed", (found) => confirmReminder(deps, found));
  const shown = changer(deps, null, ({ reminder }) => markShown(deps.db, reminder.id, deps.now()));
  router.options("/v1/reminders/:token/:action", ownSites);
  // Mail programs that don't post by themselves open the address of List-Unsubscribe in a browser.
  router.get("/v1/reminders/:token/cancel", (request, response) => {
    response.redirect(303, `/reminders/${encodeURIComponent(request.params.token)}`);
  });
  router.post("/v1/reminders/:token/cancel", site, form, cancel);
  router.post("/v1/reminders/:token/restore", site, form, restore);
  router.post("/v1/reminders/:token/confirm", site, form, confirm);
  router.post("/v1/reminders/:token/shown", site, form, shown);
  return router;
}

/** The token is the key: a mail program that shows our page in a frame of its own may use it too. Other sites can't read the answer. */
function anySite(ownSites: RequestHandler): RequestHandler {
  return (request, response, next) => ownSites(request, response, () => next());
}

/** Does it and tells how the reminder stands: to a form by leading back to its page, to all others as JSON. */
function changer(deps: ReminderDeps, said: Said | null, change: (found: Found) => Promise<void>): RequestHandler {
  return async (request, response) => {
    const token = String(request.params.token);
    const found = await findByToken(deps, token);
    const isPage = isForm(request.get("content-type")) && !isOneClick(request.body);
    response.set("Cache-Control", "no-store");
    try {
      await change(found);
    } catch (error) {
      // The page that follows says how things are.
      if (!isPage || toAppError(error)?.kind !== "unprocessable") throw error;
    }
    if (isPage) response.redirect(303, `/reminders/${token}${said === null ? "" : `?said=${said}`}`);
    else response.json(viewOf(deps, await findByToken(deps, token)));
  };
}

/** RFC 8058: a mail service asks for the end of this mail, and follows no redirect. */
function isOneClick(body: unknown): boolean {
  return typeof body === "object" && body !== null && Object.hasOwn(body, "List-Unsubscribe");
}

async function schedule(deps: ReminderDeps, request: Request, body: unknown): Promise<Scheduled> {
  const parsed = parse(reminderBody, body);
  await countClient(deps.limits, "reminder_client", request);
  return await scheduleReminder(deps, parsed, seenCountry(deps.config, request));
}

async function answerForm(deps: ReminderDeps, request: Request, response: Response): Promise<void> {
  const fields: FormValues = request.body ?? {};
  try {
    const { token } = await schedule(deps, request, bodyOfForm(fields));
    response.redirect(303, `/reminders/${token}?said=new`);
  } catch (error) {
    const known = toAppError(error);
    if (known === null)
      deps.log.error({ request_id: response.locals.request_id, err: error }, "a form could not be answered");
    if (known?.retryAfterSeconds !== undefined) response.set("Retry-After", String(known.retryAfterSeconds));
    response
      .status(statusOf(known))
      .type("html")
      .send(mendPage(deps, fields, known).text);
  }
}

async function showPage(deps: ReminderDeps, request: Request, response: Response): Promise<void> {
  const newsroom = deps.newsroom();
  const place = { config: deps.config, newsroom };
  response.set("Cache-Control", "no-store").type("html");
  try {
    const token = String(request.params.token);
    const found = await findByToken(deps, token);
    const said = SAID.find((each) => each === typed(request.query, "said", 10)) ?? null;
    const { id, address_hash: hash } = found.reminder;
    const shown = {
      found,
      view: viewOf(deps, found),
      isAhead: isAhead(deps, found.reminder),
      address: found.by === "asker" || hash === null ? null : await standingOf(deps.db, hash),
      token,
      giveUrl: giveLink(deps.config, signToken(deps.vault, "reminder", id)),
      said,
    };
    response.send(reminderPage(place, shown).text);
  } catch (error) {
    if (toAppError(error)?.kind !== "not_found") throw error;
    const locale = localeFor(newsroom, request.query, request.acceptsLanguages());
    response.status(404).send(unknownPage(place, locale).text);
  }
}
