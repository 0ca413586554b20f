import type { Stripe } from "../../stripe/types.ts";
import type { CheckoutDetails } from "./checkout-details.ts";
import type { CustomerNote } from "./customer-bank.ts";
import type { KeptAnswer } from "./idempotency.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import type { Due } from "./schedule.ts";
import type { Delivered } from "./webhooks.ts";

/** Everything that is kept, by kind: Stripe's objects, and below the line the stand-in's own notes. */
export interface Kinds {
  customer: Stripe.Customer | Stripe.DeletedCustomer;
  product: Stripe.Product;
  price: Stripe.Price;
  payment_method: Stripe.PaymentMethod;
  "checkout.session": Stripe.Checkout.Session;
  payment_intent: Stripe.PaymentIntent;
  charge: Stripe.Charge;
  balance_transaction: Stripe.BalanceTransaction;
  subscription: Stripe.Subscription;
  invoice: Stripe.Invoice;
  invoice_payment: Stripe.InvoicePayment;
  refund: Stripe.Refund;
  dispute: Stripe.Dispute;
  payout: Stripe.Payout;
  mandate: Stripe.Mandate;
  "radar.early_fraud_warning": Stripe.Radar.EarlyFraudWarning;
  "billing_portal.configuration": Stripe.BillingPortal.Configuration;
  "billing_portal.session": Stripe.BillingPortal.Session;
  event: Stripe.EventBase;

  checkout_details: CheckoutDetails;
  due: Due;
  kept_answer: KeptAnswer;
  delivery: Delivered;
  /** A balance transaction, by its id, that an automatic payout paid out. */
  paid_out: { id: string; payout: string };
  /** A balance transaction, by its id, that the next automatic payouts will pay out; kept only while there are some. */
  unpaid: { id: string };
  /** What a customer's bank does with payments that the customer isn't there for. */
  customer_note: CustomerNote;
  note: { id: string; value: string };
}

export type Kind = keyof Kinds;

/** Whole seconds, both inclusive. */
export interface Within {
  readonly from: number;
  readonly to: number;
}

/** Ids that a list can be filtered by without looking at every object; ids and e-mail addresses can't clash. */
type Links = (object: never) => readonly unknown[];

const LINKS: Partial<Record<Kind, Links>> = {
  customer: (it: Stripe.Customer | Stripe.DeletedCustomer) => ["email" in it ? it.email : null],
  payment_method: (it: Stripe.PaymentMethod) => [it.customer],
  "checkout.session": (it: Stripe.Checkout.Session) => [it.customer, it.payment_intent, it.subscription],
  payment_intent: (it: Stripe.PaymentIntent) => [it.customer],
  charge: (it: Stripe.Charge) => [it.customer, it.payment_intent],
  balance_transaction: (it: Stripe.BalanceTransaction) => [it.source],
  subscription: (it: Stripe.Subscription) => [it.customer],
  invoice: (it: Stripe.Invoice) => [it.customer, it.parent?.subscription_details?.subscription],
  invoice_payment: (it: Stripe.InvoicePayment) => [it.invoice, it.payment.payment_intent],
  refund: (it: Stripe.Refund) => [it.charge, it.payment_intent],
  dispute: (it: Stripe.Dispute) => [it.charge, it.payment_intent],
  mandate: (it: Stripe.Mandate) => [it.payment_method],
  "radar.early_fraud_warning": (it: Stripe.Radar.EarlyFraudWarning) => [it.charge, it.payment_intent],
  paid_out: (it: Kinds["paid_out"]) => [it.payout],
};

class Table<T extends { id: string }> {
  readonly byId = new Map<string, { object: T; position: number }>();
  /** Ids by the order in which they were made; deleted ones leave a hole. */
  readonly order: (string | undefined)[] = [];
  /** When each was made, in seconds: never descending, so a time is found by halving. */
  readonly times: number[] = [];
  /** Where the first that isn't deleted may be: what is old goes first, and nobody should walk over its holes again. */
  #head = 0;
  /** For each linked id the positions of the objects that point to it, ascending. */
  readonly linked = new Map<string, number[]>();
  readonly #links: Links | undefined;

  constructor(links: Links | undefined) {
    this.#links = links;
  }

  put(object: T): void {
    const before = this.byId.get(object.id);
    const position = before?.position ?? this.order.push(object.id) - 1;
    if (before === undefined) this.times.push("created" in object ? Number(object.created) : 0);
    const had = before === undefined ? [] : this.#idsLinkedBy(before.object);
    this.byId.set(object.id, { object, position });
    for (const id of this.#idsLinkedBy(object)) {
      if (had.includes(id)) continue;
      const positions = this.linked.get(id);
      if (positions === undefined) this.linked.set(id, [position]);
      else
        positions.splice(
          firstIndex(positions.length, (index) => (positions[index] ?? 0) >= position),
          0,
          position,
        );
    }
  }

