import { createHmac } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Stripe } from "../../stripe/types.ts";
import { arrange, type Order } from "./arrange.ts";
import type { Store } from "./store.ts";

export interface Webhook {
  readonly url: string;
  readonly secret: string;
}

/** What became of an event that an endpoint was to get; none while it is still being tried. */
export interface Delivered {
  /** The event's id. */
  readonly id: string;
  readonly state: "delivered" | "failed";
  readonly attempts: number;
}

export interface DeliveryRecord {
  readonly event_id: string;
  readonly type: string;
  readonly state: "pending" | "held" | "delivered" | "failed";
  readonly attempts: number;
  /** The endpoint's last answer; 0 when there was none. */
  readonly last_status: number | null;
}

interface Pending {
  readonly event: Stripe.EventBase;
  attempts: number;
  lastStatus: number | null;
  firstAttempt: number | null;
}

const AT_ONCE = 8;
const TIMEOUT_MS = 20_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** Stripe tries for up to three days. https://docs.stripe.com/webhooks#retries */
const TRIED_FOR_MS = 3 * 86_400_000;
const REMEMBERED = 2000;

/** Delivers events to one endpoint: signed, several at a time, again with growing pauses until it answers 2xx. */
export class Deliveries {
  readonly #store: Store;
  readonly #log: (line: object) => void;
  readonly #agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };
  readonly #pending = new Map<string, Pending>();
  readonly #recent: DeliveryRecord[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #ready: Pending[] = [];
  #waiting: (() => void)[] = [];
  #webhook: Webhook | null;
  #inFlight = 0;
  #held = false;
  #closed = false;

  constructor(store: Store, webhook: Webhook | null, log: (line: object) => void) {
    this.#store = store;
    this.#webhook = webhook;
    this.#log = log;
    for (const event of store.inOrder("event", { newestFirst: false })) {
      if (event.pending_webhooks > 0 && store.get("delivery", event.id) === undefined) this.#queue(event);
    }
    this.#pump();
  }

  setWebhook(webhook: Webhook | null): void {
    this.#webhook = webhook;
    this.#pump();
  }

  /** Takes an event that was stored; it is on its way after the current operation. */
  add(event: Stripe.EventBase): void {
    this.#queue(event);
    setImmediate(() => this.#pump());
  }

  hold(): void {
    this.#held = true;
  }

  /** Sends what was held, one after the other in the given order, each `copies` times; from then on all goes out at once again. */
  async release(order: Order = "in_order", options: { seed?: number; copies?: number } = {}): Promise<void> {
    const batch = arrange(this.#ready, order, options.seed ?? 1, options.copies ?? 1);
    this.#ready = [];
    this.#held = false;
    for (const pending of batch) {
      if (this.#closed) return;
      await this.#attempt(pending);
    }
    this.#pump();
  }

  list(): DeliveryRecord[] {
    const pending = [...this.#pending.values()].map(
      (it): DeliveryRecord => ({
        event_id: it.event.id,
        type: it.event.type,
        state: this.#held ? "held" : "pending",
        attempts: it.attempts,
        last_status: it.lastStatus,
      }),
    );
    return [...this.#recent, ...pending];
  }

  /** Resolves when nothing is left to deliver; while deliveries are held or there is no endpoint, when none is on its way. */
  settled(): Promise<void> {
    if (this.#isSettled()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const agent of Object.values(this.#agents)) agent.destroy();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #queue(event: Stripe.EventBase): void {
    const pending: Pending = { event, attempts: 0, lastStatus: null, firstAttempt: null };
    this.#pending.set(event.id, pending);
    this.#ready.push(pending);
  }

  #pump(): void {
    let started = 0;
    while (!this.#held && !this.#closed && this.#webhook !== null && this.#inFlight < AT_ONCE) {
      const next = this.#ready[started];
      if (next === undefined) break;
      started += 1;
      void this.#attempt(next).then(() => this.#pump());
    }
    if (started > 0) this.#ready.splice(0, started);
    this.#tellSettled();
  }

  async #attempt(pending: Pending): Promise<void> {
    const webhook = this.#webhook;
    if (webhook === null) {
      this.#ready.push(pending);
      return;
    }
    this.#inFlight += 1;
    pending.attempts += 1;
    pending.firstAttempt ??= Date.now();
    const status = await this.#post(webhook, JSON.stringify(pending.event));
    this.#inFlight -= 1;
    if (this.#closed) return;
    pending.lastStatus = status;
    // An earlier copy may have arrived already.
    if (this.#pending.has(pending.event.id)) this.#conclude(pending, status >= 200 && status < 300);
    this.#tellSettled();
  }

  #conclude(pending: Pending, arrived: boolean): void {
    const { event, attempts } = pending;
    if (!arrived && Date.now() - (pending.firstAttempt ?? 0) < TRIED_FOR_MS) {
      this.#retryLater(pending);
      return;
    }
    this.#pending.delete(event.id);
    const state = arrived ? "delivered" : "failed";
    this.#store.put("delivery", { id: event.id, state, attempts });
    this.#store.commit();
    this.#recent.push({ event_id: event.id, type: event.type, state, attempts, last_status: pending.lastStatus });
    if (this.#recent.length > REMEMBERED) this.#recent.splice(0, REMEMBERED / 2);
  }

  #retryLater(pending: Pending): void {
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (pending.attempts - 1), LONGEST_RETRY_MS);
    this.#log({
      msg: "webhook not accepted",
      event_id: pending.event.id,
      status: pending.lastStatus,
      retry_in_ms: pause,
    });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#pending.has(pending.event.id)) return;
      this.#ready.push(pending);
      this.#pump();
    }, pause);
    this.#timers.add(timer);
  }

  #post(webhook: Webhook, payload: string): Promise<number> {
    const url = new URL(webhook.url);
    const secure = url.protocol === "https:";
    const body = Buffer.from(payload);
    const headers = {
      Accept: "*/*",
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": body.length,
      "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      "Stripe-Signature": signatureOf(payload, webhook.secret),
    };
    return new Promise((resolve) => {
      const send = secure ? httpsRequest : httpRequest;
      const agent = secure ? this.#agents["https:"] : this.#agents["http:"];
      const request = send(url, { method: "POST", headers, agent, timeout: TIMEOUT_MS }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(0));
      request.end(body);
    });
  }

  #isSettled(): boolean {
    if (this.#inFlight > 0) return false;
    return this.#held || this.#webhook === null || this.#pending.size === 0;
  }

  #tellSettled(): void {
    if (this.#waiting.length === 0 || !this.#isSettled()) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** By the wall clock, not the stand-in's: receivers refuse what is older than five minutes. */
function signatureOf(payload: string, secret: string): string {
  const time = Math.floor(Date.now() / 1000);
  return `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${payload}`).digest("hex")}`;
}
