import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";
import type { Deps } from "../../src/deps.ts";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { alteredSince } from "../../src/reports/close/altered.ts";
import { type Closed, closeMonth, type Signature } from "../../src/reports/close/close.ts";
import type { Period } from "../../src/shared/period.ts";
import { SHIPPED } from "./newsroom-files.ts";

const NEWSROOM = loadNewsroom(join(SHIPPED, "newsroom.yaml"));

export const shippedNewsroom = (): NewsroomConfig => NEWSROOM;

export interface Closing extends Partial<Signature> {
  /** Product time; a day in the far future unless given. */
  readonly now?: string;
  readonly newsroom?: Partial<NewsroomConfig>;
}

/** Closes a month as the command does. */
export async function close(db: Kysely<DB>, month: string, closing: Closing = {}): Promise<Closed> {
  const { now = "2031-01-01T00:00:00Z", newsroom = {}, by = "Ada Accountant", reason = null } = closing;
  // Rows that a test made by hand follow from nothing at Stripe.
  const altered = async () => [];
  const deps = { db, newsroom: () => ({ ...NEWSROOM, ...newsroom }), now: () => new Date(now), altered };
  return await closeMonth(deps, month, { by, reason });
}

/** What the command takes for closing, of a service whose books come from a simulated Stripe. */
export function closingDeps(deps: Pick<Deps, "db" | "newsroom" | "now" | "vault">) {
  return { ...deps, altered: (month: string, period: Period) => alteredSince(deps, month, period) };
}

/** A comparison with Stripe that found nothing and reaches from one moment to another. */
export async function compared(db: Kysely<DB>, since = "2020-01-01", until = "2031-01-01"): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into reconciliation_runs (id, since, fix, started_at, finished_at, stripe_at, found, healed, remaining)
    values (${id}, ${since}, false, ${until}, ${until}, ${until}, 0, 0, 0)
  `.execute(db);
  return id;
}

/** A difference from Stripe that is open. @returns its id */
export async function differs(db: Kysely<DB>, at: string | null): Promise<string> {
  const [id, run] = [randomUUID(), await compared(db)];
  await sql`
    insert into reconciliation_differences (id, kind, object_id, occurred_at, cause, first_seen, last_seen, last_run)
    values (${id}, 'charge_missing', ${id}, ${at}, 'A test made it.', now(), now(), ${run})
  `.execute(db);
  return id;
}

interface MoneyBack {
  readonly payment_id: string;
  readonly at: string;
  /** Minor units of the settlement currency; below zero where it comes back. */
  readonly refunded?: number;
  readonly disputed?: number;
  readonly fee?: number;
}

/** A refund or a dispute as the ledger and derivation leave it: its balance transaction and its movement. */
export async function insertMoneyBack(db: Kysely<DB>, back: MoneyBack): Promise<void> {
  const { payment_id, at, refunded = 0, disputed = 0, fee = 0 } = back;
  const id = `txn_${randomUUID()}`;
  const amount = -(refunded + disputed);
  await sql`
    insert into balance_transactions (id, created, available_on, type, reporting_category, source_id, currency, amount, fee, net, fee_details)
    select ${id}, ${at}, ${at}, 'refund', 'refund', ${`re_${id}`}, coalesce(settlement_currency, currency), ${amount}::bigint, ${fee}::bigint, ${amount - fee}::bigint, '[]'
    from payments where id = ${payment_id}
  `.execute(db);
  await sql`
    insert into payment_movements
      (balance_transaction_id, payment_id, donation_id, frequency, booked_at, currency, gross, refunded, disputed, fee, net)
    select ${id}, id, donation_id, frequency, ${at}, coalesce(settlement_currency, currency), 0, ${refunded}::bigint, ${disputed}::bigint, ${fee}::bigint, ${amount - fee}::bigint
    from payments where id = ${payment_id}
  `.execute(db);
}

/** The payment and its money become those of another frequency, as when a gift is adopted or an attribution is derived again. */
export async function rederive(db: Kysely<DB>, paymentId: string, frequency: string): Promise<void> {
  await sql`update payments set frequency = ${frequency} where id = ${paymentId}`.execute(db);
  await sql`update payment_movements set frequency = ${frequency} where payment_id = ${paymentId}`.execute(db);
}

/** Derivation no longer takes it for a gift; what the ledger says of it stays. */
export async function disown(db: Kysely<DB>, paymentId: string): Promise<void> {
  await sql`delete from payments where id = ${paymentId}`.execute(db);
}