  delete(id: string): void {
    const entry = this.byId.get(id);
    if (entry === undefined) return;
    this.byId.delete(id);
    this.order[entry.position] = undefined;
    while (this.#head < this.order.length && this.order[this.#head] === undefined) this.#head += 1;
  }

  get head(): number {
    return this.#head;
  }

  #idsLinkedBy(object: T): string[] {
    const found = this.#links?.(object as never) ?? [];
    return found.filter((id): id is string => typeof id === "string");
  }
}

/**
 * All objects in memory, and a journal of every change. Objects are never changed in place: a new version replaces
 * the old one, so an event can hold on to the version that it tells of.
 */
export class Store {
  readonly #tables = new Map<Kind, Table<{ id: string }>>();
  readonly #journal: Journal | null;
  #uncommitted: JournalEntry[] = [];

  constructor(journal: Journal | null) {
    this.#journal = journal;
    journal?.load((entry) => this.#apply(entry));
    journal?.compact(this.#everything());
  }

  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    return this.#table(kind).byId.get(id)?.object;
  }

  /** The object that another one's link promises; without it the state is broken. */
  mustGet<K extends Kind>(kind: K, id: string): Kinds[K] {
    const object = this.get(kind, id);
    if (object === undefined) throw new Error(`The simulated Stripe has lost ${kind} ${id}.`);
    return object;
  }

  put<K extends Kind>(kind: K, object: Kinds[K]): Kinds[K] {
    this.#table(kind).put(object);
    if (this.#journal !== null) this.#uncommitted.push([kind, object]);
    return object;
  }

  delete(kind: Kind, id: string): void {
    this.#table(kind).delete(id);
    if (this.#journal !== null) this.#uncommitted.push([kind, null, id]);
  }

  /** Makes everything since the last commit durable as one line: after a crash all of it is there, or nothing. */
  commit(): void {
    if (this.#uncommitted.length === 0) return;
    const entries = this.#uncommitted;
    this.#uncommitted = [];
    this.#journal?.append(entries);
  }

  *all<K extends Kind>(kind: K): Iterable<Kinds[K]> {
    for (const { object } of this.#table(kind).byId.values()) yield object;
  }

  /** From the newest to the oldest, or the other way round; starting beside `from`, only those linked to `link` and made within a time if given. */
  *inOrder<K extends Kind>(
    kind: K,
    options: { newestFirst: boolean; from?: string; link?: string; within?: Within },
  ): Iterable<Kinds[K]> {
    const table = this.#table(kind);
    const positions = options.link === undefined ? undefined : (table.linked.get(options.link) ?? []);
    const positionAt = (index: number) => (positions === undefined ? index : (positions[index] ?? -1));
    const length = positions?.length ?? table.order.length;
    let low = positions === undefined ? table.head : 0;
    let high = length;
    if (options.within !== undefined) {
      const timeAt = (index: number) => table.times[positionAt(index)] ?? 0;
      const { from, to } = options.within;
      if (from !== -Infinity)
        low = Math.max(
          low,
          firstIndex(length, (index) => timeAt(index) >= from),
        );
      if (to !== Infinity) high = firstIndex(length, (index) => timeAt(index) > to);
    }
    const start = options.from === undefined ? undefined : table.byId.get(options.from)?.position;
    if (start !== undefined) {
      if (options.newestFirst)
        high = Math.min(
          high,
          firstIndex(length, (index) => positionAt(index) >= start),
        );
      else
        low = Math.max(
          low,
          firstIndex(length, (index) => positionAt(index) > start),
        );
    }
    for (let done = 0; done < high - low; done += 1) {
      const id = table.order[positionAt(options.newestFirst ? high - 1 - done : low + done)];
      const object = id === undefined ? undefined : table.byId.get(id)?.object;
      if (object !== undefined) yield object;
    }
  }

  close(): void {
    this.commit();
    this.#journal?.close();
  }

  #table<K extends Kind>(kind: K): Table<Kinds[K]> {
    let table = this.#tables.get(kind);
    if (table === undefined) {
      table = new Table(LINKS[kind]);
      this.#tables.set(kind, table);
    }
    // One map holds the tables of all kinds; the key says which objects a table has.
    return table as unknown as Table<Kinds[K]>;
  }

  #apply([kind, object, deleted]: JournalEntry): void {
    if (object !== null) this.#table(kind).put(object as Kinds[typeof kind] & { id: string });
    else if (deleted !== undefined) this.#table(kind).delete(deleted);
  }

  *#everything(): Iterable<JournalEntry> {
    for (const [kind, table] of this.#tables) {
      for (const { object } of table.byId.values()) yield [kind, object];
    }
  }
}

/** The first of `length` indices that passes; whoever follows one that passes does too. */
function firstIndex(length: number, passes: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
