import { sql } from "kysely";
import type { Stripe } from "stripe";
import { expect } from "vitest";
import { checkBooks } from "../../../src/donations/rebuild.ts";
import { createToken } from "../../../src/staff/tokens.ts";
import type { TestApp } from "../app.ts";
import { rollupDifferences } from "../rollups.ts";
import type { World } from "../world.ts";

/** What Stripe itself knows, read from its lists and from nothing of ours. */
export type Ledger = Awaited<ReturnType<typeof readLedger>>;

interface Gift {
  readonly donation: string;
  readonly frequency: string;
}

export async function readLedger(app: TestApp) {
  const { api } = app.deps.stripe;
  const list = { limit: 100 };
  const charges = await all(api.charges.list(list));
  const refunds = await all(api.refunds.list(list));
  const disputes = await all(api.disputes.list(list));
  const invoices = new Map((await all(api.invoices.list(list))).map((one) => [one.id, one]));
  const intents = new Map((await all(api.paymentIntents.list(list))).map((one) => [one.id, one]));
  const invoiceOf = new Map(
    (await all(api.invoicePayments.list(list))).map((one) => [one.payment.payment_intent, String(one.invoice)]),
  );
  const giftOf = (charge: Stripe.Charge): Gift | null => {
    const intent = String(charge.payment_intent);
    const invoice = invoices.get(invoiceOf.get(intent) ?? "");
    const metadata = invoice?.parent?.subscription_details?.metadata ?? intents.get(intent)?.metadata ?? {};
    const { donation_id: donation, frequency } = metadata;
    return donation === undefined || frequency === undefined ? null : { donation, frequency };
  };
  const { available, pending } = await api.balance.retrieve();
  const balance: Record<string, number> = {};
  for (const { currency, amount } of [...available, ...pending]) {
    balance[currency.toUpperCase()] = (balance[currency.toUpperCase()] ?? 0) + amount;
  }
  return {
    ...{ charges, refunds, disputes, balance },
    transactions: await all(api.balanceTransactions.list(list)),
    gifts: new Map(charges.map((charge) => [charge.id, giftOf(charge)])),
    chargeOf: new Map<string, string>([
      ...charges.map((one) => [one.id, one.id] as const),
      ...refunds.map((one) => [one.id, String(one.charge)] as const),
      ...disputes.map((one) => [one.id, String(one.charge)] as const),
    ]),
  };
}

