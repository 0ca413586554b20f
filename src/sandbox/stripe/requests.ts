import type { IncomingMessage, ServerResponse } from "node:http";
import { accountRoutes } from "./account.ts";
import { type ApiCall, answer, type Reply } from "./api.ts";
import { balanceTransactionRoutes } from "./balance-transactions.ts";
import { chargeRoutes } from "./charges.ts";
import { checkoutSessionRoutes } from "./checkout-sessions.ts";
import { controlReply } from "./control.ts";
import { customerRoutes } from "./customers.ts";
import { disputeRoutes } from "./dispute-routes.ts";
import { earlyFraudWarningRoutes } from "./early-fraud-warnings.ts";
import type { Engine } from "./engine.ts";
import { eventRoutes } from "./events.ts";
import type { Faults } from "./faults.ts";
import { factsPage } from "./hosted-page.ts";
import { hostedReply } from "./hosted-routes.ts";
import { invoicePaymentRoutes } from "./invoice-payments.ts";
import { invoiceRoutes } from "./invoice-routes.ts";
import { mandateRoutes } from "./mandates.ts";
import { pageHeaders } from "./page-layout.ts";
import { paymentIntentRoutes } from "./payment-intents.ts";
import { paymentMethodRoutes } from "./payment-method-routes.ts";
import { payoutRoutes } from "./payout-routes.ts";
import { portalConfigurationRoutes } from "./portal-configurations.ts";
import { portalSessionRoutes } from "./portal-sessions.ts";
import { priceRoutes } from "./prices.ts";
import { productRoutes } from "./products.ts";
import { refundRoutes } from "./refund-routes.ts";
import type { RequestLog } from "./request-log.ts";
import { router } from "./routing.ts";
import type { StripeStandIn } from "./server.ts";
import { subscriptionRoutes } from "./subscription-routes.ts";

interface Parts {
  readonly engine: Engine;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly standIn: StripeStandIn;
  readonly log: (line: object) => void;
}

const MOST_BYTES = 1 << 20;

const route = router(
  accountRoutes,
  balanceTransactionRoutes,
  chargeRoutes,
  checkoutSessionRoutes,
  customerRoutes,
  disputeRoutes,
  earlyFraudWarningRoutes,
  eventRoutes,
  invoicePaymentRoutes,
  invoiceRoutes,
  mandateRoutes,
  paymentIntentRoutes,
  paymentMethodRoutes,
  payoutRoutes,
  portalConfigurationRoutes,
  portalSessionRoutes,
  priceRoutes,
  productRoutes,
  refundRoutes,
  subscriptionRoutes,
);

/** Shares the port out: the API under /v1, the controls under /_sandbox, pages for people. */
export function requestListener(parts: Parts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    handle(parts, request, response).catch((error: unknown) => {
      parts.log({ msg: "the simulated Stripe failed", error: error instanceof Error ? error.stack : String(error) });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  };
}

async function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { engine } = parts;
  const method = request.method ?? "GET";
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  const body = await readBody(request);
  if (body === undefined) return send(engine, response, { status: 413, headers: { Connection: "close" }, body: "" });
  engine.timeline.catchUp();
  if (path.startsWith("/v1/")) return api(parts, { method, path, query, body, headers: request.headers }, response);
  if (path.startsWith("/_sandbox/")) return control(parts, request, response, { method, path, body });
  send(engine, response, hostedReply(engine.world, method, path, body) ?? notFound());
}

function api({ engine, faults, requests, log }: Parts, call: ApiCall, response: ServerResponse): void {
  const sentKey = call.headers["idempotency-key"];
  const key = typeof sentKey === "string" ? sentKey : null;
  const note = (status: number) => requests.add({ method: call.method, path: call.path, idempotency_key: key, status });
  const fault = faults.take(call.path);
  if (fault?.kind === "hang") {
    note(0);
    if (key === null) return;
    engine.idempotency.begin(key);
    response.on("close", () => engine.idempotency.end(key));
    return;
  }
  if (fault?.kind === "cut") {
    note(0);
    response.destroy();
    return;
  }
  if (fault?.kind === "not_json") {
    note(200);
    send(engine, response, { status: 200, headers: { "Content-Type": "text/html" }, body: "<html>Bad gateway</html>" });
    return;
  }
  const reply = answer({ world: engine.world, idempotency: engine.idempotency, route, log }, call, fault);
  const isCut = fault?.kind === "after_effect_cut";
  note(isCut ? 0 : reply.status);
  if (isCut) response.destroy();
  else send(engine, response, reply);
}

/** A page in the same browser could reach this port: it can't send JSON without asking first, nor use our name. */
async function control(
  { engine, standIn }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  call: { method: string; path: string; body: string },
): Promise<void> {
  const isJson = call.body === "" || request.headers["content-type"]?.startsWith("application/json") === true;
  const isLocal = /^(127\.0\.0\.1|localhost):\d+$/.test(request.headers.host ?? "");
  if (!isJson || !isLocal || request.headers.origin !== undefined) {
    return send(engine, response, { status: 403, headers: {}, body: "" });
  }
  send(engine, response, await controlReply(standIn, call.method, call.path, call.body));
}

function notFound(): Reply {
  const text = "This is the simulated Stripe. Its API is under /v1; each payment page has an address of its own.";
  return { status: 404, headers: pageHeaders(), body: factsPage("Nothing here", text) };
}

/** With the stand-in's own time: clients take the age of what they read from it. */
function send(engine: Engine, response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, {
    ...reply.headers,
    Date: new Date(engine.world.now() * 1000).toUTCString(),
    "Content-Length": Buffer.byteLength(reply.body),
  });
  response.end(reply.body);
}

/** The body as text; undefined when it is larger than Stripe would take. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
