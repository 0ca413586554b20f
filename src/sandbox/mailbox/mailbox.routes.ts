import { readFileSync } from "node:fs";
import { join } from "node:path";
import express, { type Request, type Response, type Router } from "express";
import { z } from "zod";
import type { Deps } from "../../deps.ts";
import { parse } from "../../http/parse.ts";
import { MAIL_KINDS } from "../../mail/kinds.ts";
import { renderMail } from "../../mail/render.ts";
import { sampleMail } from "../../mail/samples.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { typed } from "../../pages/form-values.ts";
import { AppError } from "../../shared/errors.ts";
import { ownPages } from "../own-pages.routes.ts";
import type { MailCatcher } from "./catcher.ts";
import { MAIL_FAULTS } from "./faults.ts";
import { mailboxPage, mailPage } from "./mailbox.page.ts";
import { type Preview, type PreviewChoice, previewPage, previewsPage } from "./previews.page.ts";

const faultBody = z.strictObject({
  kind: z.enum(MAIL_FAULTS),
  times: z.int().min(1).max(10_000).default(1),
  to: z.string().min(1).max(320).optional(),
});

const STYLE = readFileSync(join(import.meta.dirname, "mailbox.css"), "utf8");

/** Our pages frame a mail; nothing else is loosened. */
const FRAMES =
  "default-src 'none';style-src 'self';img-src data:;frame-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'";

/** A mail is somebody else's text as far as a browser is concerned: no script, nothing loaded, links open beside it. */
const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox;default-src 'none';style-src 'unsafe-inline';img-src data:;frame-ancestors 'self'";

type MailboxDeps = Pick<Deps, "config" | "newsroom">;

/** The mails that were caught, to be read as a person would, to be asked for by tests, and all that there are as previews. */
export function mailboxRoutes(deps: MailboxDeps, { mailbox, faults }: Pick<MailCatcher, "mailbox" | "faults">): Router {
  const router = express.Router();
  const own = ownPages(deps.config, "Pages of other sites can't touch the sandbox's mail.");
  const show = (response: Response, html: { readonly text: string }) =>
    response.set({ "Cache-Control": "no-store", "Content-Security-Policy": FRAMES }).type("html").send(html.text);

  router.get("/sandbox/mailbox", (request, response) => {
    const to = typed(request.query, "to", 320).trim();
    show(response, mailboxPage(deps.newsroom(), mailbox.list(to === "" ? undefined : to), to));
  });
  router.get("/sandbox/mailbox.json", (request, response) => {
    const to = typed(request.query, "to", 320).trim();
    const mails = mailbox.list(to === "" ? undefined : to);
    response
      .set("Cache-Control", "no-store")
      .json({ mails, repeats: mails.reduce((sum, mail) => sum + mail.repeats, 0) });
  });
  router.get("/sandbox/mailbox.css", (_request, response) => {
    response.set("Cache-Control", "no-cache").type("css").send(STYLE);
  });
  router.delete("/sandbox/mailbox", own, (_request, response) => {
    mailbox.clear();
    response.sendStatus(204);
  });
  router.post("/sandbox/mailbox/clear", own, (_request, response) => {
    mailbox.clear();
    response.redirect(303, "/sandbox/mailbox");
  });
  router.post("/sandbox/mailbox/faults", own, express.json(), (request, response) => {
    faults.plan(parse(faultBody, request.body ?? {}));
    response.sendStatus(204);
  });

  router.get("/sandbox/mailbox/previews", (request, response) => {
    const chosen = choiceOf(deps.newsroom(), request);
    const previews = MAIL_KINDS.map((kind) => previewOf(deps.newsroom(), kind, chosen));
    show(response, previewsPage(deps.newsroom(), previews, chosen));
  });
  router.get("/sandbox/mailbox/previews/:kind", (request, response) => {
    const chosen = choiceOf(deps.newsroom(), request);
    show(response, previewPage(deps.newsroom(), previewOf(deps.newsroom(), kindOf(request), chosen), chosen));
  });
  router.get("/sandbox/mailbox/previews/:kind/html", (request, response) => {
    sendMailHtml(response, previewOf(deps.newsroom(), kindOf(request), choiceOf(deps.newsroom(), request)).html);
  });

  router.get("/sandbox/mailbox/:id", (request, response) => {
    show(response, mailPage(deps.newsroom(), mailOf(request)));
  });
  router.get("/sandbox/mailbox/:id/html", (request, response) => {
    sendMailHtml(response, mailOf(request).html);
  });
  return router;

  function mailOf(request: Request<{ id: string }>) {
    const mail = mailbox.get(request.params.id);
    if (mail === undefined) throw new AppError("not_found", "not_found", "There is no such mail.");
    return mail;
  }
}

function sendMailHtml(response: Response, html: string): void {
  // In the frame, a link would open our own pages where they may not be shown.
  const base = '<base target="_blank">';
  response
    .set({ "Cache-Control": "no-store", "Content-Security-Policy": MAIL_POLICY })
    .type("html")
    .send(/<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html);
}

function choiceOf(newsroom: NewsroomConfig, request: Pick<Request, "query">): PreviewChoice {
  const wanted = typed(request.query, "locale", 20);
  return {
    locale: newsroom.locales.find((locale) => locale === wanted) ?? newsroom.default_locale,
    discreet: typed(request.query, "discreet", 5) === "on",
  };
}

function kindOf(request: Request<{ kind: string }>) {
  const kind = MAIL_KINDS.find((each) => each === request.params.kind);
  if (kind === undefined) throw new AppError("not_found", "not_found", "There is no such kind of mail.");
  return kind;
}

function previewOf(newsroom: NewsroomConfig, kind: (typeof MAIL_KINDS)[number], choice: PreviewChoice): Preview {
  return { ...renderMail(newsroom, { ...sampleMail(kind), kind, ...choice }), kind };
}
