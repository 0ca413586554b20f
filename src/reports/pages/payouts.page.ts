import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import type { Period } from "../../shared/period.ts";
import { payoutsQuery } from "../accounting-query-schema.ts";
import type { PayoutPosition, PayoutRow } from "../payouts.queries.ts";
import { payoutsPage as readPage } from "../payouts.ts";
import { periodOf } from "../period.ts";
import { count, dayOf, money, tick, words } from "./figures.ts";
import { filterForm, more, periodFields, shortcuts } from "./filters.page.ts";
import type { ReportPage } from "./report-page.ts";

const PATH = "/finance/payouts";
const LIMIT = 100;

interface Question {
  readonly period: Period;
  readonly timeZone: string;
  readonly currency: string | undefined;
  readonly cursor: PayoutPosition | undefined;
  readonly limit: number;
}

/** Payouts, and whether each adds up. */
export const payoutsPage: ReportPage<Question> = {
  path: PATH,
  section: PATH,
  title: "Payouts",
  read: (deps, sent) => {
    const { currency, cursor, limit, ...days } = parse(payoutsQuery, sent);
    return { ...periodOf(deps, days), currency, cursor, limit: limit ?? LIMIT };
  },
  filters: (deps, asked) => {
    const { question, typed } = asked;
    const currency = question?.currency ?? typed.currency;
    const others: Record<string, string> = currency === undefined ? {} : { currency };
    return html`${filterForm(
      {
        action: PATH,
        id: "filter",
        fields: [
          ...periodFields(question?.period ?? null),
          { kind: "text", name: "currency", label: "Currency", value: currency, hint: "all" },
        ],
        button: "Show",
      },
      asked,
    )}${shortcuts(PATH, { now: deps.now(), timeZone: deps.newsroom().time_zone }, question?.period ?? null, others)}`;
  },
  show: async ({ db }, { period, timeZone, currency, cursor, limit }, { typed }) => {
    const { rows, next_cursor } = await readPage(db, { period, currency }, cursor ?? null, limit);
    const query = { from: period.from, to: period.to, ...(currency === undefined ? {} : { currency }) };
    return {
      tools: html`<a href="/v1/reports/payouts.csv?${new URLSearchParams(query).toString()}">Download CSV</a>`,
      body: html`${rows.length > 0 && verdict(rows)}
${table({
  id: "payouts",
  caption: "Payouts made in this period, the last one first",
  columns: [
    { head: "Made" },
    { head: "Amount", number: true },
    { head: "Adds up" },
    { head: "Sum of the lines", number: true },
    { head: "Lines", number: true },
    { head: "State" },
    { head: "Arrives" },
    { head: "Payout" },
    { head: "Note" },
  ],
  rows: rows.map((row) => [
    dayOf(row.created_at, timeZone),
    money(row.amount, row.currency),
    addsUp(row),
    money(row.lines_total, row.currency),
    count(row.lines),
    html`<span${row.status === "failed" && html` class="bad"`}>${words(row.status)}</span>`,
    // Stripe gives the day as its midnight in UTC.
    dayOf(row.arrival_date, "UTC"),
    html`<a class="id" href="${PATH}/${row.payout_id}">${row.payout_id}</a>`,
    note(row),
  ]),
  empty: "No payout was made in this period.",
})}
${more(PATH, query, next_cursor, typed)}`,
    };
  },
};

/** What can be said of the rows that are shown. */
function verdict(rows: readonly PayoutRow[]): Html {
  const wrong = rows.filter(({ adds_up }) => adds_up === false).length;
  const right = rows.filter(({ adds_up }) => adds_up === true).length;
  const open = rows.length - wrong - right;
  const said =
    right === rows.length && right > 1
      ? `All ${right} add up.`
      : `${right} of ${rows.length} ${right === 1 ? "adds" : "add"} up.`;
  return html`<p>${wrong > 0 ? tick(false, "", `${wrong} of ${rows.length} ${wrong === 1 ? "doesn’t" : "don’t"} add up.`) : tick(true, said, "")}${
    open > 0 && ` ${open} can’t be added up: not settled yet, or made by hand.`
  }</p>`;
}

/** A tick, or by how much the lines miss the payout. */
export function addsUp({ adds_up, automatic, difference, currency }: PayoutRow): Html {
  if (adds_up === null) {
    return html`<span class="none">${automatic ? "not yet: Stripe hasn’t settled its lines" : "by hand: Stripe tells no lines"}</span>`;
  }
  const wrong = difference === 0 ? "a line is missing in the ledger" : `differs by ${money(difference, currency)}`;
  return tick(adds_up, "adds up", wrong);
}

export function note(row: PayoutRow): Html | null {
  const notes = [
    row.failure_code !== null && html`The bank refused it: ${words(row.failure_code)}.`,
    row.reversed_amount !== null && html`${money(row.reversed_amount, row.currency)} came back.`,
    row.paid_again_with !== null &&
      html`Paid again with <a class="id" href="${PATH}/${row.paid_again_with}">${row.paid_again_with}</a>.`,
    row.original_payout_id !== null &&
      html`Takes back <a class="id" href="${PATH}/${row.original_payout_id}">${row.original_payout_id}</a>.`,
    row.reversed_by_id !== null &&
      html`Taken back by <a class="id" href="${PATH}/${row.reversed_by_id}">${row.reversed_by_id}</a>.`,
  ].filter((each) => each !== false);
  return notes.length === 0 ? null : html`${notes.map((each) => html`${each} `)}`;
}
