import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createCustomer } from "../../src/sandbox/stripe/customers.ts";
import { startEngine } from "../../src/sandbox/stripe/engine.ts";
import { Faults } from "../../src/sandbox/stripe/faults.ts";
import { createPaymentIntent } from "../../src/sandbox/stripe/payment-intents.ts";
import { createPaymentMethod } from "../../src/sandbox/stripe/payment-methods.ts";
import { book, succeed } from "../../src/sandbox/stripe/payments.ts";
import { createRefund } from "../../src/sandbox/stripe/refunds.ts";
import { RequestLog } from "../../src/sandbox/stripe/request-log.ts";
import { requestListener } from "../../src/sandbox/stripe/requests.ts";

/**
 * A simulated Stripe in a process of its own on which so many gifts were made within the last twenty days; every hundredth was refunded. The
 * objects are made by the stand-in's own engine and are told to nobody. Tells its parent the port.
 */
const count = Number(process.argv[2]);
const DAYS = 20;
const now = Date.now();
let at = now - DAYS * 86_400_000;
const engine = startEngine({
  stateFile: null,
  clock: { now: () => new Date(at), offsetMs: () => 0, advance: () => {} },
  webhook: null,
  account: { id: "acct_1Bench", country: "US", currency: "usd", currencies: ["usd"], name: "Bench" },
  settings: undefined,
  payouts: "manual",
  baseUrl: () => "http://127.0.0.1",
  log: () => {},
});
const world = { ...engine.world, emit: () => {} };
const means = { type: "card", brand: "visa", wallet: null, country: "US", declined: false } as const;

for (let index = 0; index < count; index++) {
  at += (DAYS * 86_400_000) / count;
  const payer = { email: `reader${index}@example.org`, name: `Reader ${index}`, country: "US" };
  const customer = createCustomer(world, payer);
  const intent = createPaymentIntent(world, {
    amount: 500 + (index % 50) * 100,
    currency: "usd",
    customer: customer.id,
    description: "Support",
    metadata: { donation_id: crypto.randomUUID(), frequency: "once", attribution: "A".repeat(300) },
    paymentMethodTypes: ["card"],
    invoice: null,
  });
  const { charge } = succeed(world, intent, createPaymentMethod(world, means, payer, null));
  book(world, charge);
  if (index % 100 === 0)
    createRefund(world, world.store.mustGet("charge", charge.id), { amount: 100, reason: null, metadata: {} });
}
at = now;

const server = createServer(
  requestListener({ engine, faults: new Faults(), requests: new RequestLog(), standIn: {} as never, log: () => {} }),
);
setInterval(() => {
  at = Date.now();
}, 100);
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
