import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SetupError } from "../../shared/errors.ts";
import type { SandboxClock } from "../clock.ts";
import { accountRoutes } from "./account.ts";
import { type ApiCall, answer, type Reply } from "./api.ts";
import type { Order } from "./arrange.ts";
import { balanceTransactionRoutes } from "./balance-transactions.ts";
import { chargeRoutes } from "./charges.ts";
import { checkoutSessionRoutes } from "./checkout-sessions.ts";
import { controlReply } from "./control.ts";
import { customerRoutes } from "./customers.ts";
import { type Engine, startEngine } from "./engine.ts";
import { eventRoutes } from "./events.ts";
import { type Fault, Faults } from "./faults.ts";
import { factsPage } from "./hosted-page.ts";
import { hostedReply } from "./hosted-routes.ts";
import { invoicePaymentRoutes } from "./invoice-payments.ts";
import { invoiceRoutes } from "./invoices.ts";
import { pageHeaders } from "./page-layout.ts";
import { paymentIntentRoutes } from "./payment-intents.ts";
import { paymentMethodRoutes } from "./payment-methods.ts";
import { priceRoutes } from "./prices.ts";
import { productRoutes } from "./products.ts";
import { RequestLog, type RequestRecord } from "./request-log.ts";
import { router } from "./routing.ts";
import { subscriptionRoutes } from "./subscription-routes.ts";
import type { DeliveryRecord, Webhook } from "./webhooks.ts";

export interface StripeStandInOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Where the state is kept; null keeps it in memory only. */
  readonly stateFile: string | null;
  readonly clock: SandboxClock;
  /** Where signed events go; may be set later. */
  readonly webhook: Webhook | null;
  readonly environment: "development" | "production";
  readonly newsroomName?: string;
  /** The account's currency, in which fees and balances are; USD unless given. */
  readonly settlementCurrency?: "usd" | "eur" | "gbp";
  readonly log?: (line: object) => void;
}

export interface StripeStandIn {
  readonly url: string;
  readonly port: number;
  setWebhook(webhook: Webhook | null): void;
  /** Moves the clock forward through everything that is due, in order and each at its own moment. */
  advance(milliseconds: number): Promise<{ now: string; events: number }>;
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>;
  readonly deliveries: {
    hold(): void;
    release(order?: Order, options?: { seed?: number; copies?: number }): Promise<void>;
    list(): DeliveryRecord[];
  };
  failNext(fault: Fault): void;
  readonly requests: { count(method: string, path: string): number; list(): RequestRecord[] };
  close(): Promise<void>;
}

const COUNTRY = { usd: "US", eur: "DE", gbp: "GB" } as const;
const MOST_BYTES = 1 << 20;
const CATCH_UP_EVERY_MS = 1000;

/**
 * Starts the simulated Stripe on 127.0.0.1. Throws a SetupError in production, and for a port that is taken.
 */
