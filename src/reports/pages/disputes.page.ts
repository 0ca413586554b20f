import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import { disputesQuery } from "../accounting-query-schema.ts";
import type { DisputePosition, DisputeRow, DisputesFilter } from "../disputes.queries.ts";
import { disputesPage as readPage } from "../disputes.ts";
import { disputesFilter } from "../disputes-filter.ts";
import { count, dayOf, money, timeOf, words } from "./figures.ts";
import { filterForm, more, periodFields } from "./filters.page.ts";
import { awaitsAnswer, DEADLINE_DAYS } from "./overview.ts";
import type { ReportPage } from "./report-page.ts";

const PATH = "/finance/disputes";
const LIMIT = 100;
const DAY_MS = 86_400_000;

interface Question {
  readonly filter: DisputesFilter;
  readonly cursor: DisputePosition | undefined;
  readonly limit: number;
}

/** Disputes: what has to be answered first stands at the top. */
export const disputesPage: ReportPage<Question> = {
  path: PATH,
  section: PATH,
  title: "Disputes",
  read: (deps, sent) => {
    const { cursor, limit, ...query } = parse(disputesQuery, sent);
    return { filter: disputesFilter(deps, query), cursor, limit: limit ?? LIMIT };
  },
  filters: (_deps, asked) =>
    filterForm(
      {
        action: PATH,
        id: "filter",
        fields: [
          {
            kind: "choice",
            name: "status",
            label: "State",
            options: [
              { value: "", name: "All" },
              { value: "open", name: "Open" },
              { value: "closed", name: "Closed" },
            ],
          },
          ...periodFields(null),
        ],
        button: "Show",
      },
      asked,
    ),
  show: async ({ db, now, newsroom }, { filter, cursor, limit }, { typed }) => {
    const { rows, next_cursor } = await readPage(db, filter, cursor ?? null, limit);
    const { time_zone: timeZone } = newsroom();
    const { cursor: _, limit: __, ...query } = typed;
    return {
      tools: html`<a href="/v1/reports/disputes.csv?${new URLSearchParams(query).toString()}">Download CSV</a>`,
      body: html`${table({
        id: "disputes",
        caption: "Open ones by their deadline, then closed ones, the newest first",
        columns: [
          { head: "Answer by" },
          { head: "Dispute" },
          { head: "State" },
          { head: "Reason" },
          { head: "Amount", number: true },
          { head: "Held back", number: true },
          { head: "Fees", number: true },
          { head: "Evidence" },
          { head: "Made" },
          { head: "Payment" },
        ],
        rows: rows.map((row) => [
          deadline(row, now(), timeZone),
          html`<span class="id" id="${row.dispute_id}">${row.dispute_id}</span>`,
          words(row.status),
          words(row.reason),
          money(row.amount, row.currency),
          row.settlement_currency === null ? "–" : money(row.held_back, row.settlement_currency),
          row.settlement_currency === null ? "–" : money(row.fees, row.settlement_currency),
          evidence(row),
          dayOf(row.created_at, timeZone),
          row.payment_id === null
            ? html`<span class="none">no gift</span>`
            : html`<span class="id">${row.payment_id}</span>`,
        ]),
        empty: "There is no such dispute.",
      })}
${more(PATH, query, next_cursor, typed)}
<p class="small">Disputes are answered in Stripe’s dashboard. What is held back and its fees are in the currency of settlement.</p>`,
    };
  },
};

/** What was answered waits for the bank: its deadline presses nobody. */
function deadline(row: DisputeRow, now: Date, timeZone: string): Html | string {
  const { is_open, due_by } = row;
  if (due_by === null || !is_open) return "–";
  if (!awaitsAnswer(row)) return html`${timeOf(due_by, timeZone)} <span class="none">answered</span>`;
  const days = Math.floor((+due_by - +now) / DAY_MS);
  const left =
    +due_by < +now ? "it has passed" : days === 0 ? "within a day" : days === 1 ? "in 1 day" : `in ${count(days)} days`;
  return html`${timeOf(due_by, timeZone)} <span class="${days < DEADLINE_DAYS ? "bad" : "none"}">${left}</span>`;
}

function evidence({ has_evidence, submission_count }: DisputeRow): string {
  if (submission_count > 0) return submission_count === 1 ? "submitted" : `submitted ${submission_count} times`;
  return has_evidence ? "drafted" : "none";
}
