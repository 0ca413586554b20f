import type { MirrorContext } from "../../mirror/kind.ts";
import type { Frequency } from "../../newsroom.ts";
import { HOURS } from "./catalog.ts";
import { donorOf } from "./donor.ts";
import { chooseGift, putGift } from "./gift.ts";
import { createLedger } from "./ledger.ts";
import { abandon, giveOnce } from "./once.ts";
import { startPayouts } from "./payouts.ts";
import { DAY, NOTHING_NEW_IN, type Plan, type PlannedDay, STREAM } from "./plan.ts";
import { createQueue } from "./queue.ts";
import { type Random, randomOf, type Weighted } from "./random.ts";
import { giveRegularly } from "./recurring.ts";
import type { Sink } from "./sink.ts";
import { idMaker, type World } from "./world.ts";

/** How many come: `scale` readers on an ordinary day of the beginning, and in all so many more who give once, which moves nothing else. */
export interface Volume {
  readonly scale: number;
  readonly extra: number;
}

export interface Step {
  /** Everything before this second has been told. */
  readonly until: number;
  readonly payments: number;
}

/**
 * Lives through the plan's years at an account that isn't there, and tells what happened, in order of time, into the sink. Stops at the first
 * of each month, and for the last time at the end.
 */
export function* simulate(
  plan: Plan,
  volume: Volume,
  context: MirrorContext,
  sink: Sink,
  isFull: () => boolean = () => false,
): Generator<Step & { readonly isMonth: boolean }> {
  const world = newWorld(plan, context, sink);
  startPayouts(world);
  const extras = spread(plan, volume.extra);
  for (const [index, day] of plan.days.entries()) {
    world.queue.push(day.start, () => openDay(world, day, index, volume.scale, extras[index] ?? 0));
  }
  const payments = () => world.counts.payments;
  for (let month = nextMonth(plan.from); ; month = nextMonth(month)) {
    const until = Math.min(month - 1, plan.until);
    for (let due = world.queue.pop(until); due !== undefined; due = world.queue.pop(until)) {
      due.run();
      if (isFull()) yield { until: due.at, payments: payments(), isMonth: false };
    }
    if (month > plan.until) break;
    yield { until: month, payments: payments(), isMonth: true };
  }
  for (const tellAsItIs of world.unfinished) {
    tellAsItIs();
    if (isFull()) yield { until: plan.until, payments: payments(), isMonth: false };
  }
  yield { until: plan.until, payments: payments(), isMonth: true };
}

function newWorld(plan: Plan, context: MirrorContext, sink: Sink): World {
  const id = idMaker(plan.seed);
  return {
    plan,
    context,
    sink,
    id,
    queue: createQueue(),
    ledger: createLedger(plan.newsroom, sink, id),
    unfinished: new Set(),
    counts: { payments: 0, gifts: 0, extraGifts: 0, donors: 0 },
  };
}

function nextMonth(seconds: number): number {
  const date = new Date(seconds * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1000;
}

/** So many over the days by their weights: whole numbers that add up. */
function spread(plan: Plan, count: number): readonly number[] {
  const all = plan.days.reduce((sum, day) => sum + day.weight, 0);
  let weight = 0;
  let given = 0;
  return plan.days.map((day, index) => {
    weight += day.weight;
    const until = index === plan.days.length - 1 ? count : Math.floor((count * weight) / all);
    const here = until - given;
    given = until;
    return here;
  });
}

const FREQUENCIES: readonly Weighted<Frequency>[] = [
  ["once", 67],
  ["monthly", 26],
  ["annual", 7],
];
const ABANDONED = 0.3;

function openDay(world: World, day: PlannedDay, index: number, scale: number, extra: number): void {
  const random = randomOf(world.plan.seed, STREAM.days, index);
  const count = Math.floor(scale * day.weight + random.next());
  for (let gift = 0; gift < count; gift++) {
    const own = randomOf(world.plan.seed, STREAM.gifts, world.counts.gifts++);
    arrive(world, own, day, () => {
      const frequency = own.weighted(FREQUENCIES);
      return { frequency, donor: donorNumber(world, own, frequency), surely: false };
    });
  }
  for (let gift = 0; gift < extra; gift++) {
    const number = world.counts.extraGifts++;
    const own = randomOf(world.plan.seed, STREAM.extraGifts, number);
    // Readers of their own: the others must not be numbered differently for them.
    arrive(world, own, day, () => ({ frequency: "once", donor: 2 ** 30 + number, surely: true }));
  }
}

/** Some who give once have given before. */
function donorNumber(world: World, random: Random, frequency: Frequency): number {
  const { counts } = world;
  return frequency === "once" && counts.donors > 0 && random.chance(0.14) ? random.int(counts.donors) : counts.donors++;
}

interface Visitor {
  readonly frequency: Frequency;
  readonly donor: number;
  readonly surely: boolean;
}

/** A reader sends the form at some time of the day, and pays some minutes later or leaves. */
function arrive(world: World, random: Random, day: PlannedDay, visitor: () => Visitor): void {
  const share = (random.weighted(HOURS) + random.next()) / 24;
  const within = Math.max(0, Math.min(DAY, world.plan.until - day.start - NOTHING_NEW_IN));
  const at = day.start + Math.floor(share * within);
  const takes = 40 + random.int(NOTHING_NEW_IN - 100);
  world.queue.push(at + takes, () => {
    const { frequency, donor, surely } = visitor();
    const gift = chooseGift(world, random, donorOf(world.plan, donor), frequency, at, day.campaign);
    const expiresAt = at + world.plan.newsroom.checkout.session_minutes * 60;
    putGift(world, gift);
    if (!surely && random.chance(ABANDONED) && expiresAt <= world.plan.until) abandon(world, random, gift, at + takes);
    else if (frequency === "once") giveOnce(world, random, gift, at + takes, surely);
    else giveRegularly(world, random, gift, at + takes);
  });
}
