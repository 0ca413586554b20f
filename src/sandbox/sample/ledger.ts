import type { Insertable } from "kysely";
import type { DB } from "../../db/schema.ts";
import { instant } from "../../mirror/kind.ts";
import { feeSchedule, type NewsroomConfig } from "../../newsroom.ts";
import { feeOn } from "../../shared/fees.ts";
import { assertSafe, exponent } from "../../shared/money.ts";
import { convert } from "../stripe/currencies.ts";
import { DAY } from "./plan.ts";
import type { Sink } from "./sink.ts";

export interface Movement {
  /** Minor units of `currency`, negative where it leaves the balance. */
  readonly amount: number;
  readonly currency: string;
  readonly type: string;
  readonly category: string;
  readonly source: string;
  readonly at: number;
  /** When a charge of then would be available, unless given. */
  readonly availableOn?: number;
  /** From the settled amount and its currency. None unless given. */
  readonly fee?: (settled: number, currency: string) => number;
}

interface Settled {
  readonly currency: string;
  readonly amount: number;
  readonly fee: number;
  readonly rate: string | null;
}

export interface Booked extends Settled {
  readonly id: string;
  readonly net: number;
  readonly availableOn: number;
}

export interface Ledger {
  readonly currencies: readonly string[];
  book(movement: Movement): Booked;
  /** Books the exact opposite of an earlier movement, with its fee. */
  returned(earlier: Booked, movement: Omit<Movement, "amount" | "currency" | "fee">): Booked;
  /** Takes out what no payout has carried yet and is available by then. */
  takeAvailable(currency: string, at: number): readonly Booked[];
  /** Puts it back. */
  leave(currency: string, lines: readonly Booked[]): void;
  /** A payout's own row goes out with no other payout. */
  paidOut(payout: Booked): void;
  /** What was taken in charges since this was last asked. */
  grossSince(currency: string): number;
}

/** A balance in each currency that the account settles in: the newsroom's own, and that of the country where it is at home. */
export function createLedger(newsroom: NewsroomConfig, sink: Sink, id: (prefix: string) => string): Ledger {
  const home = newsroom.currency_by_country[newsroom.legal_entity.country];
  const currencies = [...new Set([newsroom.default_currency, ...(home === undefined ? [] : [home])])];
  const waiting = new Map<string, Booked[]>(currencies.map((currency) => [currency, []]));
  const gross = new Map<string, number>();
  const linesOf = (currency: string) => waiting.get(currency) as Booked[];

  const write = (movement: Omit<Movement, "amount" | "currency" | "fee">, settled: Settled): Booked => {
    const { currency, amount, fee, rate } = settled;
    const availableOn = movement.availableOn ?? Math.ceil((movement.at + 2 * DAY) / DAY) * DAY;
    const booked = { id: id("txn"), currency, amount, fee, net: amount - fee, rate, availableOn };
    linesOf(currency).push(booked);
    if (movement.category === "charge") gross.set(currency, (gross.get(currency) ?? 0) + amount);
    sink.put("balance_transactions", () => rowOf(movement, booked));
    return booked;
  };
  return {
    currencies,
    book: (movement) => {
      const currency = currencies.includes(movement.currency) ? movement.currency : newsroom.default_currency;
      const settled = settle(movement, currency);
      return write(movement, { ...settled, currency, fee: movement.fee?.(settled.amount, currency) ?? 0 });
    },
    returned: ({ currency, amount, fee, rate }, movement) =>
      write(movement, { currency, amount: -amount, fee: fee === 0 ? 0 : -fee, rate }),
    takeAvailable: (currency, at) => {
      const lines = linesOf(currency);
      waiting.set(
        currency,
        lines.filter((line) => line.availableOn > at),
      );
      return lines.filter((line) => line.availableOn <= at);
    },
    leave: (currency, lines) => waiting.set(currency, [...lines, ...linesOf(currency)]),
    paidOut: (payout) => {
      const lines = linesOf(payout.currency);
      lines.splice(lines.indexOf(payout), 1);
    },
    grossSince: (currency) => {
      const sum = gross.get(currency) ?? 0;
      gross.set(currency, 0);
      return sum;
    },
  };
}

/** What Stripe keeps of a settled charge, by the newsroom's schedule for that currency. */
export function processingFee(newsroom: NewsroomConfig): (settled: number, currency: string) => number {
  return (settled, currency) => {
    const schedule = feeSchedule(newsroom, currency);
    return schedule === null ? 0 : Math.min(settled, feeOn(settled, schedule));
  };
}

/** At a rate that goes up and down by a few per cent over the months. */
function settle(movement: Movement, currency: string): { readonly amount: number; readonly rate: string | null } {
  if (movement.currency === currency) return { amount: movement.amount, rate: null };
  const rate = rateOf(movement.currency, currency, Math.floor(movement.at / (7 * DAY)));
  const size = (BigInt(Math.abs(movement.amount)) * rate.scaled * 2n + rate.divisor) / (rate.divisor * 2n);
  return { amount: assertSafe(movement.amount < 0 ? -size : size), rate: rate.text };
}

interface Rate {
  /** Between major units, as Stripe states it. */
  readonly text: string;
  /** Minor units of the one for a minor unit of the other: scaled / divisor. */
  readonly scaled: bigint;
  readonly divisor: bigint;
}

const rates = new Map<string, Rate>();
const MICRO = 1_000_000;

function rateOf(from: string, to: string, week: number): Rate {
  const key = `${from} ${to} ${week}`;
  const known = rates.get(key);
  if (known !== undefined) return known;
  const base = convert(1, from.toLowerCase(), to.toLowerCase()).rate ?? 1;
  const drift = 1 + 0.035 * Math.sin(week / 9) + 0.012 * Math.sin(week / 2.3);
  const micros = Math.max(1, Math.round(base * drift * MICRO));
  const shift = exponent(to) - exponent(from);
  const rate = {
    text: (micros / MICRO).toString(),
    scaled: BigInt(micros) * 10n ** BigInt(Math.max(0, shift)),
    divisor: BigInt(MICRO) * 10n ** BigInt(Math.max(0, -shift)),
  };
  rates.set(key, rate);
  return rate;
}

function rowOf(
  movement: Pick<Movement, "at" | "type" | "category" | "source">,
  { id, currency, amount, fee, net, rate, availableOn }: Booked,
): Insertable<DB["balance_transactions"]> {
  return {
    id,
    created: instant(movement.at),
    available_on: instant(availableOn),
    type: movement.type,
    reporting_category: movement.category,
    source_id: movement.source,
    currency,
    amount,
    fee,
    net,
    fee_details: JSON.stringify(fee === 0 ? [] : [{ type: "stripe_fee", amount: fee, currency }]),
    exchange_rate: rate,
  };
}
