import type { World } from "./world.ts";

/** What happens to renewals that fail, as chosen on Stripe's settings page. https://docs.stripe.com/billing/revenue-recovery */
export interface Dunning {
  /** Days from each failed attempt to the next. */
  readonly retries: readonly number[];
  /** What becomes of the subscription after the last attempt, */
  readonly subscription: "cancel" | "unpaid" | "past_due";
  /** and of its invoice. */
  readonly invoice: "open" | "uncollectible";
}

/** What is set for the whole account; kept over restarts. */
export interface Settings {
  readonly dunning: Dunning;
  readonly payouts: "manual" | "daily";
  /** How many of the next automatic payouts the bank sends back. */
  readonly failing_payouts: number;
  /** The version that lists of events are rendered in; null for the newest. */
  readonly events_version: string | null;
}

const DEFAULTS: Settings = {
  dunning: { retries: [3, 5, 7], subscription: "cancel", invoice: "open" },
  payouts: "manual",
  failing_payouts: 0,
  events_version: null,
};

export function settingsOf(world: Pick<World, "store">): Settings {
  const kept = world.store.get("note", "settings");
  return kept === undefined ? DEFAULTS : (JSON.parse(kept.value) as Settings);
}

export function changeSettings(world: Pick<World, "store">, changes: Partial<Settings>): Settings {
  const settings = { ...settingsOf(world), ...changes };
  world.store.put("note", { id: "settings", value: JSON.stringify(settings) });
  return settings;
}
