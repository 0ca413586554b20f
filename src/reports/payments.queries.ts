import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Period } from "../shared/period.ts";
import type { Position } from "./cursor.ts";
import type { PaymentsQuery } from "./query-schema.ts";

export interface PaymentsFilter
  extends Pick<
    PaymentsQuery,
    "status" | "frequency" | "currency" | "campaign" | "article_id" | "placement" | "country"
  > {
  readonly period: Period;
}

export type PaymentReportRow = Awaited<ReturnType<typeof readPayments>>[number];

export async function readPayments(db: Kysely<DB>, filter: PaymentsFilter, after: Position | null, limit: number) {
  return await paymentRows(db, filter, after, limit).execute();
}

/**
 * A page of payments, those booked last first, beginning behind `after`. Keyset, not offset: rows that arrive meanwhile neither
 * repeat nor hide others. The columns are in the order of the answer.
 */
export function paymentRows(db: Kysely<DB>, filter: PaymentsFilter, after: Position | null, limit: number) {
  const { period, status, frequency, currency, campaign, article_id, placement, country } = filter;
  return db
    .selectFrom("payments as p")
    .innerJoin("donations as d", "d.id", "p.donation_id")
    .leftJoinLateral(carrierOf("p.stripe_balance_transaction").as("c"), (join) => join.onTrue())
    .leftJoin(returnedPayouts().as("r"), (join) => join.onRef("r.returned_id", "=", "c.id"))
    .select([
      "p.id as payment_id",
      "p.donation_id",
      "d.donor_id",
      "p.booked_at",
      "p.paid_at",
      "p.status",
      "p.frequency",
      "p.installment",
      "p.currency",
      "p.amount",
      "d.chosen_amount",
      "d.fees_covered",
      "p.refunded",
      "p.disputed",
      "p.settlement_currency",
      "p.settled_gross",
      "p.fee",
      "p.net",
      "p.exchange_rate",
      sql<string | null>`case when c.status in ('failed', 'canceled') then r.payout_id else c.id end`.as("payout_id"),
      sql<Date | null>`case when c.status in ('failed', 'canceled') then r.arrival_date else c.arrival_date end`.as(
        "payout_arrival",
      ),
      "p.payment_method",
      "p.card_country",
      "d.article_id",
      "d.article_url",
      "d.campaign",
      "d.placement",
      "d.variant",
      "d.utm_source",
      "d.utm_medium",
      "d.utm_campaign",
      "d.utm_content",
      "d.utm_term",
      "p.stripe_payment_intent",
      "p.stripe_charge",
      "p.stripe_invoice",
      "p.stripe_subscription",
      "p.stripe_balance_transaction",
    ])
    .where("p.booked_at", ">=", period.start)
    .where(before(after, period.end))
    .$if(status !== undefined, (query) => query.where("p.status", "=", status as string))
    .$if(frequency !== undefined, (query) => query.where("p.frequency", "=", frequency as string))
    .$if(currency !== undefined, (query) => query.where("p.currency", "=", currency as string))
    .$if(country !== undefined, (query) => query.where("p.card_country", "=", country as string))
    .$if(campaign !== undefined, (query) => query.where("d.campaign", "=", campaign as string))
    .$if(article_id !== undefined, (query) => query.where("d.article_id", "=", article_id as string))
    .$if(placement !== undefined, (query) => query.where("d.placement", "=", placement as string))
    .orderBy("p.booked_at", "desc")
    .orderBy("p.id", "desc")
    .limit(limit);
}

/** The payout that carried a balance transaction: of several one that stands, the latest. */
function carrierOf(transaction: string) {
  return sql<{ id: string; status: string; arrival_date: Date }>`(
    select o.id, o.status, o.arrival_date
    from payout_lines l join stripe_payouts o on o.id = l.payout_id
    where l.balance_transaction_id = ${sql.ref(transaction)}
    order by o.status in ('failed', 'canceled'), o.created desc limit 1
  )`;
}

/**
 * What a bank sent back goes out again with a later payout, as the failure of that one: each of the few is followed to the payout that
 * stands. There is none until then.
 */
function returnedPayouts() {
  return sql<{ returned_id: string; payout_id: string; arrival_date: Date }>`(
    with recursive carried as (
      select o.id as returned_id, o.failure_balance_transaction_id as failure,
        null::text as payout_id, null::timestamptz as created, null::timestamptz as arrival_date, false as stands
      from stripe_payouts o where o.status in ('failed', 'canceled')
      union
      select c.returned_id, n.failure_balance_transaction_id, n.id, n.created, n.arrival_date, n.status not in ('failed', 'canceled')
      from carried c
      join payout_lines l on l.balance_transaction_id = c.failure
      join stripe_payouts n on n.id = l.payout_id
      where not c.stands
    )
    select distinct on (returned_id) returned_id, payout_id, arrival_date from carried where stands order by returned_id, created desc
  )`;
}

/**
 * The rows behind `after`, and none from `end` on. Postgres begins an index scan at a plain bound but not at a row comparison, so without
 * `<=` each page would read all the pages before it.
 */
function before(after: Position | null, end: Date): RawBuilder<boolean> {
  if (after === null || after.booked_at >= end) return sql`p.booked_at < ${end}`;
  return sql`p.booked_at <= ${after.booked_at} and (p.booked_at, p.id) < (${after.booked_at}, ${after.id}::uuid)`;
}
