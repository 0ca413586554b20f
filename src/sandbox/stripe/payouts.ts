import type { Stripe } from "../../stripe/types.ts";
import { bookMovement } from "./balance-transactions.ts";
import { newId } from "./ids.ts";
import { DAY, HOUR } from "./periods.ts";
import { changeSettings, settingsOf } from "./settings.ts";
import { change, previously, type World } from "./world.ts";

/** https://docs.stripe.com/payouts#payout-failures */
export const PAYOUT_FAILURES = {
  account_closed: "The bank account has been closed",
  account_frozen: "The bank account has been frozen",
  bank_account_restricted: "The bank account has restrictions on either the type, or the number, of payouts allowed",
  could_not_process: "The bank could not process this payout",
  declined: "The bank has declined this transfer",
  insufficient_funds: "Your Stripe account has insufficient funds to cover the payout",
  invalid_account_number: "The routing number seems correct, but the account number is invalid",
  no_account:
    "The bank account details on file are probably incorrect. No bank account could be located with those details",
} as const;

export type PayoutFailure = keyof typeof PAYOUT_FAILURES;

const ON_ITS_WAY_AFTER = HOUR;
const RECONCILED_AFTER = 6 * HOUR;
const ARRIVES_AFTER = 2 * DAY;

interface NewPayout {
  readonly amount: number;
  readonly currency: string;
  readonly automatic: boolean;
  readonly description: string | null;
  readonly statementDescriptor: string | null;
  readonly method: string;
  readonly metadata: Record<string, string>;
}

/** Takes money out of the balance and sends it to the bank; the days that follow bring it there. */
export function createPayout(world: World, input: NewPayout): Stripe.Payout {
  const id = newId.payout();
  const now = world.now();
  const booked = bookMovement(world, {
    amount: -input.amount,
    currency: input.currency,
    type: "payout",
    category: "payout",
    source: id,
    description: input.description ?? "STRIPE PAYOUT",
    availableOn: now,
  });
  const payout = world.store.put("payout", {
    id,
    object: "payout",
    amount: input.amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: Math.ceil((now + ARRIVES_AFTER) / DAY) * DAY,
    automatic: input.automatic,
    balance_transaction: booked.id,
    created: now,
    currency: input.currency,
    description: input.automatic ? "STRIPE PAYOUT" : input.description,
    destination: `ba_1Sandbox${input.currency}`,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: input.metadata,
    method: input.method,
    original_payout: null,
    payout_method: null,
    reconciliation_status: input.automatic ? "in_progress" : "not_applicable",
    reversed_by: null,
    source_type: "card",
    statement_descriptor: input.statementDescriptor,
    status: "pending",
    trace_id: null,
    type: "bank_account",
  });
  world.emit("payout.created", payout);
  world.schedule(now + ON_ITS_WAY_AFTER, "payout_on_its_way", id);
  world.schedule(payout.arrival_date, "payout_arrives", id);
  return payout;
}

/** What each midnight brings while payouts are daily: all that is available goes out, each currency by itself. */
export function payOut(world: World): void {
  if (settingsOf(world).payouts !== "daily") return;
  world.schedule(nextMidnight(world), "pay_out", "");
  const available = new Map<string, Stripe.BalanceTransaction[]>();
  for (const { id } of world.store.all("unpaid")) {
    const it = world.store.mustGet("balance_transaction", id);
    if (it.available_on > world.now()) continue;
    const lines = available.get(it.currency);
    if (lines === undefined) available.set(it.currency, [it]);
    else lines.push(it);
  }
  for (const [currency, lines] of available) payOutCurrency(world, currency, lines);
}

