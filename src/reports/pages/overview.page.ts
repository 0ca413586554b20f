import { isLoopback } from "../../config/values.ts";
import type { Config } from "../../config.ts";
import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { monthsChart } from "../../pages/charts/months-chart.ts";
import { table } from "../../pages/finance/table.page.ts";
import { addDays } from "../../shared/period.ts";
import { noQuery } from "../query-schema.ts";
import { attentionSection, processingSection } from "./attention.page.ts";
import { change, count, dayName, money, monthName, shortMoney, timeOf } from "./figures.ts";
import {
  type CurrencyOverview,
  NOTHING,
  type Overview,
  type RecurringNow,
  readAttention,
  readOverview,
  recurringOrNot,
  type Totals,
} from "./overview.ts";
import type { PageDeps, ReportPage } from "./report-page.ts";

const COUNTED_AGAIN_SECONDS = 3;

/** How this month goes, and what somebody should look at. */
export const overviewPage: ReportPage<unknown> = {
  path: "/finance",
  section: "/finance",
  title: "Overview",
  read: (_deps, query) => parse(noQuery, query),
  show: async (deps) => {
    const timeZone = deps.newsroom().time_zone;
    const [overview, attention, recurring] = [
      await readOverview(deps),
      await readAttention(deps),
      await recurringOrNot(deps),
    ];
    const isEmpty = overview.currencies.length === 0;
    return {
      body: html`${attentionSection(attention, { now: deps.now(), timeZone })}
${isEmpty && nothingYet(deps)}
${
  !isEmpty &&
  html`<section aria-labelledby="compared"><h2 id="compared">This month, by settlement currency</h2>${overview.currencies.map((each) => comparison(overview, each))}
<p class="small">Counted now, also what lies in closed months: what was closed stands in the summary.</p></section>`
}
${!(isEmpty && isNone(recurring)) && recurringSection(recurring, timeZone)}
${processingSection(attention)}
${overview.currencies.map((each) => monthsSection(overview, each))}`,
      ...(recurring === null ? { again: COUNTED_AGAIN_SECONDS } : {}),
    };
  },
};

function nothingYet({ config }: PageDeps): Html {
  return html`<div class="notice"><p>No gift has settled in the last thirteen months.</p>${
    isSandbox(config) &&
    html`<p>To see these pages full, run this in another terminal, in the project’s folder: it makes three years of gifts that never were.</p>
<pre><code>npm run donations -- sample-data</code></pre>`
  }</div>`;
}

/** Where sample data can be made: never beside real money. */
function isSandbox({ environment, stripe }: Pick<Config, "environment" | "stripe">): boolean {
  return (
    environment === "development" &&
    (stripe.secretKey === null || (stripe.apiBase !== null && isLoopback(stripe.apiBase)))
  );
}

function monthsSection(overview: Overview, each: CurrencyOverview): Html {
  const { currency } = each;
  return html`<section aria-labelledby="in-${currency}"><h2 id="in-${currency}">The last thirteen months, settled in ${currency}</h2>
${chartOf(overview, each)}
${table({
  id: `months-${currency}`,
  caption: `By month, ${currency}`,
  columns: [
    { head: "Month" },
    ...["Payments", "Gross", "Refunded", "Disputed", "Fees", "Net"].map((head) => ({ head, number: true })),
  ],
  rows: overview.months.map((month, index) => {
    const totals = each.months[index] ?? NOTHING;
    return [monthName(month), count(totals.payments), ...amounts(totals, currency)];
  }),
  empty: "",
})}</section>`;
}

function amounts({ gross, refunded, disputed, fees, net }: Totals, currency: string): readonly string[] {
  return [gross, refunded, disputed, fees, net].map((amount) => money(amount, currency));
}

const LINES = [
  { name: "Gross", figure: "gross" },
  { name: "Refunded", figure: "refunded" },
  { name: "Disputed", figure: "disputed" },
  { name: "Fees", figure: "fees" },
  { name: "Net", figure: "net" },
] as const;

