import { instant } from "../../mirror/kind.ts";
import { toStripeCurrency } from "../../shared/money.ts";
import type { Booked } from "./ledger.ts";
import { DAY, STREAM } from "./plan.ts";
import { randomOf } from "./random.ts";
import { tell } from "./sink.ts";
import { finish, type World } from "./world.ts";

const RECONCILED_AFTER = 6 * 3_600;
const ARRIVES_AFTER = 2 * DAY;
/** With fewer payments than this a day, the money goes out once a week. */
const FEW = 30;

/** Payouts on working days, or on Mondays, each currency by itself; and Stripe's own fee each month. */
export function startPayouts(world: World): void {
  const { plan } = world;
  const isDaily = plan.payments / plan.days.length >= FEW;
  for (const { start } of plan.days) {
    const weekday = new Date(start * 1000).getUTCDay();
    const isDue = isDaily ? weekday >= 1 && weekday <= 5 : weekday === 1;
    // None is left whose lines aren't known yet: nothing would ever tell them.
    if (isDue && start + RECONCILED_AFTER <= plan.until) world.queue.push(start, () => payOut(world, start));
    if (new Date(start * 1000).getUTCDate() === 1) world.queue.push(start + 3_600, () => bookFee(world, start + 3_600));
  }
}

function payOut(world: World, at: number): void {
  for (const currency of world.ledger.currencies) {
    const lines = world.ledger.takeAvailable(currency, at);
    const amount = lines.reduce((sum, line) => sum + line.net, 0);
    // Nothing goes out while refunds and disputes outweigh the gifts.
    if (amount > 0) payOutLines(world, at, currency, amount, lines);
    else world.ledger.leave(currency, lines);
  }
}

function payOutLines(world: World, at: number, currency: string, amount: number, lines: readonly Booked[]): void {
  const id = world.id("po");
  const money = { currency, source: id, type: "payout", category: "payout" };
  const booked = world.ledger.book({ ...money, amount: -amount, at, availableOn: at });
  world.ledger.paidOut(booked);
  for (const line of lines) {
    world.sink.put("payout_lines", () => ({ payout_id: id, balance_transaction_id: line.id }));
  }
  world.sink.put("payouts_pulled", () => ({ payout_id: id, pulled_at: instant(at + RECONCILED_AFTER) }));
  const arrival = at + ARRIVES_AFTER;
  const tellPayout = (status: "in_transit" | "paid" | "failed", when: number, failure: string | null) =>
    tell(world, "payout", when, () => ({
      id,
      created: at,
      arrival_date: arrival,
      amount,
      currency: toStripeCurrency(currency),
      status,
      automatic: true,
      reconciliation_status: "completed",
      failure_code: failure === null ? null : "account_closed",
      balance_transaction: booked.id,
      failure_balance_transaction: failure,
      original_payout: null,
      reversed_by: null,
    }));
  const isSentBack = randomOf(world.plan.seed, STREAM.payouts, at / DAY).chance(1 / 250);
  finish(
    world,
    arrival,
    () => {
      if (!isSentBack) {
        tellPayout("paid", arrival, null);
        return;
      }
      const back = { ...money, type: "payout_failure", category: "payout_reversal", at: arrival, availableOn: arrival };
      tellPayout("failed", arrival, world.ledger.returned(booked, back).id);
    },
    () => tellPayout("in_transit", at + RECONCILED_AFTER, null),
  );
}

/** What Stripe takes for its other services, once a month; it belongs to no gift. */
function bookFee(world: World, at: number): void {
  const [currency] = world.ledger.currencies;
  if (currency === undefined) return;
  const amount = Math.floor(world.ledger.grossSince(currency) / 200);
  if (amount === 0) return;
  const source = world.id("fee");
  world.ledger.book({ amount: -amount, currency, type: "stripe_fee", category: "fee", source, at, availableOn: at });
}
