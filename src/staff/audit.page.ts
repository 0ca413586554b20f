import type { AuditRow } from "../audit/list.queries.ts";
import { AUDIT_ACTIONS } from "../audit/record.queries.ts";
import { type Html, html } from "../http/html.ts";
import type { Staff } from "../http/staff.ts";
import { financeLayout } from "../pages/finance/layout.page.ts";
import { table } from "../pages/finance/table.page.ts";
import { isTest } from "../pages/layout.page.ts";
import type { AuditQuery } from "./audit-query.ts";
import type { StaffPlace } from "./place.ts";

interface Shown {
  readonly query: AuditQuery;
  readonly rows: readonly AuditRow[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

export function auditPage(place: StaffPlace, staff: Staff, { query, rows, more }: Shown): Html {
  const { config, newsroom } = place;
  const last = rows.at(-1);
  return financeLayout(
    { title: "Audit", here: "/finance/audit", staff, newsroom, test: isTest(config) },
    html`<p>Every showing of a name or an address, every file, every sign-in, and every change that staff or the command line have made. The service changes and removes no entry. <code>staff list --addresses</code> on the server tells whose an id is.</p>
${filters(query)}
${table({
  id: "entries",
  caption: "Entries, newest first",
  columns: ["When", "What", "Who", "Role", "Of what", "More"].map((head) => ({ head })),
  rows: rows.map((row) => cells(row, newsroom.time_zone)),
  empty: "There is no such entry.",
})}
<p class="pages">${query.before !== undefined && html`<a href="${address({ ...query, before: undefined })}">Newest</a>`}
${more && last !== undefined && html`<a href="${address({ ...query, before: last.id })}" rel="next">Older</a>`}</p>`,
  );
}

function filters(query: AuditQuery): Html {
  const field = (name: "actor" | "subject" | "from" | "to", label: string, type: string) =>
    html`<p><label for="${name}">${label}</label><input type="${type}" id="${name}" name="${name}" value="${query[name]}" maxlength="200"></p>`;
  return html`<form class="filters" method="get" action="/finance/audit">
<p><label for="action">What</label><select id="action" name="action"><option value="">All</option>${AUDIT_ACTIONS.map(
    (action) => html`<option value="${action}"${query.action === action && html` selected`}>${words(action)}</option>`,
  )}</select></p>
${field("actor", "Who (id)", "text")}${field("subject", "Of what (id or path)", "text")}${field("from", "From", "date")}${field("to", "Before", "date")}
<p><button class="quiet">Show</button></p>
</form>`;
}

function cells({ at, action, actor_kind, actor_id, role, subject, detail }: AuditRow, timeZone: string) {
  const actor =
    actor_id === null ? "command line" : html`<a class="id" href="${address({ actor: actor_id })}">${actor_id}</a>`;
  const more = Object.entries(detail).map(([name, value]) => html`<span>${name}: ${String(value)} </span>`);
  return [
    html`<time datetime="${at.toISOString()}">${timeOf(at, timeZone)}</time>`,
    words(action),
    html`${actor_kind === "token" && "token "}${actor}`,
    role ?? "–",
    subject === null ? "–" : html`<a class="id" href="${address({ subject })}">${subject}</a>`,
    html`${more}`,
  ];
}

function timeOf(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone }).format(at);
}

function words(action: string): string {
  const text = action.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function address(query: AuditQuery): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return given.length === 0 ? "/finance/audit" : `/finance/audit?${new URLSearchParams(given)}`;
}