/** A month that isn't over is held against the same days of the others; these stand beside it in whole. */
function comparison({ months, soFar }: Overview, each: CurrencyOverview): Html {
  const { currency, beforeSoFar, yearAgoSoFar } = each;
  const [yearAgo, before, now] = [
    each.months[0] ?? NOTHING,
    each.months.at(-2) ?? NOTHING,
    each.months.at(-1) ?? NOTHING,
  ];
  const [ends, endsBefore, endsYearAgo] = soFar.map((day) => dayName(addDays(day, -1)));
  const row = (name: string, of: (totals: Totals) => number, write: (value: number) => string) => [
    name,
    write(of(now)),
    write(of(beforeSoFar)),
    change(of(now), of(beforeSoFar)),
    write(of(yearAgoSoFar)),
    change(of(now), of(yearAgoSoFar)),
    write(of(before)),
    write(of(yearAgo)),
  ];
  const heads = [
    `To ${ends}`,
    `To ${endsBefore}`,
    "Change",
    `To ${endsYearAgo}`,
    "Change",
    `${monthName(months.at(-2) ?? "")}, whole`,
    `${monthName(months[0] ?? "")}, whole`,
  ];
  return html`${table({
    id: `compared-${currency}`,
    caption: `Settled in ${currency}: this month, the month before and the same month last year`,
    columns: [{ head: "" }, ...heads.map((head) => ({ head, number: true }))],
    rows: [
      ...LINES.map(({ name, figure }) =>
        row(
          name,
          (totals) => totals[figure],
          (value) => money(value, currency),
        ),
      ),
      row("Payments", (totals) => totals.payments, count),
      row("Gifts that paid", (totals) => totals.donations, count),
    ],
    empty: "",
  })}`;
}

function chartOf({ months }: Overview, { currency, months: totals }: CurrencyOverview): Html {
  const [first, last] = [monthName(months[0] ?? ""), monthName(months.at(-1) ?? "")];
  const [then, now] = [totals[0] ?? NOTHING, totals.at(-1) ?? NOTHING];
  return monthsChart({
    id: `chart-${currency}`,
    title: `Gross and net by month, ${currency}`,
    description: `From ${first} (gross ${money(then.gross, currency)}, net ${money(then.net, currency)}) to ${last}, which isn’t over (gross ${money(now.gross, currency)}, net ${money(now.net, currency)}). The table below has all figures.`,
    months,
    series: [
      { name: "Gross", kind: "bar", colour: 1, values: totals.map(({ gross }) => gross) },
      { name: "Net", kind: "line", colour: 2, values: totals.map(({ net }) => net) },
    ],
    tick: (value) => shortMoney(value, currency),
  });
}

type Recurring = Awaited<ReturnType<typeof recurringOrNot>>;

function isNone(recurring: Recurring): boolean {
  return recurring !== null && recurring !== "failed" && recurring.rows.length === 0;
}

function recurringSection(recurring: Recurring, timeZone: string): Html {
  return html`<section aria-labelledby="recurring"><h2 id="recurring">Recurring gifts</h2>
${
  recurring === null
    ? html`<p class="notice" role="status">Being counted. This page loads again by itself when they are there.</p>`
    : recurring === "failed"
      ? html`<p class="alert">They could not be counted in time. Try again in some minutes.</p>`
      : recurringTable(recurring, timeZone)
}</section>`;
}

function recurringTable({ rows, at }: RecurringNow, timeZone: string): Html {
  const numbers = ["Monthly value", "Month before", "Last year", "Active", "New", "Lost"];
  return html`${table({
    id: "recurring-now",
    caption: "What active gifts bring in a month, by the donors’ currency",
    columns: [{ head: "Currency" }, ...numbers.map((head) => ({ head, number: true }))],
    rows: rows.map(({ currency, now, before, yearAgo }) => [
      html`<a href="/finance/recurring?currency=${currency}">${currency}</a>`,
      money(now.monthly_value, currency),
      money(before?.monthly_value ?? 0, currency),
      money(yearAgo?.monthly_value ?? 0, currency),
      count(now.active),
      count(now.new + now.returned),
      count(now.cancelled + now.lapsed),
    ]),
    empty: "No recurring gift has been paid yet.",
  })}<p class="small">As of ${timeOf(at, timeZone)}. New: begun this month or back after a gap; lost: cancelled or given up this month. <a href="/finance/recurring">All months</a></p>`;
}
