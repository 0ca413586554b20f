import type { Stripe } from "../../stripe/types.ts";
import type { CheckoutDetails } from "./checkout-details.ts";
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
  event: Stripe.EventBase;

  checkout_details: CheckoutDetails;
  due: Due;
  kept_answer: KeptAnswer;
  delivery: Delivered;
  note: { id: string; value: string };
}

export type Kind = keyof Kinds;

/** Ids that a list can be filtered by without looking at every object; each is an id, so they can't clash. */
type Links = (object: never) => readonly unknown[];

const LINKS: Partial<Record<Kind, Links>> = {
  payment_method: (it: Stripe.PaymentMethod) => [it.customer],
  "checkout.session": (it: Stripe.Checkout.Session) => [it.customer, it.payment_intent, it.subscription],
  payment_intent: (it: Stripe.PaymentIntent) => [it.customer],
  charge: (it: Stripe.Charge) => [it.customer, it.payment_intent],
  balance_transaction: (it: Stripe.BalanceTransaction) => [it.source],
  subscription: (it: Stripe.Subscription) => [it.customer],
  invoice: (it: Stripe.Invoice) => [it.customer, it.parent?.subscription_details?.subscription],
  invoice_payment: (it: Stripe.InvoicePayment) => [it.invoice, it.payment.payment_intent],
};

class Table<T extends { id: string }> {
  readonly byId = new Map<string, { object: T; position: number }>();
  /** Ids by the order in which they were made; deleted ones leave a hole. */
  readonly order: (string | undefined)[] = [];
  /** For each linked id the positions of the objects that point to it, ascending. */
  readonly linked = new Map<string, number[]>();
  readonly #links: Links | undefined;

  constructor(links: Links | undefined) {
    this.#links = links;
  }

  put(object: T): void {
    const before = this.byId.get(object.id);
    const position = before?.position ?? this.order.push(object.id) - 1;
    const had = before === undefined ? [] : this.#idsLinkedBy(before.object);
    this.byId.set(object.id, { object, position });
    for (const id of this.#idsLinkedBy(object)) {
      if (had.includes(id)) continue;
      const positions = this.linked.get(id);
      if (positions === undefined) this.linked.set(id, [position]);
      else positions.splice(insertionPoint(positions, position), 0, position);
    }
  }

  delete(id: string): void {
    const entry = this.byId.get(id);
    if (entry === undefined) return;
    this.byId.delete(id);
    this.order[entry.position] = undefined;
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

  /** From the newest to the oldest, or the other way round; starting beside `from`, only those linked to `link` if given. */
  *inOrder<K extends Kind>(
    kind: K,
    options: { newestFirst: boolean; from?: string; link?: string },
  ): Iterable<Kinds[K]> {
    const table = this.#table(kind);
    const positions = options.link === undefined ? undefined : (table.linked.get(options.link) ?? []);
    const length = positions?.length ?? table.order.length;
    const start = options.from === undefined ? undefined : table.byId.get(options.from)?.position;
    const index = start === undefined ? undefined : positions === undefined ? start : insertionPoint(positions, start);
    const skip = index !== undefined && positions !== undefined && positions[index] !== start ? 0 : 1;
    const step = options.newestFirst ? -1 : 1;
    const first = options.newestFirst ? (index ?? length) - 1 : (index ?? -1) + (index === undefined ? 1 : skip);
    for (let at = first; at >= 0 && at < length; at += step) {
      const id = table.order[positions === undefined ? at : (positions[at] ?? -1)];
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

/** The index of the first position that isn't smaller. */
function insertionPoint(positions: readonly number[], position: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((positions[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
