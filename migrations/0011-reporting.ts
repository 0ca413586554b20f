import { type Kysely, sql } from "kysely";

/** Views for BI tools and accountants. They run with the rights of their owner, so who reads them needs none on the tables. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create schema reporting;
    comment on schema reporting is 'The books for BI tools: readable by the role finance_reader. Amounts are whole minor units as Stripe counts them (500 is 5.00 USD and 500 JPY), each with its currency; never add currencies together. Nothing here names a person.';

    create view reporting.balance_transactions as
      select id as balance_transaction_id, created as booked_at, available_on, type, reporting_category, source_id, currency, amount, fee, net, exchange_rate
      from balance_transactions;

    create view reporting.donations as
      select id as donation_id, created_at, origin, frequency, currency, amount, chosen_amount, fees_covered, running_amount, paused, status, subscription_status,
        donor_id, locale, country, newsletter, article_id, article_url, campaign, placement, variant, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
        stripe_payment_intent, stripe_subscription
      from donations;

    create view reporting.payments as
      select p.id as payment_id, p.donation_id, d.donor_id, p.booked_at, p.paid_at, p.status, p.frequency, p.installment, p.currency, p.amount, d.chosen_amount,
        d.fees_covered, p.refunded, p.disputed, p.settlement_currency, p.settled_gross, p.fee, p.net, p.exchange_rate,
        case when c.status in ('failed', 'canceled') then r.payout_id else c.id end as payout_id,
        case when c.status in ('failed', 'canceled') then r.arrival_date else c.arrival_date end as payout_arrival,
        p.payment_method, p.card_country, d.article_id, d.article_url, d.campaign, d.placement, d.variant,
        d.utm_source, d.utm_medium, d.utm_campaign, d.utm_content, d.utm_term,
        p.stripe_payment_intent, p.stripe_charge, p.stripe_invoice, p.stripe_subscription, p.stripe_balance_transaction
      from payments p
      join donations d on d.id = p.donation_id
      left join lateral (
        select o.id, o.status, o.arrival_date
        from payout_lines l join stripe_payouts o on o.id = l.payout_id
        where l.balance_transaction_id = p.stripe_balance_transaction
        order by o.status in ('failed', 'canceled'), o.created desc limit 1
      ) c on true
      left join (
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
      ) r on r.returned_id = c.id;

    create view reporting.summary_by_day as
      select booked_at::date as day, frequency, currency,
        count(distinct donation_id) filter (where gross <> 0) as donations, count(*) filter (where gross <> 0) as payments,
        sum(gross)::bigint as gross, sum(refunded)::bigint as refunded, sum(disputed)::bigint as disputed, sum(fee)::bigint as fees, sum(net)::bigint as net
      from payment_movements
      group by 1, 2, 3;

    create view reporting.payout_lines as
      select l.payout_id, b.id as balance_transaction_id, b.created as booked_at,
        case
          when m.gross <> 0 then 'payment'
          when m.disputed <> 0 then 'dispute'
          when m.refunded <> 0 then 'refund'
          when m.payment_id is not null then 'fee'
          when b.type in ('payout', 'payout_cancel', 'payout_failure') then 'payout'
          when b.reporting_category = 'fee' then 'fee'
          else 'not_gifts'
        end as kind,
        b.type, b.reporting_category, b.currency, b.amount, b.fee, b.net, m.payment_id, m.donation_id, m.frequency, d.campaign, b.source_id
      from payout_lines l
      join balance_transactions b on b.id = l.balance_transaction_id
      left join payment_movements m on m.balance_transaction_id = b.id
      left join donations d on d.id = m.donation_id;

    create view reporting.payouts as
      select o.id as payout_id, o.created as created_at, o.arrival_date, o.status, o.currency, o.amount, o.automatic, o.reconciliation_status,
        case when o.is_known then t.lines end as lines,
        case when o.is_known then t.total end as lines_total,
        case when o.is_known then o.amount - t.total end as difference,
        case when o.is_known then o.amount = t.total and t.lines = t.listed end as adds_up,
        o.failure_code, o.balance_transaction_id, o.failure_balance_transaction_id as reversal_balance_transaction_id,
        f.created as reversed_at, f.net as reversed_amount,
        (select max(n.payout_id) from payout_lines n where n.balance_transaction_id = o.failure_balance_transaction_id) as paid_again_with,
        o.original_payout_id, o.reversed_by_id
      from (select *, exists (select from payouts_pulled d where d.payout_id = stripe_payouts.id) as is_known from stripe_payouts) o
      left join balance_transactions f on f.id = o.failure_balance_transaction_id
      left join lateral (
        select count(b.id) as lines, count(*) as listed, coalesce(sum(b.net), 0)::bigint as total
        from payout_lines l left join balance_transactions b on b.id = l.balance_transaction_id
        where l.payout_id = o.id
      ) t on true;

    create view reporting.disputes as
      select t.id as dispute_id, t.created as created_at, t.status, t.status not in ('won', 'lost', 'warning_closed', 'prevented') as is_open, t.reason,
        t.currency, t.amount, t.due_by, t.has_evidence, t.submission_count,
        money.currency as settlement_currency, 0 - money.amount as held_back, money.fee as fees,
        p.id as payment_id, p.donation_id, d.donor_id, p.booked_at as payment_booked_at, t.charge_id as stripe_charge, t.payment_intent_id as stripe_payment_intent
      from stripe_disputes t
      left join payments p on p.stripe_charge = t.charge_id
      left join donations d on d.id = p.donation_id
      left join lateral (
        select min(b.currency) as currency, sum(b.amount)::bigint as amount, sum(b.fee)::bigint as fee
        from balance_transactions b where b.source_id = t.id
      ) money on true
      where not t.deleted;

    create view reporting.journal as
      select m.balance_transaction_id, m.booked_at, m.currency, line.account, line.amount, m.payment_id, m.donation_id, d.campaign, null::text as payout_id
      from payment_movements m
      join donations d on d.id = m.donation_id
      left join lateral (
        select (m.refunded + m.disputed - sign(m.refunded + m.disputed) * round(p.settled_gross::numeric * coalesce(
          (select r.amount from stripe_refunds r where r.id = b.source_id),
          (select t.amount from stripe_disputes t where t.id = b.source_id)
        ) / p.amount))::bigint as difference
        from payments p, balance_transactions b
        where p.id = case when m.refunded <> 0 or m.disputed <> 0 then m.payment_id end
          and b.id = case when m.refunded <> 0 or m.disputed <> 0 then m.balance_transaction_id end
          and p.settlement_currency = m.currency and p.settlement_currency <> p.currency
      ) exchange on true
      cross join lateral (values
        ('stripe_balance', m.net),
        ('payment_fees', m.fee),
        (case when m.gross <> 0 then 'gifts_' || m.frequency when m.disputed <> 0 then 'disputes' else 'refunds' end,
          m.refunded + m.disputed - m.gross - coalesce(exchange.difference, 0)),
        ('exchange_differences', coalesce(exchange.difference, 0))
      ) as line (account, amount)
      where line.amount <> 0
      union all
      select b.id, b.created, b.currency, line.account, line.amount, null, null, null,
        case when b.type in ('payout', 'payout_cancel', 'payout_failure') then b.source_id end
      from balance_transactions b
      cross join lateral (values
        ('stripe_balance', b.net),
        (case when b.reporting_category = 'fee' or b.type in ('payout', 'payout_cancel', 'payout_failure') then 'stripe_fees' else 'not_gift_fees' end, b.fee),
        (case
          when b.type in ('payout', 'payout_cancel', 'payout_failure') then 'bank'
          when b.reporting_category = 'fee' then 'stripe_fees'
          else 'not_gifts'
        end, 0 - b.amount)
      ) as line (account, amount)
      where line.amount <> 0 and not exists (select from payment_movements m where m.balance_transaction_id = b.id);

    create index donations_article on donations (article_id) where article_id is not null;
    create index payments_currency on payments (currency, booked_at desc, id desc);
    create index payments_card_country on payments (card_country, booked_at desc, id desc) where card_country is not null;
    create index payments_not_paid on payments (booked_at desc, id desc) where status <> 'paid';
    create index stripe_payouts_returned on stripe_payouts (id) where status in ('failed', 'canceled');
  `.execute(db);
  for (const [view, comment] of Object.entries(VIEWS)) {
    await sql`comment on view ${sql.table(`reporting.${view}`)} is ${sql.lit(comment)}`.execute(db);
    await commentColumns(db, view);
  }
}

async function commentColumns(db: Kysely<unknown>, view: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select attname::text as name from pg_attribute where attrelid = ${`reporting.${view}`}::regclass and attnum > 0
  `.execute(db);
  for (const { name } of rows) {
    const comment = OF_ONE_VIEW[`${view}.${name}`] ?? COLUMNS[name];
    if (comment === undefined) throw new Error(`reporting.${view}.${name} has no comment.`);
    await sql`comment on column ${sql.ref(`reporting.${view}.${name}`)} is ${sql.lit(comment)}`.execute(db);
  }
}

const VIEWS: Readonly<Record<string, string>> = {
  balance_transactions: "Stripe's ledger, one row a movement of money, gifts or not. Never changed or removed.",
  donations:
    "A reader's commitment: one gift, or a monthly or annual one with all its payments. The donor is a number, nobody's name.",
  payments: "One PaymentIntent (once) or one invoice (recurring), as in GET /v1/reports/payments.",
  summary_by_day:
    "All money in gifts by day, frequency and settlement currency. A day begins at midnight in the session's time zone: SET timezone, or ALTER ROLE … SET timezone, to that of the newsroom.",
  payout_lines: "What each reconciled payout is made of.",
  payouts: "What Stripe sent to the bank, and whether its lines add up to it.",
  disputes: "What donors' banks took back or ask about, with the deadline for an answer.",
  journal:
    "Double entry of Stripe's ledger: debits positive, credits negative. The lines of one balance transaction sum to zero, and those of the account stripe_balance are the balance at Stripe.",
};

const COLUMNS: Readonly<Record<string, string>> = {
  account:
    "stripe_balance, bank, gifts_once, gifts_monthly, gifts_annual, refunds, disputes, payment_fees, stripe_fees, exchange_differences, not_gifts or not_gift_fees. Numbers and names are given in config/newsroom.yaml.",
  adds_up: "Whether the lines sum to the amount; null until Stripe has reconciled the payout, and for payouts by hand.",
  amount: "Minor units of currency.",
  arrival_date: "When the bank is expected to have it.",
  article_id: "The article under which the form stood.",
  article_url: "Its address, without query string.",
  automatic: "Whether Stripe's schedule made it; of payouts by hand Stripe tells no lines.",
  available_on: "When the money may be paid out. Not the date of the books.",
  balance_transaction_id: "Stripe's id of the movement.",
  booked_at: "Stripe's created of the balance transaction: the date of the books.",
  campaign: "Campaign that the gift was given to.",
  card_country: "Where the card was issued.",
  chosen_amount: "What the donor chose, without the fees that they covered.",
  country: "Two letters, as the site told.",
  created_at: "When it was made.",
  currency: "Three letters (ISO 4217).",
  day: "In the session's time zone.",
  difference: "Amount less the sum of the lines: 0 when it adds up.",
  disputed: "With the bank because of disputes; a won one gives it back.",
  dispute_id: "Stripe's id of the dispute.",
  donation_id: "The donation.",
  donations: "How many different donations had a payment.",
  donor_id: "Number of the donor, the same for all their gifts; it names nobody.",
  due_by: "Until when an answer has to be in.",
  exchange_rate: "Stripe's rate from the donor's currency to the settlement currency.",
  failure_code: "Why the bank sent it back.",
  fee: "What Stripe kept of it, minor units of the settlement currency.",
  fees: "What Stripe kept, minor units of the settlement currency.",
  fees_covered: "Whether the donor covered the fees.",
  frequency: "once, monthly or annual.",
  gross: "What was given, before anything is taken off.",
  has_evidence: "Whether an answer was prepared.",
  held_back: "What the bank holds now, minor units of the settlement currency.",
  installment: "The how-manieth payment of its donation.",
  is_open: "Whether it has no end yet.",
  kind: "payment, refund, dispute, fee, payout (one that came back) or not_gifts.",
  lines: "How many lines; null until Stripe has reconciled the payout.",
  lines_total: "Sum of net of the lines.",
  locale: "Language of the form.",
  net: "Amount less fee.",
  newsletter: "Whether the donor wanted the newsletter.",
  origin: "checkout, stripe (made from Stripe's data) or adopted (of an older system).",
  original_payout_id: "The payout that this one takes back.",
  paid_again_with: "The later payout that carried the money of one that the bank sent back.",
  paid_at: "When it was paid.",
  paused: "Whether the donor has paused it.",
  payment_booked_at: "booked_at of the payment.",
  payment_id: "The payment; null where it is no gift.",
  payment_method: "Kind of payment, or the wallet.",
  payments: "How many payments.",
  payout_arrival: "When the bank is expected to have it.",
  payout_id: "Stripe's id of the payout.",
  placement: "Where on the page the form stood.",
  reason: "What the donor's bank says.",
  reconciliation_status: "completed once Stripe knows the lines.",
  refunded: "Given back.",
  reporting_category: "As in Stripe's reports.",
  reversal_balance_transaction_id: "The movement that brought the money back into the balance.",
  reversed_amount: "What came back.",
  reversed_at: "When it came back.",
  reversed_by_id: "The payout that takes this one back.",
  running_amount: "What the subscription charges now, if that was changed.",
  settled_gross: "What it came to in the settlement currency.",
  settlement_currency: "Currency in which Stripe booked it.",
  source_id: "The object at Stripe that moved the money.",
  status: "As Stripe says.",
  stripe_balance_transaction: "Stripe's id.",
  stripe_charge: "Stripe's id.",
  stripe_invoice: "Stripe's id.",
  stripe_payment_intent: "Stripe's id.",
  stripe_subscription: "Stripe's id.",
  submission_count: "How often an answer was sent.",
  subscription_status: "As Stripe says.",
  type: "As Stripe says.",
  utm_campaign: "As in the address that led to the form.",
  utm_content: "As in the address that led to the form.",
  utm_medium: "As in the address that led to the form.",
  utm_source: "As in the address that led to the form.",
  utm_term: "As in the address that led to the form.",
  variant: "Variant of the form.",
};

const OF_ONE_VIEW: Readonly<Record<string, string>> = {
  "journal.amount": "Minor units of currency: a debit above zero, a credit below.",
  "journal.payout_id": "Of the lines between stripe_balance and bank.",
  "payments.status": "processing, paid or failed; refunds and disputes stand beside it.",
  "payments.currency": "The donor's.",
  "payments.refunded": "Given back to date, in the donor's currency.",
  "payments.disputed": "With the bank to date because of disputes, in the donor's currency.",
  "payments.net": "Of the charge itself: settled_gross less fee.",
  "payments.payment_id": "The payment.",
  "payments.booked_at": "Stripe's created of the charge's balance transaction; until there is one, of the attempt.",
  "payments.payout_id":
    "The payout that took it to the bank; one that the bank sent back is followed to the one that stands.",
  "donations.status": "created, open, processing, paid, failed or expired.",
  "donations.amount": "Minor units of currency, each time.",
  "payouts.status": "pending, in_transit, paid, canceled or failed; paid may still fail.",
  "payouts.balance_transaction_id": "The movement that took it out of the balance.",
  "summary_by_day.net": "gross − refunded − disputed − fees.",
  "summary_by_day.refunded": "Given back on that day; a refund that failed counts against it.",
  "summary_by_day.disputed": "Taken back by banks on that day; what came back counts against it.",
};
