import type { MirrorContext } from "../../mirror/kind.ts";
import type { Ledger } from "./ledger.ts";
import type { Plan } from "./plan.ts";
import type { Queue } from "./queue.ts";
import type { Sink } from "./sink.ts";

/** A made-up account at Stripe under way: what has happened goes into the sink, what is to happen lies in the queue. */
export interface World {
  readonly plan: Plan;
  readonly context: MirrorContext;
  readonly queue: Queue;
  readonly sink: Sink;
  readonly ledger: Ledger;
  /** The next id of that prefix. */
  readonly id: (prefix: string) => string;
  /** Of what isn't at its end: writes it as it is when everything ends. */
  readonly unfinished: Set<() => void>;
  readonly counts: { payments: number; gifts: number; extraGifts: number; donors: number };
}

/** `ch` → `ch_sample1x000004c2`: in the order of making, and never the id of another seed. */
export function idMaker(seed: number): (prefix: string) => string {
  let made = 0;
  const set = seed.toString(36);
  return (prefix) => `${prefix}_sample${set}x${(made++).toString(36).padStart(8, "0")}`;
}

/** Does `later` at that time, unless everything ends before: then `ending` writes what there is. */
export function finish(world: World, at: number, later: () => void, ending: () => void): void {
  world.unfinished.add(ending);
  world.queue.push(at, () => {
    world.unfinished.delete(ending);
    later();
  });
}
