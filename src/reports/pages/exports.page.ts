import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { table } from "../../pages/finance/table.page.ts";
import { firstOfMonth, localDate } from "../../shared/period.ts";
import { type ClosedMonth, closedMonths } from "../close/closed.queries.ts";
import { noQuery } from "../query-schema.ts";
import type { Asked } from "./ask.ts";
import { BOM, EXPORT_FORMS, type ExportForm } from "./export-forms.ts";
import { monthName, timeOf, words } from "./figures.ts";
import { type Field, filterForm, periodFields } from "./filters.page.ts";
import type { PageDeps, ReportPage } from "./report-page.ts";

const PATH = "/finance/exports";

/** A form that was sent and can't be followed. */
export interface Refused extends Pick<Asked<unknown>, "typed" | "faults"> {
  readonly name: string;
}

/** Files, closed months, receipts and statements. */
export const exportsPage: ReportPage<unknown> = {
  path: PATH,
  section: PATH,
  title: "Exports",
  read: (_deps, sent) => parse(noQuery, sent),
  show: async (deps) => ({ body: await exportsBody(deps, null) }),
};

/** @param refused stands open, with what was typed and what is wrong */
export async function exportsBody(deps: PageDeps, refused: Refused | null): Promise<Html> {
  const months = (await closedMonths(deps.db)).toReversed();
  const days = lastMonth(deps);
  const told = (name: string) => (refused?.name === name ? refused : NOTHING_SENT);
  return html`<section aria-labelledby="files"><h2 id="files" class="first">Files</h2>
<p>Days are those of ${deps.newsroom().time_zone}; without days a file has the last twelve months. Each export is noted in the audit.</p>
<div class="exports">${EXPORT_FORMS.map((form) => fileForm(form, days, told(form.name), refused?.name === form.name || (refused === null && form.name === "journal")))}</div></section>
${closedSection(months, deps.newsroom().time_zone)}
<section aria-labelledby="sheets"><h2 id="sheets">Receipts and statements</h2>
<div class="cards">
<div class="card"><h3>A receipt</h3>${filterForm({ action: `${PATH}/receipt`, id: "receipt", fields: [NUMBER], button: "Open" }, told("receipt"))}</div>
<div class="card"><h3>A donor’s year</h3>${filterForm({ action: `${PATH}/statement`, id: "statement", fields: statementFields(days.from), button: "Open" }, told("statement"))}</div>
</div></section>`;
}

const NOTHING_SENT: Pick<Asked<unknown>, "typed" | "faults"> = { typed: {}, faults: [] };

const NUMBER: Field = { kind: "text", name: "number", label: "Number", hint: "2026-000123", required: true };

function statementFields(lastMonth: string): readonly Field[] {
  return [
    { kind: "text", name: "donor_id", label: "Donor’s id", required: true },
    { kind: "number", name: "year", label: "Year", value: lastMonth.slice(0, 4), required: true },
  ];
}

function lastMonth({ now, newsroom }: PageDeps) {
  const [year = 0, month = 0] = localDate(now(), newsroom().time_zone).split("-").map(Number);
  return { from: firstOfMonth(year, month - 1), to: firstOfMonth(year, month) };
}

function fileForm(
  { name, title, about, fields, hasPeriod }: ExportForm,
  days: ReturnType<typeof lastMonth>,
  told: Pick<Asked<unknown>, "typed" | "faults">,
  isOpen: boolean,
): Html {
  // Disputes are all shown unless days are named: a deadline must not hide behind a default.
  const period = hasPeriod ? periodFields(name === "disputes" ? null : days) : [];
  return html`<details class="card"${isOpen && html` open`}><summary><h3>${title}</h3></summary>
<p>${about}</p>
${filterForm({ action: `${PATH}/${name}`, id: name, fields: [...period, ...fields, BOM], button: "Download CSV" }, told)}</details>`;
}

function closedSection(months: readonly ClosedMonth[], timeZone: string): Html {
  return html`<section aria-labelledby="closed"><h2 id="closed">Closed months</h2>
${table({
  id: "closed-months",
  caption: "Their figures are frozen; what changes in them later stands in the open month",
  columns: [
    { head: "Month" },
    { head: "Closed" },
    { head: "By" },
    { head: "In spite of" },
    { head: "Reason" },
    { head: "Evidence" },
  ],
  rows: months.map((month) => [
    monthName(month.month),
    timeOf(month.closed_at, timeZone),
    html`<bdi>${month.closed_by}</bdi>`,
    month.overrode.length === 0
      ? html`<span class="good"><span aria-hidden="true">✓ </span>nothing stood against it</span>`
      : month.overrode.map(words).join(", "),
    month.reason === null ? "–" : html`<bdi>${month.reason}</bdi>`,
    html`<a href="/v1/reports/closed-months/${month.month}/evidence.zip">ZIP</a>; SHA-256 of its SHA256SUMS: <span class="id hash">${month.sha256}</span>`,
  ]),
  empty: "No month is closed yet.",
})}
<p class="small"><code>npm run donations -- close 2026-10</code> closes a month; the ZIP is the auditor’s archive.</p></section>`;
}
