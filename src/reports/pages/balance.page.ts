import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import { assertSafe } from "../../shared/money.ts";
import { firstOfMonth, localDate, type Period } from "../../shared/period.ts";
import { balanceQuery } from "../accounting-query-schema.ts";
import { type Activity, holdsSampleData } from "../balance.queries.ts";
import { type BalanceRow, balanceReport } from "../balance.ts";
import { periodOf } from "../period.ts";
import { count, money, tick, timeOf, words } from "./figures.ts";
import { filterForm, periodFields, shortcuts } from "./filters.page.ts";
import type { PageDeps, ReportPage } from "./report-page.ts";

const PATH = "/finance/balance";

interface Question {
  readonly period: Period;
  readonly timeZone: string;
}

/** From the opening to the closing balance at Stripe, and whether Stripe says the same. */
export const balancePage: ReportPage<Question> = {
  path: PATH,
  section: PATH,
  title: "Balance",
  read: (deps, sent) => {
    const days = parse(balanceQuery, sent);
    return periodOf(deps, days.from === undefined && days.to === undefined ? thisMonth(deps) : days);
  },
  filters: (deps, asked) => {
    const period = asked.question?.period ?? null;
    return html`${filterForm({ action: PATH, id: "filter", fields: periodFields(period), button: "Show" }, asked)}
${shortcuts(PATH, { now: deps.now(), timeZone: deps.newsroom().time_zone }, period)}`;
  },
  show: async ({ db }, { period, timeZone }) => {
    const rows = await balanceReport(db, period);
    return {
      tools: html`<a href="/v1/reports/balance.csv?from=${period.from}&amp;to=${period.to}">Download CSV</a>`,
      body: html`${
        (await holdsSampleData(db)) &&
        html`<p class="notice">There is sample data in these books. Stripe knows nothing of it, so no comparison with Stripe’s own balance counts it.</p>`
      }
${rows.length === 0 && html`<p class="notice">Nothing was booked before the end of this period.</p>`}
${rows.map((row) => currencySection(row, timeZone))}
${rows.length > 0 && html`<p class="small">By Stripe’s own reporting categories and dates, in days of ${timeZone}. What isn’t a gift stands apart.</p>`}`,
    };
  },
};

function thisMonth({ now, newsroom }: PageDeps) {
  const [year = 0, month = 0] = localDate(now(), newsroom().time_zone).split("-").map(Number);
  return { from: firstOfMonth(year, month), to: firstOfMonth(year, month + 1) };
}

const KINDS = [
  { kind: "gifts", name: "Gifts" },
  { kind: "stripe_fees", name: "Stripe’s own fees" },
  { kind: "not_gifts", name: "Not gifts" },
] as const satisfies readonly { readonly kind: Activity["kind"]; readonly name: string }[];

function currencySection(row: BalanceRow, timeZone: string): Html {
  const { currency, opening, activity, payouts, closing } = row;
  const line = (
    name: string,
    { amount, fee, net, count: lines }: Omit<Activity, "currency" | "kind" | "reporting_category">,
  ) => [name, money(amount, currency), money(0 - fee, currency), money(net, currency), count(lines)];
  const only = (name: string, amount: number) => [name, null, null, money(amount, currency), null];
  const moved = assertSafe(activity.reduce((sum, each) => sum + each.net, 0));
  const isRight = opening + moved - payouts === closing;
  return html`<section aria-labelledby="in-${currency}"><h2 id="in-${currency}">${currency}</h2>
${table({
  id: `balance-${currency}`,
  caption: `Balance at Stripe, ${currency}`,
  columns: [{ head: "" }, ...["Amount", "Fees", "Net", "Lines"].map((head) => ({ head, number: true }))],
  rows: [
    only("Opening balance", opening),
    ...KINDS.flatMap(({ kind, name }) =>
      activity
        .filter((each) => each.kind === kind)
        .map((each) => line(`${name}: ${words(each.reporting_category)}`, each)),
    ),
    only("Payouts to the bank", 0 - payouts),
  ],
  foot: [only("Closing balance", closing)],
  empty: "",
})}
<ul class="checks">
<li>${tick(isRight, "Opening, activity and payouts add up to the closing balance.", `They differ from the closing balance by ${money(closing - opening - moved + payouts, currency)}.`)}</li>
<li>${againstStripe(row, timeZone)}</li>
</ul></section>`;
}

/** Stripe tells its balance of the moment alone, so it is held against what the books said at that moment. */
function againstStripe({ currency, stripe }: BalanceRow, timeZone: string): Html {
  if (stripe === null)
    return html`<span class="none">Not compared with Stripe’s own balance yet: that happens every night.</span>`;
  const { amount, ours, compared_at } = stripe;
  const when = html`compared ${timeOf(compared_at, timeZone)}`;
  return amount === ours
    ? html`${tick(true, `Stripe’s own balance was the same as the books’: ${money(amount, currency)}`, "")}, ${when}.`
    : html`${tick(false, "", `Stripe’s own balance was ${money(amount, currency)}, the books said ${money(ours, currency)}: a difference of ${money(amount - ours, currency)}`)}, ${when}. <a href="/finance/reconciliation">What differs</a>`;
}