async function all<Item>(pages: AsyncIterable<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** Holds settled books against Stripe's own lists. @throws when a cent or an event is missing */
export async function audit(world: World, ledger: Ledger): Promise<void> {
  await journalSumsToZero(world);
  await balanceIsStripes(world, ledger);
  await paymentsAreStripes(world, ledger);
  await summaryIsRecounted(world, ledger);
  await everyEventHasAnEnd(world);
  const differences: unknown[] = [];
  await checkBooks(world.workers[0], (difference) => differences.push(difference));
  expect(differences, "deriving everything anew").toEqual([]);
  expect(await rollupDifferences(world.db), "rollups and their recount").toEqual([]);
}

async function journalSumsToZero(world: World): Promise<void> {
  const { rows } = await sql`
    select balance_transaction_id, currency, sum(amount) from journal_lines group by 1, 2 having sum(amount) <> 0
  `.execute(world.db);
  expect(rows, "postings that don't sum to zero").toEqual([]);
}

/** Gifts and what is no gift together are Stripe's balance, in each currency. */
async function balanceIsStripes(world: World, ledger: Ledger): Promise<void> {
  const { rows } = await sql<{ currency: string; gifts: number; others: number }>`
    select b.currency, coalesce(sum(m.net), 0)::bigint as gifts, coalesce(sum(b.net) filter (where m.net is null), 0)::bigint as others
    from balance_transactions b left join payment_movements m on m.balance_transaction_id = b.id group by b.currency
  `.execute(world.db);
  const ours = Object.fromEntries(rows.map((row) => [row.currency, row.gifts + row.others]));
  for (const currency of new Set([...Object.keys(ours), ...Object.keys(ledger.balance)])) {
    expect(ours[currency] ?? 0, `Stripe's balance in ${currency}`).toBe(ledger.balance[currency] ?? 0);
  }
}

/** Each paid charge of a gift is one payment, with what was given back of it, and net = charge − refunds − disputes + what came back. */
async function paymentsAreStripes(world: World, ledger: Ledger): Promise<void> {
  const payments = await world.db.selectFrom("payments").selectAll().execute();
  const booked = ledger.charges.filter((charge) => charge.balance_transaction !== null && ledger.gifts.get(charge.id));
  const settled = payments.filter((payment) => payment.settled_gross !== null);
  expect(settled.map((payment) => payment.stripe_charge).sort(), "payments that settled").toEqual(
    booked.map((charge) => charge.id).sort(),
  );
  for (const charge of booked) {
    const payment = payments.find((row) => row.stripe_charge === charge.id);
    const refunded = ledger.refunds
      .filter((it) => it.charge === charge.id && it.status !== "failed" && it.status !== "canceled")
      .reduce((sum, it) => sum + it.amount, 0);
    const held = ledger.disputes
      .filter((it) => it.charge === charge.id && it.balance_transactions.reduce((sum, row) => sum + row.amount, 0) < 0)
      .reduce((sum, it) => sum + it.amount, 0);
    expect(payment, charge.id).toMatchObject({
      ...{ status: "paid", amount: charge.amount_captured, donation_id: ledger.gifts.get(charge.id)?.donation },
      refunded: charge.status === "failed" ? charge.amount_captured : refunded,
      disputed: held,
    });
    const { rows } = await sql<{ net: number }>`
      select coalesce(sum(net), 0)::bigint as net from payment_movements where payment_id = ${payment?.id}
    `.execute(world.db);
    const raw = ledger.transactions.filter((it) => ledger.chargeOf.get(String(it.source)) === charge.id);
    expect(rows[0]?.net, `net of ${charge.id}`).toBe(raw.reduce((sum, it) => sum + it.net, 0));
  }
}

interface Sums {
  readonly period: string;
  readonly frequency: string;
  readonly currency: string;
  donations: number;
  payments: number;
  gross: number;
  refunded: number;
  disputed: number;
  fees: number;
  net: number;
}

async function summaryIsRecounted(world: World, ledger: Ledger): Promise<void> {
  const sums = new Map<string, Sums>();
  const donors = new Set<string>();
  for (const it of ledger.transactions) {
    const gift = ledger.gifts.get(ledger.chargeOf.get(String(it.source)) ?? "");
    if (gift === null || gift === undefined) continue;
    const { frequency, donation } = gift;
    const key = { period: monthOf(it.created), frequency, currency: it.currency.toUpperCase() };
    const name = Object.values(key).join(" ");
    const row = sums.get(name) ?? { ...key, ...NOTHING };
    sums.set(name, row);
    if (it.reporting_category === "charge") {
      row.payments += 1;
      row.gross += it.amount;
      if (!donors.has(`${name} ${donation}`)) row.donations += 1;
      donors.add(`${name} ${donation}`);
    } else if (it.reporting_category.startsWith("dispute")) row.disputed -= it.amount;
    else row.refunded -= it.amount;
    row.fees += it.fee;
    row.net += it.net;
  }
  const answer = await fetch(`${world.url}/v1/reports/summary?from=2020-01-01&to=2040-01-01&interval=month`, {
    headers: { authorization: `Bearer ${await createToken(world.db, { role: "finance" })}` },
  });
  const { rows } = (await answer.json()) as { rows: Sums[] };
  const byName = (a: Sums, b: Sums) => (nameOf(a) < nameOf(b) ? -1 : 1);
  expect(rows.sort(byName), "the summary").toEqual([...sums.values()].sort(byName));
}

const NOTHING = {
  closed: false,
  correction_of: null,
  donations: 0,
  payments: 0,
  gross: 0,
  refunded: 0,
  disputed: 0,
  fees: 0,
  net: 0,
};

function nameOf({ period, frequency, currency }: Sums): string {
  return [period, frequency, currency].join(" ");
}

/** The first day of the month in the newsroom's time zone, on a way of its own. */
function monthOf(seconds: number): string {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Berlin" }).format(new Date(seconds * 1000));
  return `${day.slice(0, 7)}-01`;
}

async function everyEventHasAnEnd(world: World): Promise<void> {
  const rows = await world.db.selectFrom("stripe_events").select(["id", "state", "reason"]).execute();
  for (const { id, state, reason } of rows) {
    expect(["applied", "ignored", "waiting", "dead"], id).toContain(state);
    if (state !== "applied") expect(reason, id).toMatch(/./);
  }
}
