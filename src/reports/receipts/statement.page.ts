import { type Html, html } from "../../http/html.ts";
import { copyFor, type NewsroomConfig } from "../../newsroom.ts";
import { fillHtml } from "../../pages/fill-html.ts";
import { formatDay } from "../../shared/calendar-text.ts";
import { fill } from "../../shared/copy.ts";
import { assertSafe, formatMoney } from "../../shared/money.ts";
import { localDate } from "../../shared/period.ts";
import { donor } from "./receipt.page.ts";
import { facts, sheet } from "./sheet.page.ts";
import type { StatementLine } from "./statement.queries.ts";

export interface StatementView {
  readonly newsroom: NewsroomConfig;
  readonly locale: string;
  readonly test: boolean;
  readonly year: number;
  readonly donorId: string;
  /** Of all who gave what is on it; empty where they may not be shown or aren't known. */
  readonly names: readonly string[];
  readonly lines: readonly StatementLine[];
}

/** What a donor gave in a year: a table for each currency, which are never added up. */
export function statementPage(view: StatementView): Html {
  const { newsroom, locale, year, names, lines, test } = view;
  const { receipts: words } = copyFor(newsroom, locale);
  const title = fill(words.statement.heading, { year });
  const currencies = [...Map.groupBy(lines, (line) => line.currency)].sort(([a], [b]) => (a < b ? -1 : 1));
  return sheet(newsroom, {
    locale,
    test,
    title,
    letterhead: newsroom.legal_entity,
    body: html`<h1>${title}</h1>
${facts([[words.from, names.length === 0 ? donor(words.donor, view.donorId) : lineEach(names)]])}
<p>${words.statement.intro}</p>
${currencies.map(([currency, some]) => currencyTable(view, currency, some))}
${lines.length === 0 && html`<p class="none">${fillHtml(words.statement.none, { year: String(year) })}</p>`}
<p class="small">${words.no_tax}</p>`,
  });
}

function lineEach(names: readonly string[]): Html {
  return html`${names.map((name, index) => html`${index > 0 && html`<br>`}<bdi>${name}</bdi>`)}`;
}

function currencyTable({ newsroom, locale }: StatementView, currency: string, lines: readonly StatementLine[]): Html {
  const words = copyFor(newsroom, locale).receipts.statement;
  const money = (amount: number) => html`<td class="money"><bdi>${formatMoney(amount, currency, locale)}</bdi></td>`;
  const gifts = sum(lines.filter((line) => line.kind === "gift"));
  const back = sum(lines.filter((line) => line.kind !== "gift"));
  return html`<table>
<caption>${currency}</caption>
<thead><tr><th scope="col"><span class="day">${words.date}</span> <span class="number">${words.receipt}</span></th><td></td><th scope="col" class="money">${currency}</th></tr></thead>
<tbody>${lines.map(
    ({ booked_at, kind, amount, receipt }) => html`
<tr><td><span class="day">${formatDay(localDate(booked_at, newsroom.time_zone), locale)}</span> <bdi class="number">${receipt ?? "–"}</bdi></td><td>${words[kind]}</td>${money(amount)}</tr>`,
  )}
</tbody>
<tfoot>
<tr><th scope="row" colspan="2">${words.gifts}</th>${money(gifts)}</tr>
${back !== 0 && html`<tr><th scope="row" colspan="2">${words.back}</th>${money(back)}</tr>`}
<tr class="sum"><th scope="row" colspan="2">${words.sum}</th>${money(gifts + back)}</tr>
</tfoot>
</table>`;
}

function sum(lines: readonly StatementLine[]): number {
  return assertSafe(lines.reduce((total, line) => total + BigInt(line.amount), 0n));
}