/** Nothing goes out while refunds and disputes outweigh the gifts. */
function payOutCurrency(world: World, currency: string, lines: readonly Stripe.BalanceTransaction[]): void {
  const amount = lines.reduce((sum, it) => sum + it.net, 0);
  if (amount <= 0) return;
  const payout = createPayout(world, {
    amount,
    currency,
    automatic: true,
    description: "STRIPE PAYOUT",
    statementDescriptor: null,
    method: "standard",
    metadata: {},
  });
  const own = String(payout.balance_transaction);
  for (const id of [...lines.map((it) => it.id), own]) {
    world.store.put("paid_out", { id, payout: payout.id });
    world.store.delete("unpaid", id);
  }
  world.schedule(world.now() + RECONCILED_AFTER, "payout_reconciled", payout.id);
}

/** Turns automatic payouts on or off. What was never paid out by one goes with the first. */
export function setPayouts(world: World, mode: "manual" | "daily"): void {
  if (settingsOf(world).payouts === mode) return;
  changeSettings(world, { payouts: mode });
  const waiting = [...world.store.all("unpaid")].map((it) => it.id);
  for (const id of waiting) world.store.delete("unpaid", id);
  if (mode === "manual") return;
  for (const { id } of world.store.all("balance_transaction")) {
    if (world.store.get("paid_out", id) === undefined) world.store.put("unpaid", { id });
  }
  world.schedule(nextMidnight(world), "pay_out", "");
}

function nextMidnight(world: World): number {
  return Math.floor(world.now() / DAY) * DAY + DAY;
}

/** pending → in_transit. */
export function payoutOnItsWay(world: World, id: string): void {
  const before = world.store.get("payout", id);
  if (before?.status !== "pending") return;
  updated(world, before, { status: "in_transit", trace_id: { status: "pending", value: null } });
}

/** → paid, or sent back if that was asked for. Stripe means by paid that it should have arrived. */
export function payoutArrives(world: World, id: string): void {
  const before = world.store.get("payout", id);
  if (before === undefined || (before.status !== "pending" && before.status !== "in_transit")) return;
  const { failing_payouts: failing } = settingsOf(world);
  if (before.automatic && failing > 0) {
    changeSettings(world, { failing_payouts: failing - 1 });
    failPayout(world, before, "account_closed");
    return;
  }
  const after = updated(world, before, {
    status: "paid",
    trace_id: { status: "supported", value: `SBX${id.slice(-12).toUpperCase()}` },
  });
  world.emit("payout.paid", after);
}

/** in_progress → completed: now its lines can be listed. */
export function payoutReconciled(world: World, id: string): void {
  const before = world.store.get("payout", id);
  if (before?.reconciliation_status !== "in_progress") return;
  const after = updated(world, before, { reconciliation_status: "completed" });
  world.emit("payout.reconciliation_completed", after);
}

/** The bank sends it back, even days after it was paid; the money is in the balance again. */
export function failPayout(world: World, before: Stripe.Payout, code: PayoutFailure): Stripe.Payout {
  const after = updated(world, before, {
    failure_balance_transaction: takenBack(world, before, "payout_failure").id,
    failure_code: code,
    failure_message: PAYOUT_FAILURES[code],
    status: "failed",
  });
  world.emit("payout.failed", after);
  return after;
}

/** pending → canceled. */
export function cancelPayout(world: World, before: Stripe.Payout): Stripe.Payout {
  const after = updated(world, before, {
    failure_balance_transaction: takenBack(world, before, "payout_cancel").id,
    status: "canceled",
  });
  world.emit("payout.canceled", after);
  return after;
}

function takenBack(world: World, payout: Stripe.Payout, type: "payout_failure" | "payout_cancel") {
  return bookMovement(world, {
    amount: payout.amount,
    currency: payout.currency,
    type,
    category: "payout_reversal",
    source: payout.id,
    description: type === "payout_failure" ? "PAYOUT FAILURE" : "PAYOUT CANCELED",
    availableOn: world.now(),
  });
}

function updated(world: World, before: Stripe.Payout, changes: Partial<Stripe.Payout>): Stripe.Payout {
  const after = change(world, "payout", before, changes);
  const previous = previously(
    before,
    after,
    "failure_balance_transaction",
    "failure_code",
    "failure_message",
    "reconciliation_status",
    "status",
    "trace_id",
  );
  world.emit("payout.updated", after, previous);
  return after;
}
