import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import { type ReconciliationQuery, reconciliationQuery } from "../query-schema.ts";
import type { ReconciliationRow, ReconciliationRun } from "../reconciliation.queries.ts";
import { reconciliationPage as readPage } from "../reconciliation.ts";
import { count, plain, timeOf, words } from "./figures.ts";
import { filterForm, more } from "./filters.page.ts";
import type { ReportPage } from "./report-page.ts";

const PATH = "/finance/reconciliation";
const LIMIT = 100;

/** What differs from Stripe, and since when. */
export const reconciliationPage: ReportPage<ReconciliationQuery> = {
  path: PATH,
  section: "/finance/balance",
  title: "Comparison with Stripe",
  read: (_deps, sent) => parse(reconciliationQuery, sent),
  filters: (_deps, asked) =>
    filterForm(
      {
        action: PATH,
        id: "filter",
        fields: [
          {
            kind: "choice",
            name: "state",
            label: "Differences",
            value: asked.question?.state,
            options: [
              { value: "open", name: "Open" },
              { value: "resolved", name: "Resolved" },
              { value: "all", name: "All" },
            ],
          },
        ],
        button: "Show",
      },
      asked,
    ),
  show: async ({ db, newsroom }, { state, cursor, limit }, { typed }) => {
    const { rows, next_cursor, run } = await readPage(db, { state }, cursor ?? null, limit ?? LIMIT);
    const timeZone = newsroom().time_zone;
    return {
      tools: html`<a href="/v1/reports/reconciliation.csv?state=${state}">Download CSV</a>`,
      body: html`${latest(run, timeZone)}
${table({
  id: "differences",
  caption: "What differs, found last first",
  columns: [
    { head: "Of" },
    { head: "Object" },
    { head: "Since" },
    { head: "Resolved" },
    { head: "In the books" },
    { head: "At Stripe" },
    { head: "Cause" },
  ],
  rows: rows.map((row) => [
    words(row.kind),
    html`<span class="id">${row.object_id}</span>`,
    timeOf(row.since, timeZone),
    row.resolved_at === null ? "–" : timeOf(row.resolved_at, timeZone),
    facts(row.ours),
    facts(row.stripes),
    words(row.cause),
  ]),
  empty: state === "open" ? "Nothing differs." : "There is none.",
})}
${more(PATH, { state }, next_cursor, typed)}
<p class="small">The books are compared every night; <code>npm run donations -- reconcile --since DATE --fix</code> heals what can be healed.</p>`,
    };
  },
};

function latest(run: ReconciliationRun | null, timeZone: string): Html {
  if (run === null)
    return html`<p class="notice">The books were never compared with Stripe: that happens every night.</p>`;
  const looked = Object.values(run.looked_at).reduce((sum, objects) => sum + objects, 0);
  return html`<p>Compared ${timeOf(run.started_at, timeZone)}, back to ${timeOf(run.since, timeZone)}: ${count(looked)} objects, ${count(run.found)} ${
    run.found === 1 ? "difference" : "differences"
  } found, ${count(run.healed)} healed.${run.failure !== null && html` <strong class="bad">It broke off.</strong>`}</p>`;
}

/** Ids, amounts in minor units and states. */
function facts(of: ReconciliationRow["ours"]): Html | string {
  if (of === null) return "–";
  return html`${Object.entries(of).map(([name, value]) => html`<span class="fact">${words(name)}: ${plain(value)}</span> `)}`;
}
