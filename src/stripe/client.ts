import StripePackage from "stripe";
import type { Config } from "../config.ts";
import { SetupError } from "../shared/errors.ts";
import { STRIPE_CALL_TIMEOUT_MS } from "../shared/limits.ts";
import { STRIPE_API_VERSION, type Stripe } from "./types.ts";

/** What Stripe said an object is, and as of when: the request's start by Stripe's own clock, less a second of caution. */
export interface Fetched<T> {
  readonly object: T;
  readonly asOf: Date;
}

export interface StripeClient {
  readonly api: Stripe;
  /** Whether the key in use moves real money; events of the other kind are refused. */
  readonly livemode: boolean;
  /**
   * Runs one request and dates its answer by Stripe's `Date` header less the request's duration less a second, so that the
   * answer never claims to be newer than an event that it can't have seen.
   */
  fetch<T>(request: (api: Stripe) => Promise<Stripe.Response<T>>): Promise<Fetched<T>>;
}

export interface StripeClientOptions {
  readonly secretKey: string;
  readonly apiBase: URL | null;
}

/** @throws SetupError when no key is given */
export function createStripeClient(options: StripeClientOptions): StripeClient {
  const api = new StripePackage(options.secretKey, {
    apiVersion: STRIPE_API_VERSION,
    timeout: STRIPE_CALL_TIMEOUT_MS,
    maxNetworkRetries: 2,
    telemetry: false,
    ...(options.apiBase === null ? {} : addressOf(options.apiBase)),
  });
  return {
    api,
    livemode: /^(sk|rk)_live_/.test(options.secretKey),
    fetch: async (request) => {
      const startedAt = performance.now();
      const object = await request(api);
      const durationMs = performance.now() - startedAt;
      const date = Date.parse(object.lastResponse.headers.date ?? "");
      if (Number.isNaN(date)) throw new Error("Stripe's answer carries no Date header, so its age is unknown.");
      return { object, asOf: new Date(Math.floor(date - durationMs - 1000)) };
    },
  };
}

export function stripeKeyOf(config: Config): string {
  if (config.stripe.secretKey !== null) return config.stripe.secretKey;
  throw new SetupError([
    "STRIPE_SECRET_KEY: is not set, and this process has no simulated Stripe. Set it, or run `npm start`.",
  ]);
}

function addressOf(base: URL): { host: string; port: number; protocol: "http" | "https" } {
  const protocol = base.protocol === "http:" ? "http" : "https";
  return { host: base.hostname, port: Number(base.port || (protocol === "http" ? 80 : 443)), protocol };
}
