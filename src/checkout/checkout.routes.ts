import { setTimeout as sleep } from "node:timers/promises";
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import { isForm, wrongContentType } from "../http/content-type.ts";
import { seenCountry } from "../http/country.ts";
import { formBody } from "../http/form-body.ts";
import { parse } from "../http/parse.ts";
import { isOurFault, statusOf, toAppError } from "../http/problem.ts";
import { countClient } from "../http/rate-limit.ts";
import { copyFor } from "../newsroom.ts";
import { AppError } from "../shared/errors.ts";
import { CHECKOUT_TIMEOUT_MS, REQUEST_BODY_LIMIT_BYTES } from "../shared/limits.ts";
import { checkoutBody } from "./body.ts";
import type { Started } from "./call.ts";
import { readDonation } from "./checkout.queries.ts";
import { bodyOfForm, type FormFields } from "./form.ts";
import { mendPage } from "./mend.page.ts";
import { type CheckoutDeps, startCheckout } from "./start.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `POST /v1/checkout-sessions` for the widget (JSON) and for a page without scripts (a form), and the state of what was started. */
export function checkoutRoutes(deps: CheckoutDeps, ownSites: RequestHandler): Router {
  const router = express.Router();
  router.options("/v1/checkout-sessions", ownSites);
  router.post(
    "/v1/checkout-sessions",
    ownSites,
    express.json({ limit: REQUEST_BODY_LIMIT_BYTES, strict: false }),
    formBody(REQUEST_BODY_LIMIT_BYTES),
    async (request, response) => {
      response.set("Cache-Control", "no-store");
      if (isForm(request.get("content-type"))) await answerForm(deps, request, response);
      else await answerJson(deps, request, response);
    },
  );
  router.use("/v1/checkout-sessions", unreadableForm(deps));

  router.get("/v1/checkout-sessions/:id", ownSites, async (request, response) => {
    const donation = await findDonation(deps, request.params.id);
    const { id, status, frequency, amount, currency } = donation;
    response.set("Cache-Control", "no-store").json({ id, status: shownStatus(status), frequency, amount, currency });
  });
  return router;
}

/** @throws AppError `not_found`, for what is no id as for what is nobody's */
export async function findDonation(deps: Pick<CheckoutDeps, "db">, id: string | string[] | undefined) {
  const donation = typeof id === "string" && UUID.test(id) ? await readDonation(deps.db, id) : undefined;
  if (donation === undefined)
    throw new AppError("not_found", "not_found", "There is no donation with this id. Start a new one.");
  return donation;
}

/** To the reader, a donation that Stripe hasn't answered yet is open. */
export function shownStatus(status: string): string {
  return status === "created" ? "open" : status;
}

async function answerJson(deps: CheckoutDeps, request: Request, response: Response): Promise<void> {
  if (!request.is("application/json")) throw wrongContentType();
  const body = parse(checkoutBody, request.body);
  const started = await start(deps, request, response, body, clientKey(request.get("idempotency-key")));
  response.status(201).json({ id: started.id, url: started.url, expires_at: started.expires_at.toISOString() });
}

async function answerForm(deps: CheckoutDeps, request: Request, response: Response): Promise<void> {
  const fields: FormFields = request.body ?? {};
  try {
    const { body, key } = bodyOfForm(
      fields,
      copyFor(deps.newsroom(), typeof fields.locale === "string" ? fields.locale : null),
    );
    const checkout = parse(checkoutBody, body);
    const formKey = clientKey(request.get("idempotency-key") ?? key ?? undefined);
    const started = await patiently(() => start(deps, request, response, checkout, formKey));
    response.redirect(303, started.url);
  } catch (error) {
    answerMend(deps, fields, error, response);
  }
}

function answerMend(deps: CheckoutDeps, fields: FormFields, error: unknown, response: Response): void {
  const known = toAppError(error);
  if (isOurFault(known))
    deps.log.error({ request_id: response.locals.request_id, err: error }, "a form could not be answered");
  if (known?.retryAfterSeconds !== undefined) response.set("Retry-After", String(known.retryAfterSeconds));
  response
    .status(statusOf(known))
    .type("html")
    .send(mendPage(deps, fields, known).text);
}

/** Nothing of a form that is too large was read: its page has empty fields. */
function unreadableForm(deps: CheckoutDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const kind = toAppError(error)?.kind;
    const isRefused = kind === "too_large" || kind === "invalid";
    if (!isRefused || response.headersSent || !isForm(request.get("content-type"))) return next(error);
    response.set("Cache-Control", "no-store");
    answerMend(deps, {}, error, response);
  };
}

/** A browser shows the answer to the second of two clicks, so that one waits for what the first has begun. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + CHECKOUT_TIMEOUT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const busy = error instanceof AppError && error.code === "request_in_progress";
      if (!busy || performance.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

async function start(
  deps: CheckoutDeps,
  request: Request,
  response: Response,
  body: ReturnType<typeof checkoutBody.parse>,
  key: string | null,
): Promise<Started> {
  await countClient(deps.limits, "checkout_client", request);
  const started = await startCheckout(deps, { body, key, country: seenCountry(deps.config, request) });
  response.locals.donation_id = started.id;
  return started;
}

function clientKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const message = "Expected 1 to 255 visible ASCII characters, best a UUID.";
  throw new AppError("invalid", "invalid_request", "The Idempotency-Key can't be used.", {
    errors: [{ path: "Idempotency-Key", message }],
  });
}
