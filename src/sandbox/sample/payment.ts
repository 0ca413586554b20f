import { toStripeCurrency } from "../../shared/money.ts";
import { aftermathOf } from "./aftermath.ts";
import { BRANDS, DECLINES, SEPA, WALLETS } from "./catalog.ts";
import type { Donor } from "./donor.ts";
import { processingFee } from "./ledger.ts";
import { DAY } from "./plan.ts";
import type { Random } from "./random.ts";
import { tell } from "./sink.ts";
import { finish, type World } from "./world.ts";

export type Method =
  | { readonly type: "card"; readonly brand: string; readonly country: string; readonly wallet: string | null }
  | { readonly type: "sepa_debit"; readonly country: string };

/** What is to be paid, and with what. */
export interface Bill {
  readonly customer: string;
  readonly amount: number;
  readonly currency: string;
  readonly method: Method;
  /** Of a single gift's PaymentIntent; an invoice's has none. */
  readonly metadata?: object;
}

export interface Intent {
  readonly id: string;
  readonly created: number;
}

export interface Outcome {
  readonly state: "paid" | "processing" | "failed";
  readonly at: number;
}

export function chooseMethod(random: Random, donor: Donor): Method {
  if (donor.currency === "EUR" && SEPA.has(donor.country) && random.chance(0.14)) {
    return { type: "sepa_debit", country: donor.country };
  }
  const country = random.chance(0.94) ? donor.country : "US";
  return { type: "card", brand: random.weighted(BRANDS), country, wallet: random.weighted(WALLETS) };
}

export function newIntent(world: World, at: number): Intent {
  return { id: world.id("pi"), created: at };
}

/**
 * Collects a bill that goes through: by card at once, by bank debit some days later, now and then not after all (`mayFail`). `told` hears
 * how it ended, or that everything ends before it does.
 */
export function collect(
  world: World,
  random: Random,
  bill: Bill,
  intent: Intent,
  at: number,
  options: { readonly mayFail: boolean },
  told: (outcome: Outcome) => void,
): void {
  if (bill.method.type === "card") {
    settle(world, random, bill, intent, world.id("ch"), at, at);
    told({ state: "paid", at });
    return;
  }
  const charge = world.id("py");
  const fails = options.mayFail && random.chance(0.03);
  const settlesAt = at + 3 * DAY + random.int(3 * DAY);
  finish(
    world,
    settlesAt,
    () => {
      if (fails) {
        tellCharge(
          world,
          bill,
          intent,
          { id: charge, created: at, status: "failed", failure: "insufficient_funds" },
          settlesAt,
        );
        tellIntent(world, bill, intent, "requires_payment_method", settlesAt, "insufficient_funds");
      } else settle(world, random, bill, intent, charge, at, settlesAt);
      told({ state: fails ? "failed" : "paid", at: settlesAt });
    },
    () => {
      tellCharge(world, bill, intent, { id: charge, created: at, status: "pending" }, at);
      tellIntent(world, bill, intent, "processing", at);
      told({ state: "processing", at });
    },
  );
}

/** The bank says no; the intent waits for another try. @returns why */
export function decline(world: World, random: Random, bill: Bill, intent: Intent, at: number): string {
  const failure = random.weighted(DECLINES);
  tellCharge(world, bill, intent, { id: world.id("ch"), created: at, status: "failed", failure }, at);
  return failure;
}

export function tellIntent(
  world: World,
  bill: Bill,
  intent: Intent,
  status: "succeeded" | "processing" | "requires_payment_method" | "canceled",
  at: number,
  failure: string | null = null,
): void {
  tell(world, "payment_intent", at, () => ({
    id: intent.id,
    created: intent.created,
    status,
    amount: bill.amount,
    amount_received: status === "succeeded" ? bill.amount : 0,
    currency: toStripeCurrency(bill.currency),
    last_payment_error: failure === null ? null : { code: "card_declined", decline_code: failure },
    metadata: bill.metadata ?? {},
    customer: bill.customer,
  }));
}

function settle(
  world: World,
  random: Random,
  bill: Bill,
  intent: Intent,
  charge: string,
  created: number,
  at: number,
): void {
  const isCard = bill.method.type === "card";
  const booked = world.ledger.book({
    amount: bill.amount,
    currency: bill.currency,
    type: isCard ? "charge" : "payment",
    category: "charge",
    source: charge,
    at,
    fee: processingFee(world.plan.newsroom),
  });
  tellCharge(world, bill, intent, { id: charge, created, status: "succeeded", booked: booked.id }, at);
  tellIntent(world, bill, intent, "succeeded", at);
  aftermathOf(world, random, { charge, intent: intent.id, isCard, amount: bill.amount, currency: bill.currency }, at);
}

interface Attempt {
  readonly id: string;
  readonly created: number;
  readonly status: "succeeded" | "pending" | "failed";
  readonly failure?: string;
  readonly booked?: string;
}

function tellCharge(world: World, bill: Bill, intent: Intent, attempt: Attempt, at: number): void {
  tell(world, "charge", at, () => ({
    id: attempt.id,
    created: attempt.created,
    status: attempt.status,
    paid: attempt.status !== "failed",
    captured: attempt.status === "succeeded",
    amount: bill.amount,
    amount_captured: attempt.status === "succeeded" ? bill.amount : 0,
    currency: toStripeCurrency(bill.currency),
    payment_method_details: detailsOf(bill.method),
    failure_code: attempt.failure === undefined ? null : failureCode(bill.method, attempt.failure),
    payment_intent: intent.id,
    metadata: {},
    customer: bill.customer,
    balance_transaction: attempt.booked ?? null,
  }));
}

function failureCode(method: Method, failure: string): string {
  return method.type === "card" && failure !== "expired_card" ? "card_declined" : failure;
}

function detailsOf(method: Method): object {
  if (method.type === "sepa_debit") return { type: "sepa_debit", sepa_debit: { country: method.country } };
  const { brand, country, wallet } = method;
  return { type: "card", card: { brand, country, wallet: wallet === null ? null : { type: wallet } } };
}
