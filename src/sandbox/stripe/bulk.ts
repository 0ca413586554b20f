import { seededRandom } from "./arrange.ts";
import { createCustomer } from "./customers.ts";
import { createPaymentIntent } from "./payment-intents.ts";
import { createPaymentMethod } from "./payment-methods.ts";
import { book, succeed } from "./payments.ts";
import type { World } from "./world.ts";

interface Bulk {
  readonly count: number;
  readonly seed: number;
  readonly currency: string;
  /** Minor units; each payment's amount lies between them. */
  readonly min: number;
  readonly max: number;
  readonly metadata: Record<string, string>;
  /** Whether each gets a `donation_id` of its own. */
  readonly donation_ids: boolean;
  /** Whether each has a customer of its own. */
  readonly customers: boolean;
  /** Whether events tell of them. */
  readonly events: boolean;
}

const COMMIT_EVERY = 500;
const NOBODY = { email: null, name: null, country: "US" };

/** Many card payments of now at once, without sessions: to measure with. The same seed gives the same amounts and ids of donations. */
export function createPayments(world: World, bulk: Bulk): { count: number; gross: number; net: number } {
  const random = seededRandom(bulk.seed);
  const quiet: World = bulk.events ? world : { ...world, emit: () => undefined };
  const card = { type: "card" as const, brand: "visa" as const, wallet: null, country: "US", declined: false };
  const method = createPaymentMethod(quiet, card, NOBODY, null);
  let gross = 0;
  let net = 0;
  for (let done = 0; done < bulk.count; done += 1) {
    const amount = bulk.min + Math.floor(random() * (bulk.max - bulk.min + 1));
    const intent = createPaymentIntent(quiet, {
      amount,
      currency: bulk.currency,
      customer: bulk.customers ? createCustomer(quiet, { email: `donor${done}@example.org`, name: null }).id : null,
      description: "A gift",
      metadata: bulk.donation_ids ? { ...bulk.metadata, donation_id: uuid(random) } : bulk.metadata,
      paymentMethodTypes: ["card"],
      invoice: null,
    });
    const { charge } = succeed(quiet, intent, method);
    const booked = book(quiet, charge);
    gross += booked.amount;
    net += booked.net;
    if (done % COMMIT_EVERY === 0) world.store.commit();
  }
  return { count: bulk.count, gross, net };
}

/** A version 7 UUID in form; its bits are the seed's, not the time's. */
function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
