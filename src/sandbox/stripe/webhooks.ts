import type { Stripe } from "../../stripe/types.ts";
import { arrange, type Order } from "./arrange.ts";
import { SignedPosts, type Webhook } from "./signed-posts.ts";
import type { Store } from "./store.ts";

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

/** The event as an endpoint of this version gets it. */
type Render = (event: Stripe.EventBase, version: string | undefined) => object;

const AT_ONCE = 8;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** Stripe tries for up to three days. https://docs.stripe.com/webhooks#retries */
const TRIED_FOR_MS = 3 * 86_400_000;
const REMEMBERED = 2000;

/** Delivers events to one endpoint: signed, several at a time, again with growing pauses until it answers 2xx. */
export class Deliveries {
  readonly #store: Store;
  readonly #render: Render;
  readonly #log: (line: object) => void;
  readonly #posts = new SignedPosts();
  readonly #pending = new Map<string, Pending>();
  readonly #recent: DeliveryRecord[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What may be sent now, in order of arrival; those before `#taken` are on their way already. */
  #ready: Pending[] = [];
  #taken = 0;
  #waiting: (() => void)[] = [];
  #webhook: Webhook | null;
  #inFlight = 0;
  #held = false;
  #closed = false;

  constructor(store: Store, webhook: Webhook | null, render: Render, log: (line: object) => void) {
    this.#store = store;
    this.#render = render;
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
    this.#forgetTaken();
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
    this.#posts.close();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #queue(event: Stripe.EventBase): void {
    const pending: Pending = { event, attempts: 0, lastStatus: null, firstAttempt: null };
    this.#pending.set(event.id, pending);
    this.#ready.push(pending);
  }

  #pump(): void {
    while (!this.#held && !this.#closed && this.#webhook !== null && this.#inFlight < AT_ONCE) {
      const next = this.#ready[this.#taken];
      if (next === undefined) break;
      this.#taken += 1;
      void this.#attempt(next).then(() => this.#pump());
    }
    // Cut off in large pieces: taking single ones from the front of a long array is slow.
    if (this.#taken > 1000 || this.#taken === this.#ready.length) this.#forgetTaken();
    this.#tellSettled();
  }

  #forgetTaken(): void {
    this.#ready.splice(0, this.#taken);
    this.#taken = 0;
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
    const status = await this.#posts.send(webhook, JSON.stringify(this.#render(pending.event, webhook.apiVersion)));
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

  #isSettled(): boolean {
    if (this.#inFlight > 0) return false;
    return this.#held || this.#webhook === null || this.#pending.size === 0;
  }

  #tellSettled(): void {
    if (this.#waiting.length === 0 || !this.#isSettled()) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
