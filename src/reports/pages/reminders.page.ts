import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import type { Period } from "../../shared/period.ts";
import { periodOf } from "../period.ts";
import { type RemindersBy, remindersQuery } from "../query-schema.ts";
import { type ReminderCounts, readReminders } from "../reminders.queries.ts";
import { count, money, monthName, words } from "./figures.ts";
import { filterForm, periodFields, shortcuts } from "./filters.page.ts";
import type { ReportPage } from "./report-page.ts";

const PATH = "/finance/reminders";

const NAMES: Readonly<Record<RemindersBy, string>> = {
  month: "Month",
  article: "Article",
  campaign: "Campaign",
  lead_time: "Days ahead",
};

interface Question {
  readonly by: RemindersBy;
  readonly period: Period;
  readonly timeZone: string;
}

/** Reminders asked for in the period, and what became of them. */
export const remindersPage: ReportPage<Question> = {
  path: PATH,
  section: PATH,
  title: "Reminders",
  read: (deps, sent) => {
    const { by, ...days } = parse(remindersQuery, sent);
    return { by, ...periodOf(deps, days) };
  },
  filters: (deps, asked) => {
    const { question, typed } = asked;
    const by = question?.by ?? typed.by ?? "month";
    const options = Object.entries(NAMES).map(([value, name]) => ({ value, name }));
    return html`${filterForm(
      {
        action: PATH,
        id: "filter",
        fields: [
          { kind: "choice", name: "by", label: "By", value: by, options },
          ...periodFields(question?.period ?? null),
        ],
        button: "Show",
      },
      asked,
    )}${shortcuts(PATH, { now: deps.now(), timeZone: deps.newsroom().time_zone }, question?.period ?? null, { by })}`;
  },
  show: async ({ db }, { by, period, timeZone }) => {
    const rows = await readReminders(db, period, by, timeZone);
    const query = new URLSearchParams({ by, from: period.from, to: period.to }).toString();
    return {
      tools: html`<a href="/v1/reports/reminders.csv?${query}">Download CSV</a>`,
      body: html`${table({
        id: "reminders",
        caption: `Reminders asked for in this period, by ${NAMES[by].toLowerCase()}`,
        columns: [
          { head: NAMES[by] },
          { head: "By way of" },
          ...["Asked for", "To confirm", "Waiting", "Sent", "Cancelled", "Not sent", "Failed"].map((head) => ({
            head,
            number: true,
          })),
          { head: "Why not sent" },
          { head: "Led to a gift", number: true },
          { head: "Paid by them so far", number: true },
        ],
        rows: rows.map((row) => [
          groupOf(by, row),
          words(row.channel),
          ...[row.scheduled, row.unconfirmed, row.pending, row.sent, row.cancelled, row.suppressed, row.failed].map(
            count,
          ),
          reasons(row),
          count(row.converted),
          paid(row),
        ]),
        empty: "No reminder was asked for in this period.",
      })}
<p class="small">What was paid is gross and in the donors’ currencies. A later request of the same address moves its reminder, and counts once.</p>`,
    };
  },
};

function groupOf(by: RemindersBy, { group }: ReminderCounts): Html | string {
  if (group === null) return html`<span class="none">not known</span>`;
  if (by === "month") return monthName(group);
  if (by === "lead_time") return group.split("-").map(Number).join(" to ");
  return html`<bdi>${group}</bdi>`;
}

function reasons({ suppressed_by }: ReminderCounts): string {
  return Object.entries(suppressed_by)
    .map(([reason, reminders]) => `${words(reason)}: ${count(reminders)}`)
    .join(", ");
}

function paid({ value }: ReminderCounts): Html | string {
  if (value.length === 0) return "–";
  return html`${value.map(({ currency, amount }, index) => html`${index > 0 && html`<br>`}${money(amount, currency)}`)}`;
}
