import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { convert, type Fee, processingFee } from "./currencies.ts";
import { missing, refusal } from "./errors.ts";
import { newId } from "./ids.ts";
import { list, type Page, pageParams } from "./list.ts";
import { currency, parseParams, text, timeRange } from "./params.ts";
import { DAY } from "./periods.ts";
import { found, type Routes } from "./routing.ts";
import { settingsOf } from "./settings.ts";
import { idOf, type World } from "./world.ts";

/** Money is available at the first midnight (UTC) at least two days later. */
const AVAILABLE_AFTER = 2 * DAY;

type Type = Stripe.BalanceTransaction["type"];

interface Movement {
  /** Minor units of `currency`, negative where it leaves the balance. */
  readonly amount: number;
  /** Any; it is converted to one that the account settles in. */
  readonly currency: string;
  readonly type: Type;
  /** https://docs.stripe.com/reports/reporting-categories */
  readonly category: string;
  readonly source: string | null;
  readonly description: string | null;
  readonly fee?: (settled: number, settlement: string) => Fee;
  /** Unless given, when a charge of now would be available. */
  readonly availableOn?: number;
}

/** Books a movement of money. Immutable but for its `status`. */
export function bookMovement(world: World, it: Movement): Stripe.BalanceTransaction {
  const settlement = settlementOf(world, it.currency);
  const settled = convert(it.amount, it.currency, settlement);
  const fee = it.fee?.(settled.amount, settlement) ?? NO_FEE;
  const booked = world.store.put("balance_transaction", {
    id: newId.balanceTransaction(),
    object: "balance_transaction",
    amount: settled.amount,
    available_on: it.availableOn ?? Math.ceil((world.now() + AVAILABLE_AFTER) / DAY) * DAY,
    balance_type: "payments",
    created: world.now(),
    currency: settlement,
    description: it.description,
    exchange_rate: settled.rate,
    fee: fee.amount,
    fee_details:
      fee.amount === 0
        ? []
        : [
            {
              amount: fee.amount,
              application: null,
              currency: settlement,
              description: fee.description,
              type: "stripe_fee",
            },
          ],
    net: settled.amount - fee.amount,
    reporting_category: it.category,
    source: it.source,
    status: it.availableOn !== undefined && it.availableOn <= world.now() ? "available" : "pending",
    type: it.type,
  });
  // What was paid out by hand, and what a bank sent back, counts in the next automatic payout like anything else.
  if (settingsOf(world).payouts === "daily") world.store.put("unpaid", { id: booked.id });
  return booked;
}

const NO_FEE: Fee = { amount: 0, description: "" };

/** The currency that a payment is booked in. */
function settlementOf(world: World, currency: string): string {
  return world.account.currencies.includes(currency) ? currency : world.account.currency;
}

/** Books a captured charge: converted to the account's currency, less Stripe's fee. */
export function bookCharge(world: World, charge: Stripe.Charge): Stripe.BalanceTransaction {
  const card = charge.payment_method_details?.card;
  const country = card?.country ?? charge.payment_method_details?.sepa_debit?.country ?? null;
  return bookMovement(world, {
    amount: charge.amount,
    currency: charge.currency,
    type: card === undefined ? "payment" : "charge",
    category: "charge",
    source: charge.id,
    description: charge.description,
    fee: (settled, settlement) => processingFee(settled, settlement, country),
  });
}

/** When money that is taken back from a charge leaves the balance: at once, or from what is pending with the charge. */
export function availableWith(world: World, charge: Stripe.Charge): number {
  const booked =
    charge.balance_transaction === null
      ? undefined
      : world.store.get("balance_transaction", idOf(charge.balance_transaction));
  return Math.max(world.now(), booked?.available_on ?? 0);
}

/** As of now: what was pending becomes available with time, without an event. */
export function asOfNow(world: World, it: Stripe.BalanceTransaction): Stripe.BalanceTransaction {
  return it.available_on <= world.now() ? { ...it, status: "available" } : it;
}

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  currency: currency().optional(),
  payout: text().optional(),
  source: text().optional(),
  type: text().optional(),
});

export const balanceTransactionRoutes: Routes = {
  "GET /v1/balance_transactions": (world, { form }) => {
    const { created, currency: code, payout, source, type, ...page } = parseParams(listParams, form);
    const where = (it: Stripe.BalanceTransaction) =>
      (code === undefined || it.currency === code) && (type === undefined || it.type === type);
    if (payout !== undefined) return listOfPayout(world, payout, page, where);
    const found = list(world, "balance_transaction", "/v1/balance_transactions", page, {
      link: source,
      created,
      where,
    });
    return { ...found, data: found.data.map((it) => asOfNow(world, it)) };
  },
  "GET /v1/balance_transactions/:id": (world, { id }) => asOfNow(world, found(world, "balance_transaction", id)),
};

/** What an automatic payout paid out, and its own row; Stripe knows the former only once it is reconciled. */
function listOfPayout(
  world: World,
  id: string,
  page: Page,
  where: (it: Stripe.BalanceTransaction) => boolean,
): Stripe.ApiList<Stripe.BalanceTransaction> {
  const payout = world.store.get("payout", id);
  if (payout === undefined) throw missing("payout", id, "payout");
  if (!payout.automatic) {
    throw refusal(null, "Balance transaction history can only be filtered on automatic payouts, not manual.", "payout");
  }
  const isKnown = payout.reconciliation_status === "completed";
  const lineOf = (line: string) => asOfNow(world, world.store.mustGet("balance_transaction", line));
  const lines = list(world, "paid_out", "/v1/balance_transactions", page, {
    link: id,
    where: (line) => (isKnown || line.id === payout.balance_transaction) && where(lineOf(line.id)),
    called: "balance transaction",
  });
  return { ...lines, data: lines.data.map((line) => lineOf(line.id)) };
}
