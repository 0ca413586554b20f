import { toStripeCurrency } from "../../shared/money.ts";
import type { Gift } from "./gift.ts";
import type { Method } from "./payment.ts";
import type { Random } from "./random.ts";
import { tell } from "./sink.ts";
import type { World } from "./world.ts";

/** A subscription. What changes over its life is kept here; it is told once, at its end or when everything ends. */
export interface Running {
  readonly id: string;
  readonly gift: Gift;
  readonly customer: string;
  readonly currency: string;
  readonly method: Method;
  readonly created: number;
  readonly atTheEnd: () => void;
  /** Minor units a period. */
  amount: number;
  /** Periods that are over. */
  periods: number;
  status: "active" | "past_due";
}

type Reason = "cancellation_requested" | "payment_failed";

export function running(
  world: World,
  random: Random,
  gift: Gift,
  customer: string,
  method: Method,
  created: number,
): Running {
  const plan: Running = {
    id: world.id("sub"),
    gift,
    customer,
    currency: gift.currency,
    method,
    created,
    atTheEnd: () => tellAtTheEnd(world, random, plan),
    amount: gift.amount,
    periods: 0,
    status: "active",
  };
  world.unfinished.add(plan.atTheEnd);
  return plan;
}

/** When the present period ends: the same day and time of a later month, or the last day of a shorter one. */
export function periodEnd({ created, gift, periods }: Running): number {
  return monthsLater(created, (periods + 1) * (gift.frequency === "annual" ? 12 : 1));
}

export function ended(world: World, plan: Running, reason: Reason, asked: number, at: number): void {
  world.unfinished.delete(plan.atTheEnd);
  tellSubscription(world, plan, at, {
    status: "canceled",
    cancel_at_period_end: reason === "cancellation_requested",
    cancel_at: reason === "cancellation_requested" ? at : null,
    canceled_at: asked,
    ended_at: at,
    cancellation_details: { reason },
  });
}

function tellAtTheEnd(world: World, random: Random, plan: Running): void {
  const since = plan.periods === 0 ? plan.created : periodEnd({ ...plan, periods: plan.periods - 1 });
  const isLeaving = plan.status === "active" && random.chance(0.015);
  tellSubscription(world, plan, since, {
    status: plan.status,
    cancel_at_period_end: isLeaving,
    cancel_at: isLeaving ? periodEnd(plan) : null,
    canceled_at: isLeaving ? since : null,
    ended_at: null,
    cancellation_details: { reason: isLeaving ? "cancellation_requested" : null },
  });
}

function tellSubscription(world: World, plan: Running, at: number, state: object): void {
  const { gift, amount, currency } = plan;
  tell(world, "subscription", at, () => ({
    id: plan.id,
    created: plan.created,
    currency: toStripeCurrency(currency),
    items: {
      data: [
        {
          quantity: 1,
          current_period_end: periodEnd(plan),
          price: {
            id: "price_sample",
            product: world.plan.newsroom.stripe_product.id,
            unit_amount: amount,
            recurring: { interval: gift.frequency === "annual" ? "year" : "month" },
          },
        },
      ],
    },
    pause_collection: null,
    metadata: gift.metadata,
    customer: plan.customer,
    ...state,
  }));
}

function monthsLater(seconds: number, months: number): number {
  const from = new Date(seconds * 1000);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const midnight = Date.UTC(year, month, Math.min(from.getUTCDate(), lastDay)) / 1000;
  return midnight + (seconds % 86_400);
}
