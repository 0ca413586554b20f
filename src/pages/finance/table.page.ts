import { type Html, html } from "../../http/html.ts";

type Cell = Html | string | number | null;

export interface Column {
  /** Empty where the column needs no name. */
  readonly head: Html | string;
  /** Stands to the right, in figures of one width. */
  readonly number?: boolean;
}

export interface Table {
  /** Unique on its page. */
  readonly id: string;
  /** What the table shows, in words; above it. */
  readonly caption: Html | string;
  readonly columns: readonly Column[];
  /** As many cells as there are columns; the first names its row. */
  readonly rows: readonly (readonly Cell[])[];
  readonly foot?: readonly (readonly Cell[])[];
  /** What is said instead of rows when there are none. */
  readonly empty: string;
}

/** A table that screen readers can read, and that scrolls by itself on a narrow screen: a shadow says so. */
export function table({ id, caption, columns, rows, foot = [], empty }: Table): Html {
  const kind = (index: number) => columns[index]?.number === true && html` class="number"`;
  const cells = (row: readonly Cell[]) =>
    html`<tr>${row.map((cell, index) =>
      index === 0 ? html`<th scope="row"${kind(0)}>${cell}</th>` : html`<td${kind(index)}>${cell}</td>`,
    )}</tr>`;
  const none = html`<tr><td class="none" colspan="${columns.length}">${empty}</td></tr>`;
  return html`<div class="table" role="region" aria-labelledby="${id}" tabindex="0"><table>
<caption id="${id}"><span>${caption}</span></caption>
<thead><tr>${columns.map(({ head }, index) =>
    head === "" ? html`<td></td>` : html`<th scope="col"${kind(index)}>${head}</th>`,
  )}</tr></thead>
<tbody>${rows.length === 0 ? none : rows.map(cells)}</tbody>
${foot.length > 0 && html`<tfoot>${foot.map(cells)}</tfoot>`}
</table></div>`;
}
