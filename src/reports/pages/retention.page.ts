import { type Html, html } from "../../http/html.ts";
import { table } from "../../pages/finance/table.page.ts";
import { type RecurringRow, share } from "../recurring.ts";
import { count, monthName, percent } from "./figures.ts";

/** Months after the first that fit a table anybody reads. */
const MOST = 36;

/** Of the gifts that began in a month: how many are there at its end, and at the end of each month after. */
export function retentionTable(currency: string, rows: readonly RecurringRow[]): Html | null {
  const starts = rows.filter((row) => row.retention.length > 0);
  if (starts.length === 0) return null;
  const columns = Math.min(MOST, Math.max(...starts.map((row) => row.retention.length)));
  const after = Array.from({ length: columns }, (_, index) => index);
  return table({
    id: `retention-${currency}`,
    caption: html`How many of the gifts that began in a month are still active, ${currency}<span class="small hint">Months since they began; gifts, and their share of those that began</span>`,
    columns: [
      { head: "Began in" },
      { head: "Began", number: true },
      ...after.map((months) => ({
        head: html`<span aria-hidden="true">${months === 0 ? "0" : `+${months}`}</span><span class="unseen">after ${months} months</span>`,
        number: true,
      })),
    ],
    rows: starts.map((row) => [
      monthName(row.month),
      count(row.new),
      ...after.map((months) => cell(row.retention[months], row.new)),
    ]),
    empty: "",
  });
}

/** The shade only repeats what the numbers say. */
function cell(active: number | undefined, began: number): Html | null {
  if (active === undefined) return null;
  const part = share(active, began);
  return html`<span class="heat heat-${Math.min(5, Math.floor(part * 5.999))}">${count(active)} <small>${percent(Math.round(part * 100) / 100)}</small></span>`;
}
