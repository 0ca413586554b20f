import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SetupError } from "../../shared/errors.ts";
import type { SandboxClock } from "../clock.ts";
import type { Order } from "./arrange.ts";
import { findControl } from "./controls.ts";
import { type Engine, startEngine } from "./engine.ts";
import { type Fault, Faults } from "./faults.ts";
import { RequestLog, type RequestRecord } from "./request-log.ts";
import { requestListener } from "./requests.ts";
import type { Settings } from "./settings.ts";
import type { Webhook } from "./signed-posts.ts";
import type { DeliveryRecord } from "./webhooks.ts";

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
  /** More currencies that the account has bank accounts for: payments in them aren't converted. */
  readonly settlementCurrencies?: readonly string[];
  /** Whether all that is available is paid out each midnight; as it was unless given, and at first by hand only. */
  readonly payouts?: "manual" | "daily";
  /** What happens to renewals that fail. */
  readonly dunning?: Settings["dunning"];
  /** The version that lists of events are rendered in ("the version of the day"); the newest unless given. */
  readonly eventsVersion?: string;
  readonly log?: (line: object) => void;
}

export interface StripeStandIn {
  readonly url: string;
  readonly port: number;
  setWebhook(webhook: Webhook | null): void;
  /**
   * Moves the clock forward through everything that is due, in order and each at its own moment; with `finishDrafts` on to where the last
   * renewal that has begun is paid, up to an hour more.
   */
  advance(milliseconds: number, options?: { finishDrafts?: boolean }): Promise<{ now: string; events: number }>;
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>;
  readonly deliveries: {
    hold(): void;
    release(order?: Order, options?: { seed?: number; copies?: number }): Promise<void>;
    list(): DeliveryRecord[];
  };
  failNext(fault: Fault): void;
  /** One of the controls by its method and path, such as `POST /disputes`, as over HTTP; undefined if there is none. */
  control(method: string, path: string, sent: unknown): object | undefined;
  /** Stops the clock, so that all that follows happens within one second; `advance` still moves it. */
  freeze(frozen: boolean): { frozen: boolean; now: string };
  readonly requests: { count(method: string, path: string): number; list(): RequestRecord[] };
  close(): Promise<void>;
}

const COUNTRY = { usd: "US", eur: "DE", gbp: "GB" } as const;
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
        currencies: [...new Set([currency, ...(options.settlementCurrencies ?? [])])],
        name: options.newsroomName ?? "Newsroom",
      },
      payouts: options.payouts,
      settings: {
        ...(options.dunning === undefined ? {} : { dunning: options.dunning }),
        ...(options.eventsVersion === undefined ? {} : { events_version: options.eventsVersion }),
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
    advance: async (milliseconds, { finishDrafts = false } = {}) => {
      const before = engine.emitted();
      await engine.timeline.advance(milliseconds, finishDrafts);
      return { now: options.clock.now().toISOString(), events: engine.emitted() - before };
    },
    settled: () => engine.deliveries.settled(),
    deliveries: engine.deliveries,
    failNext: (fault) => faults.add(fault),
    control: (method, path, sent) => {
      const found = findControl(method, path);
      if (found === undefined) return undefined;
      engine.timeline.catchUp();
      try {
        return found.run(engine.world, sent, found.id);
      } finally {
        engine.world.store.commit();
      }
    },
    freeze: (frozen) => {
      engine.timeline.freeze(frozen);
      return { frozen, now: new Date(engine.world.now() * 1000).toISOString() };
    },
    requests,
    close: async () => {
      clearInterval(timer);
      engine.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const timer = setInterval(() => engine.timeline.catchUp(), CATCH_UP_EVERY_MS).unref();

  server.on("request", requestListener({ engine, faults, requests, standIn, log }));

  return standIn;
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
