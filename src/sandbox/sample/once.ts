import type { Gift } from "./gift.ts";
import { type Bill, chooseMethod, collect, decline, type Method, newIntent, tellIntent } from "./payment.ts";
import type { Random } from "./random.ts";
import { tellCustomer, tellSession } from "./session.ts";
import type { World } from "./world.ts";

/** A single gift, paid for on Stripe's page. `surely` by a card that works. */
export function giveOnce(world: World, random: Random, gift: Gift, at: number, surely: boolean): void {
  const customer = world.id("cus");
  const method = methodOf(random, gift, surely);
  const bill: Bill = { customer, amount: gift.amount, currency: gift.currency, method, metadata: gift.metadata };
  const intent = newIntent(world, at - 60);
  world.counts.payments += 1;
  tellCustomer(world, gift, customer, at);
  if (method.type === "card" && random.chance(0.05)) decline(world, random, bill, intent, at - 30);
  collect(world, random, bill, intent, at, { mayFail: true }, (outcome) => {
    tellSession(world, gift, outcome.at, {
      status: "complete",
      payment_status: outcome.state === "paid" ? "paid" : "unpaid",
      customer,
      payment_intent: intent.id,
    });
  });
}

function methodOf(random: Random, gift: Gift, surely: boolean): Method {
  const method = chooseMethod(random, gift.donor);
  if (!surely || method.type === "card") return method;
  return { type: "card", brand: "visa", country: gift.donor.country, wallet: null };
}

/** The reader leaves Stripe's page, some after a card was refused; it expires by itself. */
export function abandon(world: World, random: Random, gift: Gift, at: number): void {
  const expiresAt = gift.at + world.plan.newsroom.checkout.session_minutes * 60;
  if (gift.frequency !== "once" || !random.chance(0.12)) {
    tellSession(world, gift, expiresAt, { status: "expired", payment_status: "unpaid" });
    return;
  }
  const method = methodOf(random, gift, true);
  const customer = world.id("cus");
  const bill: Bill = { customer, amount: gift.amount, currency: gift.currency, method, metadata: gift.metadata };
  const intent = newIntent(world, at);
  const failure = decline(world, random, bill, intent, at);
  tellCustomer(world, gift, customer, at);
  tellIntent(world, bill, intent, "canceled", expiresAt, failure);
  tellSession(world, gift, expiresAt, {
    status: "expired",
    payment_status: "unpaid",
    customer,
    payment_intent: intent.id,
  });
}
