import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import { assertSafe } from "../../shared/money.ts";
import { payoutPath, payoutQuery } from "../accounting-query-schema.ts";
import type { LineSum, PayoutLineRow, PayoutPosition, PayoutRow } from "../payouts.queries.ts";
import { type PayoutPage, payoutPage as readPage } from "../payouts.ts";
import { count, dayOf, money, words } from "./figures.ts";
import { more } from "./filters.page.ts";
import { addsUp, note } from "./payouts.page.ts";
import type { ReportPage } from "./report-page.ts";

const LIMIT = 250;

interface Question {
  readonly id: string;
  readonly cursor: PayoutPosition | undefined;
  readonly limit: number;
}

/** One payout: what it is made of, down to the line. */
export const payoutPage: ReportPage<Question> = {
  path: "/finance/payouts/:id",
  section: "/finance/payouts",
  title: "Payout",
  read: (_deps, { id, ...sent }) => {
    const { cursor, limit } = parse(payoutQuery, sent);
    return { ...parse(payoutPath, { id }), cursor, limit: limit ?? LIMIT };
  },
  show: async ({ db, newsroom }, { id, cursor, limit }, { typed }) => {
    const page = await readPage(db, id, cursor ?? null, limit);
    return {
      tools: html`<a href="/v1/reports/payouts/${id}.csv">Download CSV</a>`,
      body: html`${facts(page.payout, newsroom().time_zone)}
${totals(page)}
${lines(page, newsroom().time_zone)}
${more(`/finance/payouts/${id}`, {}, page.next_cursor, typed)}
<p class="actions"><a href="/finance/payouts">All payouts</a></p>`,
    };
  },
};

function facts(payout: PayoutRow, timeZone: string): Html {
  return html`<dl class="facts">
<dt>Payout</dt><dd class="id">${payout.payout_id}</dd>
<dt>Amount</dt><dd>${money(payout.amount, payout.currency)}</dd>
<dt>Made</dt><dd>${dayOf(payout.created_at, timeZone)}</dd>
<dt>Arrives</dt><dd>${dayOf(payout.arrival_date, "UTC")}</dd>
<dt>State</dt><dd>${words(payout.status)}</dd>
<dt>Check</dt><dd>${addsUp(payout)}</dd>
${note(payout) !== null && html`<dt>Note</dt><dd>${note(payout)}</dd>`}
</dl>`;
}

/** As an accountant reads what a payout is made of. */
const KINDS: Readonly<Record<LineSum["kind"], string>> = {
  payment: "Gifts",
  refund: "Refunds of gifts",
  dispute: "Disputes of gifts",
  fee: "Stripe’s fees",
  payout: "Earlier payouts that came back",
  not_gifts: "Not gifts",
};

const LINE_KINDS: Readonly<Record<Exclude<LineSum["kind"], "not_gifts">, string>> = {
  payment: "Gift",
  refund: "Refund",
  dispute: "Dispute",
  fee: "Stripe’s fee",
  payout: "Payout that came back",
};

/** Of money that had gone to the donor, or to their bank, and is ours again. */
const COME_BACK: Readonly<Partial<Record<LineSum["kind"], string>>> = {
  refund: "Refund that failed",
  dispute: "Dispute money that came back",
};

function totals({ payout, totals }: PayoutPage): Html {
  const { currency } = payout;
  const of = (read: (sum: LineSum) => number) => assertSafe(totals.reduce((all, sum) => all + read(sum), 0));
  const cells = (name: string, sum: Omit<LineSum, "kind">) => [
    name,
    count(sum.count),
    money(sum.amount, currency),
    money(0 - sum.fee, currency),
    money(sum.net, currency),
  ];
  const whole = {
    count: of((sum) => sum.count),
    amount: of((sum) => sum.amount),
    fee: of((sum) => sum.fee),
    net: of((sum) => sum.net),
  };
  return table({
    id: "totals",
    caption: `What it is made of, ${currency}`,
    columns: [{ head: "Kind" }, ...["Lines", "Amount", "Fees", "Net"].map((head) => ({ head, number: true }))],
    rows: totals.map((sum) => cells(KINDS[sum.kind], sum)),
    foot: [
      cells("Sum of the lines", whole),
      ["Payout", null, null, null, money(payout.amount, currency)],
      [
        payout.adds_up === null ? "Not checked" : "Difference",
        null,
        null,
        null,
        payout.adds_up === null ? addsUp(payout) : difference(payout),
      ],
    ],
    empty: "Its lines aren’t known yet.",
  });
}

function difference(payout: PayoutRow): Html {
  return html`${money(payout.difference, payout.currency)} ${addsUp(payout)}`;
}

function lines({ payout, rows }: PayoutPage, timeZone: string): Html {
  return table({
    id: "lines",
    caption: "Its lines, in the order in which Stripe booked them",
    columns: [
      { head: "Booked" },
      { head: "Kind" },
      { head: "Amount", number: true },
      { head: "Fees", number: true },
      { head: "Net", number: true },
      { head: "Payment" },
      { head: "Frequency" },
      { head: "Campaign" },
      { head: "Stripe’s object" },
    ],
    rows: rows.map((row) => [
      dayOf(row.booked_at, timeZone),
      lineName(row),
      money(row.amount, payout.currency),
      money(0 - row.fee, payout.currency),
      money(row.net, payout.currency),
      row.payment_id === null ? null : html`<span class="id">${row.payment_id}</span>`,
      row.frequency,
      row.campaign === null ? null : html`<bdi>${row.campaign}</bdi>`,
      row.source_id === null ? null : html`<span class="id">${row.source_id}</span>`,
    ]),
    empty: "Its lines aren’t known yet.",
  });
}

/** What a line is, by the way its money went; of what is no gift, Stripe's own name for it. */
export function lineName({
  kind,
  reporting_category,
  amount,
}: Pick<PayoutLineRow, "kind" | "reporting_category" | "amount">): string {
  if (kind === "not_gifts") return `Not a gift: ${words(reporting_category)}`;
  return (amount > 0 ? COME_BACK[kind] : undefined) ?? LINE_KINDS[kind];
}