export async function startStripeStandIn(options: StripeStandInOptions): Promise<StripeStandIn> {
  if (options.environment === "production") {
    throw new SetupError([
      "The simulated Stripe never runs in production: set STRIPE_SECRET_KEY to a live or restricted key.",
    ]);
  }
  const log = options.log ?? (() => undefined);
  const server = createServer({ keepAliveTimeout: 30_000 });
  const port = await listen(server, options.port);
  const url = `http://127.0.0.1:${port}`;
  const currency = options.settlementCurrency ?? "usd";
  const engine = startOrRelease(server, () =>
    startEngine({
      stateFile: options.stateFile,
      clock: options.clock,
      webhook: options.webhook,
      account: {
        id: "acct_1SandboxNewsroom",
        country: COUNTRY[currency],
        currency,
        name: options.newsroomName ?? "Newsroom",
      },
      baseUrl: () => url,
      log,
    }),
  );
  const faults = new Faults();
  const requests = new RequestLog();
  const standIn: StripeStandIn = {
    url,
    port,
    setWebhook: engine.setWebhook,
    advance: async (milliseconds) => {
      const before = engine.emitted();
      await engine.timeline.advance(milliseconds);
      return { now: options.clock.now().toISOString(), events: engine.emitted() - before };
    },
    settled: () => engine.deliveries.settled(),
    deliveries: engine.deliveries,
    failNext: (fault) => faults.add(fault),
    requests,
    close: async () => {
      clearInterval(timer);
      engine.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const route = router(
    accountRoutes,
    balanceTransactionRoutes,
    chargeRoutes,
    checkoutSessionRoutes,
    customerRoutes,
    eventRoutes,
    invoicePaymentRoutes,
    invoiceRoutes,
    paymentIntentRoutes,
    paymentMethodRoutes,
    priceRoutes,
    productRoutes,
    subscriptionRoutes,
  );
  const timer = setInterval(() => engine.timeline.catchUp(), CATCH_UP_EVERY_MS).unref();

  server.on("request", (request, response) => {
    void handle(request, response).catch((error: unknown) => {
      log({ msg: "the simulated Stripe failed", error: error instanceof Error ? error.stack : String(error) });
      response.destroy();
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const body = await readBody(request);
    if (body === undefined) return send(engine, response, { status: 413, headers: {}, body: "" });
    engine.timeline.catchUp();
    if (path.startsWith("/v1/")) return api({ method, path, query, body, headers: request.headers }, response);
    if (path.startsWith("/_sandbox/")) return control(request, response, method, path, body);
    const reply = hostedReply(engine.world, method, path, body) ?? NOT_FOUND();
    send(engine, response, reply);
  }

  function api(call: ApiCall, response: ServerResponse): void {
    const key = call.headers["idempotency-key"];
    const idempotencyKey = typeof key === "string" ? key : null;
    const note = (status: number) =>
      requests.add({ method: call.method, path: call.path, idempotency_key: idempotencyKey, status });
    const fault = faults.take(call.path);
    if (fault?.kind === "hang") {
      note(0);
      if (idempotencyKey === null) return;
      engine.idempotency.begin(idempotencyKey);
      response.on("close", () => engine.idempotency.end(idempotencyKey));
      return;
    }
    if (fault?.kind === "cut") {
      note(0);
      response.destroy();
      return;
    }
    if (fault?.kind === "not_json") {
      note(200);
      send(engine, response, {
        status: 200,
        headers: { "Content-Type": "text/html" },
        body: "<html>Bad gateway</html>",
      });
      return;
    }
    const reply = answer({ world: engine.world, idempotency: engine.idempotency, route, log }, call, fault);
    note(fault?.kind === "after_effect_cut" ? 0 : reply.status);
    if (fault?.kind === "after_effect_cut") response.destroy();
    else send(engine, response, reply);
  }

  async function control(
    request: IncomingMessage,
    response: ServerResponse,
    method: string,
    path: string,
    body: string,
  ): Promise<void> {
    // A page in the same browser could reach this port: it can neither send JSON without asking first nor use our name.
    const isJson = body === "" || request.headers["content-type"]?.startsWith("application/json") === true;
    const isLocal =
      /^(127\.0\.0\.1|localhost):\d+$/.test(request.headers.host ?? "") && request.headers.origin === undefined;
    if (!isJson || !isLocal) return send(engine, response, { status: 403, headers: {}, body: "" });
    send(engine, response, await controlReply(standIn, method, path, body));
  }

  return standIn;
}

const NOT_FOUND = (): Reply => ({
  status: 404,
  headers: pageHeaders(),
  body: factsPage(
    "Nothing here",
    "This is the simulated Stripe. Its API is under /v1, its payment pages have addresses of their own.",
  ),
});

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

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is taken, so the simulated Stripe can't start: stop what uses it, or set SANDBOX_STRIPE_PORT to another port.`;
      reject(error.code === "EADDRINUSE" ? new SetupError([taken]) : error);
    });
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function startOrRelease(server: Server, start: () => Engine): Engine {
  try {
    return start();
  } catch (error) {
    server.close();
    throw error;
  }
}
