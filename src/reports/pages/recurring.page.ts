import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { monthsChart } from "../../pages/charts/months-chart.ts";
import { table } from "../../pages/finance/table.page.ts";
import { periodOf } from "../period.ts";
import { currency, recurringQuery } from "../query-schema.ts";
import { firstDayOf, type RecurringRow, rowsOfMonths, wholeMonths } from "../recurring.ts";
import { count, money, monthName, percent, shortMoney, timeOf } from "./figures.ts";
import { filterForm, periodFields, shortcuts } from "./filters.page.ts";
import type { PageDeps, ReportPage } from "./report-page.ts";
import { retentionTable } from "./retention.page.ts";

const PATH = "/finance/recurring";
const COUNTED_AGAIN_SECONDS = 3;
const query = recurringQuery.extend({ currency: currency.optional() });

interface Question {
  readonly months: ReturnType<typeof wholeMonths>;
  readonly timeZone: string;
  /** The donors'; undefined for all. */
  readonly currency: string | undefined;
}

/** Recurring gifts by month, and how long they stay. */
export const recurringPage: ReportPage<Question> = {
  path: PATH,
  section: PATH,
  title: "Recurring gifts",
  read: (deps, sent) => {
    const { currency: asked, ...days } = parse(query, sent);
    const { period, timeZone } = periodOf(deps, days);
    return { months: wholeMonths(period, deps.now(), timeZone), timeZone, currency: asked };
  },
  filters: (deps, asked) => {
    const days = asked.question?.months.days ?? null;
    const only = asked.question?.currency ?? asked.typed.currency;
    const others: Record<string, string> = only === undefined ? {} : { currency: only };
    return html`${filterForm(
      {
        action: PATH,
        id: "filter",
        fields: [
          ...periodFields(days),
          { kind: "text", name: "currency", label: "Currency", value: only, hint: "all" },
        ],
        button: "Show",
      },
      asked,
    )}${shortcuts(PATH, { now: deps.now(), timeZone: deps.newsroom().time_zone }, days, others)}`;
  },
  show: async (deps, question) => {
    const { from, to } = question.months.days;
    return {
      tools: html`<a href="/v1/reports/recurring.csv?from=${from}&amp;to=${to}">Download CSV</a>`,
      ...(await figures(deps, question)),
    };
  },
};

async function figures(deps: PageDeps, { months, timeZone, currency: only }: Question) {
  const today = wholeMonths({ from: "1970-01-01", to: "2199-01-01" }, deps.now(), timeZone).last;
  const counted = await deps.recurring(today, timeZone);
  if (counted === null) {
    return {
      body: html`<p class="notice" role="status">All recurring gifts are being counted. This page loads again by itself when that is done.</p>`,
      again: COUNTED_AGAIN_SECONDS,
    };
  }
  const all = rowsOfMonths(counted.counts, months).filter((row) => only === undefined || row.currency === only);
  const currencies = [...Map.groupBy(all, (row) => row.currency)].toSorted(
    ([, one], [, other]) => (other.at(-1)?.active ?? 0) - (one.at(-1)?.active ?? 0),
  );
  const names = Array.from({ length: Math.max(0, months.last - months.first + 1) }, (_, index) =>
    firstDayOf(months.first + index),
  );
  return {
    body: html`<p class="small">As of ${timeOf(counted.at, timeZone)}. Months are whole and of ${timeZone}; amounts and gifts are in the donors’ own currency.</p>
${currencies.length === 0 && html`<p class="notice">No recurring gift was running in these months.</p>`}
${
  currencies.length > 1 &&
  html`<ul class="shortcuts">${currencies.map(([currency]) => html`<li><a href="#in-${currency}">${currency}</a></li>`)}</ul>`
}
${currencies.map(([currency, rows]) => currencySection(currency, rows, names))}
${currencies.length > 0 && explanation()}`,
  };
}

function currencySection(currency: string, rows: readonly RecurringRow[], months: readonly string[]): Html {
  return html`<section aria-labelledby="in-${currency}"><h2 id="in-${currency}">${currency}</h2>
<div class="charts">${valueChart(currency, rows, months)}${changeChart(currency, rows, months)}</div>
${table({
  id: `months-${currency}`,
  caption: `By month, ${currency}`,
  columns: [
    { head: "Month" },
    ...["Active", "New", "Returned", "Cancelled", "Lapsed", "Failed", "Recovered", "Monthly value", "Churn"].map(
      (head) => ({ head, number: true }),
    ),
  ],
  rows: rows
    .toReversed()
    .map((row) => [
      monthName(row.month),
      ...[row.active, row.new, row.returned, row.cancelled, row.lapsed, row.failed, row.recovered].map(count),
      money(row.monthly_value, currency),
      percent(row.churn),
    ]),
  empty: "",
})}
${retentionTable(currency, rows)}</section>`;
}

function valueChart(currency: string, rows: readonly RecurringRow[], months: readonly string[]): Html {
  const values = months.map((month) => rows.find((row) => row.month === month)?.monthly_value ?? 0);
  return monthsChart({
    id: `value-${currency}`,
    half: true,
    title: `Monthly value, ${currency}`,
    description: `What active gifts bring in a month: ${ends(months, values, (value) => money(value, currency))}. The table below has all figures.`,
    months,
    series: [{ name: "Monthly value", kind: "bar", colour: 1, values }],
    tick: (value) => shortMoney(value, currency),
  });
}

function changeChart(currency: string, rows: readonly RecurringRow[], months: readonly string[]): Html {
  const of = (read: (row: RecurringRow) => number) =>
    months.map((month) => rows.filter((row) => row.month === month).reduce((_, row) => read(row), 0));
  const [won, lost] = [of((row) => row.new + row.returned), of((row) => row.cancelled + row.lapsed)];
  return monthsChart({
    id: `change-${currency}`,
    half: true,
    title: `New and lost, ${currency}`,
    description: `Gifts that began or returned: ${ends(months, won, count)}. Gifts cancelled or lapsed: ${ends(months, lost, count)}. The table below has all figures.`,
    months,
    series: [
      { name: "New and returned", kind: "bar", colour: 3, values: won },
      { name: "Cancelled and lapsed", kind: "line", colour: 2, values: lost },
    ],
    tick: count,
  });
}

function ends(months: readonly string[], values: readonly number[], write: (value: number) => string): string {
  return `${write(values[0] ?? 0)} in ${monthName(months[0] ?? "")}, ${write(values.at(-1) ?? 0)} in ${monthName(months.at(-1) ?? "")}`;
}

function explanation(): Html {
  return html`<h2>What is counted</h2>
<dl class="facts">
<dt>Active</dt><dd>At the end of the month: those of the month before + new + returned − cancelled − lapsed.</dd>
<dt>Lapsed</dt><dd>Neither paid nor ended for so long that they are given up. Returned ones were paid again after that.</dd>
<dt>Failed, recovered</dt><dd>Renewals refused at first, in the month of their invoice; those paid after a refusal, in the month they were paid.</dd>
<dt>Monthly value</dt><dd>The sum of active monthly gifts and a twelfth of the sum of active annual ones.</dd>
<dt>Churn</dt><dd>Cancelled and lapsed ÷ active at the end of the month before.</dd>
</dl>`;
}
