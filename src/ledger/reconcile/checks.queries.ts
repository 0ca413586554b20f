import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../../db/schema.ts";
import { SAMPLE_ID } from "../../shared/sample-id.ts";
import type { DifferenceKind } from "./difference.ts";

/** What the books say of themselves, without Stripe. */
export interface Finding {
  readonly object_id: string;
  readonly occurred_at: Date | null;
  readonly ours: Readonly<Record<string, unknown>>;
}

export interface Scope {
  readonly since: Date;
  readonly stripeAt: Date;
}

export interface Check {
  readonly kind: DifferenceKind;
  readonly cause: string;
  /** Yields `object_id, occurred_at, ours`. */
  readonly query: (scope: Scope) => RawBuilder<unknown>;
}

/** The donations that a charge is of. */
const OF_A_GIFT = sql`(
  c.donation_id is not null
  or exists (select from stripe_payment_intents i where i.id = c.payment_intent_id and i.donation_id is not null)
  or exists (select from stripe_sessions s where s.payment_intent_id = c.payment_intent_id and s.donation_id is not null)
  or exists (
    select from stripe_invoice_payments p join stripe_invoices n on n.id = p.invoice_id
    left join stripe_subscriptions u on u.id = n.subscription_id
    where p.payment_intent_id = c.payment_intent_id and (n.donation_id is not null or u.donation_id is not null)
  )
)`;

export const CHECKS: readonly Check[] = [
  {
    kind: "charge_without_payment",
    cause:
      "The charge went through and no payment was made of it: what links it to its gift is missing or was never derived.",
    query: ({ since }) => sql`
      select c.id as object_id, c.created as occurred_at,
        jsonb_build_object('status', c.status, 'amount', c.amount, 'currency', c.currency) as ours
      from stripe_charges c
      where c.created >= ${since} and c.status = 'succeeded' and c.amount_captured > 0
        and not exists (select from payments p where p.stripe_charge = c.id) and ${OF_A_GIFT}
    `,
  },
  {
    kind: "payment_intent_missing",
    cause: "The charge went through and its PaymentIntent is not known, so neither is whose gift it is.",
    query: ({ since }) => sql`
      select c.payment_intent_id as object_id, min(c.created) as occurred_at, jsonb_build_object('charge_id', min(c.id)) as ours
      from stripe_charges c
      where c.created >= ${since} and c.status = 'succeeded' and c.payment_intent_id is not null
        and not exists (select from stripe_payment_intents i where i.id = c.payment_intent_id)
      group by c.payment_intent_id
    `,
  },
  {
    kind: "payment_intent_differs",
    cause: "The charge went through and its PaymentIntent is not said to have succeeded: the event of that is missing.",
    query: ({ since }) => sql`
      select i.id as object_id, i.created as occurred_at, jsonb_build_object('status', i.status, 'charge_id', c.id) as ours
      from stripe_charges c join stripe_payment_intents i on i.id = c.payment_intent_id
      where c.created >= ${since} and c.status = 'succeeded' and c.captured and i.status <> 'succeeded'
    `,
  },
  {
    kind: "invoice_payment_missing",
    cause: "The invoice is paid and nothing says with which charge: the event of its payment is missing.",
    query: ({ since }) => sql`
      select n.id as object_id, n.created as occurred_at,
        jsonb_build_object('status', n.status, 'amount_paid', n.amount_paid, 'currency', n.currency) as ours
      from stripe_invoices n
      where n.paid_at >= ${since} and n.status = 'paid' and n.amount_paid > 0
        and not exists (select from stripe_invoice_payments p where p.invoice_id = n.id)
    `,
  },
  {
    kind: "payment_without_balance_transaction",
    cause:
      "Paid more than 48 hours ago and not in Stripe's ledger: the charge may not have been captured, or the ledger lags.",
    query: ({ stripeAt }) => sql`
      select p.stripe_charge as object_id, p.paid_at as occurred_at,
        jsonb_build_object('payment_id', p.id, 'status', p.status, 'amount', p.amount, 'currency', p.currency) as ours
      from payments p
      where p.status = 'paid' and p.settled_gross is null and p.stripe_charge is not null
        and p.paid_at < ${stripeAt}::timestamptz - interval '48 hours'
    `,
  },
  {
    kind: "payout_total",
    cause: "The payout's lines do not add up to it: a line is missing, or a balance transaction that it names.",
    query: ({ since }) => sql`
      select o.id as object_id, o.created as occurred_at,
        jsonb_build_object('net', coalesce(sum(b.net), 0), 'count', count(b.id), 'amount', o.amount, 'currency', o.currency) as ours
      from stripe_payouts o
      left join payout_lines l on l.payout_id = o.id left join balance_transactions b on b.id = l.balance_transaction_id
      where o.created >= ${since} and o.automatic and o.reconciliation_status = 'completed'
      group by o.id
      having coalesce(sum(b.net), 0) <> o.amount or count(l.payout_id) <> count(b.id)
        or not exists (select from payouts_pulled d where d.payout_id = o.id)
    `,
  },
  {
    kind: "event_dead",
    cause: "It could not be applied twelve times over; its reason stands in `events dead`.",
    query: () => sql`
      select id as object_id, created as occurred_at, jsonb_build_object('type', type, 'status', state) as ours
      from stripe_events where state = 'dead'
    `,
  },
  {
    kind: "event_waiting",
    cause:
      "It arrived more than a day ago and was not applied: background work stands still, or its object can't be fetched.",
    query: () => sql`
      select id as object_id, created as occurred_at, jsonb_build_object('type', type, 'status', state) as ours
      from stripe_events where state in ('received', 'waiting') and received_at < clock_timestamp() - interval '24 hours'
    `,
  },
];

export const OVERDUE: Check = {
  kind: "derivation_overdue",
  cause:
    "Objects changed more than an hour ago and their donations were not derived since: background work stands still.",
  query: () => sql`
    select 'dirty_objects' as object_id, null::timestamptz as occurred_at, jsonb_build_object('count', count(*)) as ours
    from dirty_objects where marked_at < clock_timestamp() - interval '1 hour' having count(*) > 0
  `,
};

/** One page of a check, in the order of ids. */
export async function findings(
  db: Kysely<DB>,
  check: Check,
  scope: Scope,
  after: string,
  limit: number,
): Promise<readonly Finding[]> {
  const { rows } = await sql<Finding>`
    select object_id, occurred_at, ours from (${check.query(scope)}) as f where object_id > ${after} order by object_id limit ${limit}
  `.execute(db);
  return rows;
}

export interface OpenCheckout {
  readonly donation_id: string;
  readonly session_id: string;
  readonly status: string;
}

/** Donations without an end whose session must have come to one, behind `after`. */
export async function overdueCheckouts(
  db: Kysely<DB>,
  stripeAt: Date,
  after: string | null,
  limit: number,
): Promise<readonly OpenCheckout[]> {
  const { rows } = await sql<OpenCheckout>`
    select d.id as donation_id, coalesce(c.session_id, d.stripe_session) as session_id, d.status
    from donations d left join checkouts c on c.donation_id = d.id
    left join stripe_sessions s on s.id = coalesce(c.session_id, d.stripe_session)
    where d.status in ('created', 'open') and (${after}::uuid is null or d.id > ${after}::uuid)
      and coalesce(c.session_id, d.stripe_session) !~ ${SAMPLE_ID}
      and (s.status = 'complete' or coalesce(s.expires_at, c.expires_at) < ${stripeAt}::timestamptz - interval '1 hour')
    order by d.id limit ${limit}
  `.execute(db);
  return rows;
}
