import fc from "fast-check";

/** What a reader, a bank, Stripe or the newsroom's staff does; `of` counts through what there is to do it to. */
export type Step =
  | GiftStep
  | SubscriptionStep
  | { readonly do: "wait"; readonly seconds: number }
  | {
      readonly do: "refund";
      readonly of: number;
      readonly quarters: number;
      readonly course: "ok" | "fail" | "pending" | "pending_fail" | "requires_action";
    }
  | { readonly do: "refund goes"; readonly of: number; readonly to: "succeeded" | "failed" | "canceled" }
  | { readonly do: "dispute"; readonly of: number; readonly kind: "dispute" | "inquiry"; readonly quarters: number }
  | { readonly do: "dispute goes"; readonly of: number; readonly to: DisputeState }
  | { readonly do: "debit comes back"; readonly of: number }
  | { readonly do: "fraud warning"; readonly of: number }
  | { readonly do: "answer bank"; readonly of: number; readonly outcome: "authenticate" | "decline" }
  | { readonly do: "pay by hand"; readonly of: number }
  | {
      readonly do: "dunning";
      readonly subscription: "cancel" | "unpaid" | "past_due";
      readonly invoice: "open" | "uncollectible";
    }
  | { readonly do: "payouts"; readonly schedule: "daily" | "manual"; readonly failing: number }
  | { readonly do: "movement"; readonly type: "stripe_fee" | "adjustment" | "topup"; readonly amount: number }
  | { readonly do: "sell a mug"; readonly amount: number; readonly refunded: boolean }
  | { readonly do: "rename"; readonly of: number };

export interface GiftStep {
  readonly do: "give";
  readonly frequency: "once" | "monthly" | "annual";
  readonly currency: "USD" | "EUR" | "JPY" | "GBP";
  readonly amount: number;
  readonly outcome: Outcome;
  readonly cover_fees: boolean;
  readonly reader: number;
}

export type SubscriptionStep =
  | { readonly do: "bank"; readonly of: number; readonly renewals: "ok" | "fail" | "authenticate" }
  | { readonly do: "card"; readonly of: number; readonly last4: "4242" | "0341" }
  | {
      readonly do: "pause";
      readonly of: number;
      readonly behavior: "void" | "mark_uncollectible" | "keep_as_draft" | "";
    }
  | { readonly do: "cancel"; readonly of: number; readonly how: "at end" | "now" | "and undo" | "undone, then done" };

type Outcome = "pay" | "decline" | "pay_later" | "pay_later_fail" | "authenticate" | "cancel" | "decline, then pay";
type DisputeState = "needs_response" | "under_review" | "won" | "lost" | "warning_closed" | "appeal_needs_response";

const DAY = 86_400;
const of = fc.nat({ max: 5 });
const quarters = fc.integer({ min: 1, max: 4 });
const one = <const Value>(...values: Value[]) => fc.constantFrom(...values);
const step = <Made extends Step>(
  weight: number,
  shape: { [Key in keyof Made]: Made[Key] | fc.Arbitrary<Made[Key]> },
) => ({
  weight,
  arbitrary: fc.record(
    Object.fromEntries(
      Object.entries(shape).map(([key, value]) => [key, isArbitrary(value) ? value : fc.constant(value)]),
    ),
  ) as unknown as fc.Arbitrary<Step>,
});

function isArbitrary(value: unknown): value is fc.Arbitrary<unknown> {
  return value instanceof fc.Arbitrary;
}

const gift = step<GiftStep>(7, {
  do: "give",
  frequency: one("once", "monthly", "annual"),
  currency: one("USD", "USD", "EUR", "JPY", "GBP"),
  amount: fc.integer({ min: 3000, max: 60_000 }),
  outcome: one(
    "pay",
    "pay",
    "pay",
    "decline",
    "pay_later",
    "pay_later_fail",
    "authenticate",
    "cancel",
    "decline, then pay",
  ),
  cover_fees: fc.boolean(),
  reader: fc.nat({ max: 3 }),
});

const any: fc.Arbitrary<Step> = fc.oneof(
  gift,
  step(6, { do: "wait", seconds: one(1, 3700, 3 * DAY, 8 * DAY, 20 * DAY) }),
  step(4, {
    do: "refund",
    of,
    quarters,
    course: one("ok", "ok", "fail", "pending", "pending_fail", "requires_action"),
  }),
  step(2, { do: "refund goes", of, to: one("succeeded", "failed", "canceled") }),
  step(3, { do: "dispute", of, kind: one("dispute", "inquiry"), quarters }),
  step(4, {
    do: "dispute goes",
    of,
    to: one("needs_response", "under_review", "won", "lost", "warning_closed", "appeal_needs_response"),
  }),
  step(1, { do: "debit comes back", of }),
  step(1, { do: "fraud warning", of }),
  step(3, { do: "bank", of, renewals: one("ok", "fail", "authenticate") }),
  step(1, { do: "card", of, last4: one("4242", "0341") }),
  step(1, { do: "answer bank", of, outcome: one("authenticate", "decline") }),
  step(2, { do: "pause", of, behavior: one("void", "mark_uncollectible", "keep_as_draft", "") }),
  step(3, { do: "cancel", of, how: one("at end", "now", "and undo", "undone, then done") }),
  step(1, { do: "pay by hand", of }),
  step(1, { do: "dunning", subscription: one("cancel", "unpaid", "past_due"), invoice: one("open", "uncollectible") }),
  step(1, { do: "payouts", schedule: one("daily", "manual"), failing: fc.nat({ max: 2 }) }),
  step(1, {
    do: "movement",
    type: one("stripe_fee", "adjustment", "topup"),
    amount: fc.integer({ min: -900, max: 900 }),
  }),
  step(1, { do: "sell a mug", amount: fc.integer({ min: 500, max: 9000 }), refunded: fc.boolean() }),
  step(1, { do: "rename", of }),
);

/** One that is hasty follows within the same second as the one before. */
export interface LifeStep {
  readonly step: Step;
  readonly hasty: boolean;
}

const next = fc.record({ step: any, hasty: fc.nat({ max: 9 }).map((n) => n === 9) });

/** Some months of many readers; without a gift there is nothing to tell. */
export const lives: fc.Arbitrary<readonly LifeStep[]> = fc
  .tuple(gift.arbitrary, fc.array(next, { maxLength: 16, size: "max" }))
  .map(([first, rest]) => [{ step: first, hasty: false }, ...rest]);
