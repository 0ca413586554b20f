import type { Deps } from "../../deps.ts";
import type { Caller } from "../lists/caller.ts";
import type { Difference } from "./difference.ts";

/** One comparison of the books with Stripe, under way. */
export interface Look {
  readonly deps: Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log" | "now">;
  readonly caller: Caller;
  readonly since: Date;
  /** Stripe's clock when the look began. What is newer is not judged: news of it may be on its way. */
  readonly stripeAt: Date;
  /** Objects by list. */
  readonly lookedAt: Map<string, number>;
  readonly note: (found: readonly Difference[]) => Promise<void>;
}
