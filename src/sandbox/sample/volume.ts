import type { MirrorContext } from "../../mirror/kind.ts";
import type { Plan } from "./plan.ts";
import { simulate, type Volume } from "./simulate.ts";
import { NOWHERE } from "./sink.ts";

/** A little below what is wanted: single gifts make up for the rest, since they bring no others after them. */
const AIM = 0.97;
/** Enough to know how many payments one reader brings. */
const SAMPLE = 3_000;

/** How many readers it takes for the plan's number of payments, exactly: a payment is what the books will count as one. */
export function volumeOf(plan: Plan, context: MirrorContext): Volume {
  const weight = plan.days.reduce((sum, day) => sum + day.weight, 0);
  const small = SAMPLE / weight;
  const counted = count(plan, context, small);
  for (let aim = AIM; aim > 0.01; aim *= aim > 0.8 ? 0.97 : 0.7) {
    const scale = (small * plan.payments * aim) / counted;
    const extra = plan.payments - count(plan, context, scale);
    if (extra >= 0) return { scale, extra };
  }
  return { scale: 0, extra: plan.payments };
}

function count(plan: Plan, context: MirrorContext, scale: number): number {
  let payments = 0;
  for (const step of simulate(plan, { scale, extra: 0 }, context, NOWHERE)) payments = step.payments;
  return payments;
}
