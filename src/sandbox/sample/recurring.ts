import { amountRules } from "../../newsroom.ts";
import type { Gift } from "./gift.ts";
import { type Invoice, openInvoice, tellInvoice } from "./invoice.ts";
import { type Bill, chooseMethod, collect, decline, type Intent, newIntent, tellIntent } from "./payment.ts";
import { DAY } from "./plan.ts";
import type { Random } from "./random.ts";
import { tellCustomer, tellSession } from "./session.ts";
import { ended, periodEnd, type Running, running } from "./subscription.ts";
import type { World } from "./world.ts";

/** A gift that recurs begins: its first invoice is paid on Stripe's page. */
export function giveRegularly(world: World, random: Random, gift: Gift, at: number): void {
  const customer = world.id("cus");
  const plan = running(world, random, gift, customer, chooseMethod(random, gift.donor), at);
  tellCustomer(world, gift, customer, at);
  const invoice = openInvoice(world, plan, "subscription_create", at);
  const intent = newIntent(world, at);
  collect(world, random, billOf(plan), intent, at, { mayFail: false }, (outcome) => {
    const isPaid = outcome.state === "paid";
    const state = { status: isPaid ? ("paid" as const) : ("open" as const), attempts: 1, nextAttempt: null };
    tellInvoice(world, plan, invoice, intent, state, outcome.at);
    tellSession(world, gift, outcome.at, {
      status: "complete",
      payment_status: isPaid ? "paid" : "unpaid",
      customer,
      subscription: plan.id,
      invoice: invoice.id,
    });
  });
  awaitRenewal(world, random, plan);
}

/** An invoice is a draft for an hour before it is charged. */
const DRAFT_FOR = 3_600;

function billOf({ customer, amount, currency, method }: Running): Bill {
  return { customer, amount, currency, method };
}

function awaitRenewal(world: World, random: Random, plan: Running): void {
  const at = periodEnd(plan) + DRAFT_FOR;
  world.queue.push(at, () => renew(world, random, plan, at));
}

function renew(world: World, random: Random, plan: Running, at: number): void {
  plan.periods += 1;
  if (random.chance(leaving(plan))) {
    ended(world, plan, "cancellation_requested", at - random.int(20 * DAY), at);
    return;
  }
  if (random.chance(0.012)) changeAmount(world, random, plan);
  const bill = billOf(plan);
  const invoice = openInvoice(world, plan, "subscription_cycle", at - DRAFT_FOR);
  const intent = newIntent(world, at);
  if (plan.method.type === "card" && random.chance(0.045)) {
    refused(world, random, plan, invoice, intent, at, 1);
    return;
  }
  collect(world, random, bill, intent, at, { mayFail: false }, ({ state, at: toldAt }) => {
    const status = state === "paid" ? "paid" : "open";
    tellInvoice(world, plan, invoice, intent, { status, attempts: 1, nextAttempt: null }, toldAt);
  });
  awaitRenewal(world, random, plan);
}

/** How likely it is that a reader stops at the end of this period: many after the first, fewer the longer they have stayed. */
function leaving({ gift, periods }: Running): number {
  if (gift.frequency === "annual") return periods === 1 ? 0.27 : 0.16;
  if (periods === 1) return 0.1;
  if (periods <= 3) return 0.05;
  return periods <= 12 ? 0.029 : 0.017;
}

/** To the amount beside the present one on the form. */
function changeAmount(world: World, random: Random, plan: Running): void {
  const presets = amountRules(world.plan.newsroom, plan.currency, plan.gift.frequency)?.presets ?? [];
  const up = presets.find((amount) => amount > plan.amount);
  const down = presets.findLast((amount) => amount < plan.amount);
  plan.amount = (random.chance(0.7) ? up : down) ?? plan.amount;
}

/** Days from a failed attempt to the next, and how often that one succeeds. */
const RETRIES = [
  { days: 3, share: 0.42 },
  { days: 5, share: 0.34 },
  { days: 7, share: 0.25 },
] as const;

function refused(
  world: World,
  random: Random,
  plan: Running,
  invoice: Invoice,
  intent: Intent,
  at: number,
  attempts: number,
): void {
  const bill = billOf(plan);
  const failure = decline(world, random, bill, intent, at);
  const retry = RETRIES[attempts - 1];
  if (attempts === 1) plan.status = "past_due";
  if (retry === undefined) {
    tellIntent(world, bill, intent, "requires_payment_method", at, failure);
    tellInvoice(world, plan, invoice, intent, { status: "uncollectible", attempts, nextAttempt: null }, at);
    ended(world, plan, "payment_failed", at, at);
    return;
  }
  const nextAt = at + retry.days * DAY;
  const asItIs = () => {
    tellIntent(world, bill, intent, "requires_payment_method", at, failure);
    tellInvoice(world, plan, invoice, intent, { status: "open", attempts, nextAttempt: nextAt }, at);
  };
  world.unfinished.add(asItIs);
  world.queue.push(nextAt, () => {
    world.unfinished.delete(asItIs);
    if (!random.chance(retry.share)) {
      refused(world, random, plan, invoice, intent, nextAt, attempts + 1);
      return;
    }
    plan.status = "active";
    collect(world, random, bill, intent, nextAt, { mayFail: false }, () => {
      tellInvoice(world, plan, invoice, intent, { status: "paid", attempts: attempts + 1, nextAttempt: null }, nextAt);
    });
    awaitRenewal(world, random, plan);
  });
}
